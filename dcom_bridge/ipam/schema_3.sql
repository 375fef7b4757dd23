-- Version 3 of the store: what version 2, which schema.sql has, lacks of [MS-IPAMM2] 3.1.1.1.

-- The list VendorClasses of 3.1.1.1.17, which version 2 kept in the details of the server
CREATE TABLE dhcp_vendor_classes (
  server_id INTEGER NOT NULL REFERENCES dhcp_servers (record_id) ON DELETE CASCADE,
  record_id INTEGER NOT NULL,
  details TEXT NOT NULL,
  PRIMARY KEY (server_id, record_id)
) WITHOUT ROWID;

-- 3.1.1.1.30 ADM_DhcpPolicyTable, whose key is PolicyId (discrepancies E.7). Level is whether scope_id is set (C.5).
CREATE TABLE dhcp_policies (
  policy_id INTEGER PRIMARY KEY AUTOINCREMENT,
  server_id INTEGER NOT NULL REFERENCES dhcp_servers (record_id) ON UPDATE CASCADE ON DELETE CASCADE,
  scope_id INTEGER REFERENCES dhcp_scopes (record_id) ON UPDATE NO ACTION ON DELETE NO ACTION,
  name TEXT NOT NULL CHECK (name != ''),
  processing_order INTEGER NOT NULL,
  details TEXT NOT NULL
);
CREATE INDEX dhcp_policy_orders ON dhcp_policies (server_id, scope_id, processing_order);
CREATE INDEX dhcp_policy_scopes ON dhcp_policies (scope_id) WHERE scope_id IS NOT NULL;

-- 3.1.1.1.31 ADM_DhcpPolicyConditionTable
CREATE TABLE dhcp_policy_conditions (
  record_id INTEGER PRIMARY KEY AUTOINCREMENT,
  policy_id INTEGER NOT NULL REFERENCES dhcp_policies (policy_id) ON UPDATE CASCADE ON DELETE CASCADE,
  details TEXT NOT NULL
);
CREATE INDEX dhcp_policy_condition_policies ON dhcp_policy_conditions (policy_id);

-- 3.1.1.1.32 ADM_DhcpPolicySubrangeTable
CREATE TABLE dhcp_policy_subranges (
  record_id INTEGER PRIMARY KEY AUTOINCREMENT,
  policy_id INTEGER NOT NULL REFERENCES dhcp_policies (policy_id) ON UPDATE CASCADE ON DELETE CASCADE,
  start_address BLOB NOT NULL,
  end_address BLOB NOT NULL,
  UNIQUE (policy_id, start_address, end_address),
  CHECK (start_address <= end_address)
);

-- 3.1.1.1.18: the column PolicyId; an option of a policy has neither scope nor reservation
ALTER TABLE dhcp_options ADD COLUMN
  policy_id INTEGER REFERENCES dhcp_policies (policy_id) ON UPDATE NO ACTION ON DELETE NO ACTION;
DROP INDEX dhcp_option_keys;
CREATE UNIQUE INDEX dhcp_option_keys ON dhcp_options
  (server_id, coalesce(scope_id, 0), coalesce(reservation_id, 0), coalesce(policy_id, 0), option_definition_id,
   coalesce(user_class_id, 0));
CREATE INDEX dhcp_option_policies ON dhcp_options (policy_id) WHERE policy_id IS NOT NULL;

-- What on-delete rules look up
CREATE INDEX dhcp_scope_superscopes ON dhcp_scopes (superscope_id) WHERE superscope_id IS NOT NULL;
CREATE INDEX dhcp_scope_failover_scopes ON dhcp_scope_failovers (scope_id);
CREATE INDEX dhcp_reservation_addresses ON dhcp_reservations (address_id) WHERE address_id IS NOT NULL;
CREATE INDEX address_dns_forward_addresses ON address_dns_forward_lookups (address_id);
CREATE INDEX address_dns_reverse_addresses ON address_dns_reverse_lookups (address_id);
CREATE INDEX dns_record_ipv4_addresses ON dns_resource_records (ipv4_address_id) WHERE ipv4_address_id IS NOT NULL;
CREATE INDEX dns_record_ipv6_addresses ON dns_resource_records (ipv6_address_id) WHERE ipv6_address_id IS NOT NULL;

-- 3.1.1.1.48 ADM_DhcpFilterTable; a MAC address is allowed or denied once
CREATE TABLE dhcp_filters (
  record_id INTEGER PRIMARY KEY AUTOINCREMENT,
  server_id INTEGER NOT NULL REFERENCES dhcp_servers (record_id) ON UPDATE CASCADE ON DELETE CASCADE,
  mac_address TEXT NOT NULL COLLATE NOCASE,
  is_allow INTEGER NOT NULL,
  details TEXT NOT NULL,
  UNIQUE (server_id, mac_address)
);

-- 3.1.1.1.52 ADM_DNSConditionalForwarderTable
CREATE TABLE dns_conditional_forwarders (
  record_id INTEGER PRIMARY KEY AUTOINCREMENT,
  server_id INTEGER NOT NULL REFERENCES dns_servers (record_id) ON UPDATE CASCADE ON DELETE CASCADE,
  name TEXT NOT NULL COLLATE NOCASE,
  details TEXT NOT NULL,
  UNIQUE (server_id, name)
);

PRAGMA user_version = 3;
