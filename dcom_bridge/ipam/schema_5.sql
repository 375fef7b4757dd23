-- Version 5 of the store: what deleting zones and records, and the on-delete rules that follow, look up.

CREATE INDEX access_scope_inheritances ON access_scope_associations (inheritance_id) WHERE inheritance_id IS NOT NULL;
CREATE INDEX dns_zone_parents ON dns_zones (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX dns_server_zone_zones ON dns_server_zones (zone_id);
CREATE INDEX dns_server_reverse_zone_zones ON dns_server_reverse_zones (zone_id);
CREATE INDEX dns_record_forward_zones ON dns_resource_records (forward_zone_id) WHERE forward_zone_id IS NOT NULL;
CREATE INDEX dns_record_reverse_zones ON dns_resource_records (reverse_zone_id) WHERE reverse_zone_id IS NOT NULL;
CREATE INDEX address_dns_forward_zones ON address_dns_forward_lookups (zone_id);
CREATE INDEX address_dns_reverse_zones ON address_dns_reverse_lookups (zone_id);
CREATE INDEX address_dns_forward_server_zones ON address_dns_forward_lookups (server_zone_id)
  WHERE server_zone_id IS NOT NULL;
CREATE INDEX address_dns_reverse_server_zones ON address_dns_reverse_lookups (server_zone_id)
  WHERE server_zone_id IS NOT NULL;

PRAGMA user_version = 5;
