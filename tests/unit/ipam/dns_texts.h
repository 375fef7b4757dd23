// Zones and resource records in the text format of protobuf, for the tables of the DNS operations.
#pragma once

#define PRIMARY                                                                                        \
  "zone_type: ZONE_HOSTING_DNS_SERVER_TYPE_PRIMARY zone_configuration: ZONE_CONFIGURATION_FILE_BACKED" \
  " zone_file_name: 'new.dns' "
#define FORWARD "zone_type: ZONE_LOOKUP_TYPE_DNS_FORWARD_LOOKUP_ZONE "
#define REVERSE "zone_type: ZONE_LOOKUP_TYPE_DNS_REVERSE_LOOKUP_ZONE "
#define LAB FORWARD "server_zone_id: 317 "

#define CNAME(target) \
  " record_type: DNS_RESOURCE_RECORD_TYPE_CNAME record_data { cname { hostname_alias: '" target "' } } "
#define A(ip) " record_type: DNS_RESOURCE_RECORD_TYPE_A record_data { a { address: '" ip "' } } "
#define PTR(target) \
  " record_type: DNS_RESOURCE_RECORD_TYPE_PTR record_data { ptr { hostname: '" target "' } } "
#define AAAA(ip) " record_type: DNS_RESOURCE_RECORD_TYPE_AAAA record_data { aaaa { address: '" ip "' } } "

// What an operation of one entity raises.
#define ONE(name) "start; +1 " name "; >1; =1 ok; 100%; success"
