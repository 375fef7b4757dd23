-- Version 2 of the IPAM data store, [MS-IPAMM2] 3.1.1.1: its tables with their keys, constraints and on-delete rules.
-- schema_3.sql makes it a version 3; a new store gets one after the other.
--
-- A compound table is one table with the column `af` (4 or 6); a foreign key from one compound table to another includes
-- it, so that a row refers to a row of its own family.
--
-- `details` is the ipam.v1 message of the row in its JSON form. The columns beside it are what keys, constraints and
-- look-ups need; they are derived from the message when the row is written, and win over it when the row is read.
-- Addresses are their 4 or 16 octets, so that SQL compares them in order.

-- 3.1.1.1.28 ADM_CommonProperties
CREATE TABLE common_properties (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

-- 3.1.1.1.40 ADM_AccessScopeTable
CREATE TABLE access_scopes (
  record_id INTEGER PRIMARY KEY AUTOINCREMENT,
  parent_id INTEGER REFERENCES access_scopes (record_id) ON DELETE NO ACTION,
  label TEXT NOT NULL,
  details TEXT NOT NULL
);
CREATE UNIQUE INDEX access_scope_labels ON access_scopes (coalesce(parent_id, 0), label);

-- 3.1.1.1.43 ADM_AccessScopeAssociationTable; object_type is IpamObjectType
CREATE TABLE access_scope_associations (
  record_id INTEGER PRIMARY KEY AUTOINCREMENT,
  object_type INTEGER NOT NULL,
  object_id INTEGER NOT NULL,
  access_scope_id INTEGER NOT NULL REFERENCES access_scopes (record_id) ON DELETE NO ACTION,
  inheritance_id INTEGER REFERENCES access_scope_associations (record_id) ON DELETE NO ACTION,
  is_inheriting INTEGER NOT NULL,
  UNIQUE (object_id, object_type)
);

-- 3.1.1.1.38 ADM_RoleDefinitionTable, 3.1.1.1.39 ADM_RoleOperationMapTable
CREATE TABLE role_definitions (
  record_id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE
);
CREATE TABLE role_operations (
  role_id INTEGER NOT NULL REFERENCES role_definitions (record_id) ON UPDATE CASCADE ON DELETE CASCADE,
  operation_id TEXT NOT NULL,
  PRIMARY KEY (role_id, operation_id)
) WITHOUT ROWID;

-- 3.1.1.1.41 ADM_UserAccessPolicyTable; user_name stands for the security identifier
CREATE TABLE user_access_policies (
  record_id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_name TEXT NOT NULL UNIQUE COLLATE NOCASE,
  details TEXT NOT NULL
);

-- 3.1.1.1.42 ADM_PolicyMapTable
CREATE TABLE policy_maps (
  policy_id INTEGER NOT NULL REFERENCES user_access_policies (record_id) ON DELETE CASCADE,
  role_id INTEGER NOT NULL REFERENCES role_definitions (record_id) ON DELETE CASCADE,
  access_scope_id INTEGER NOT NULL REFERENCES access_scopes (record_id) ON DELETE CASCADE,
  PRIMARY KEY (policy_id, role_id, access_scope_id)
) WITHOUT ROWID;

-- 3.1.1.1.14 ADM_CustomFieldsTable; number is BuiltInCustomField, 0 for those that users make
CREATE TABLE custom_fields (
  record_id INTEGER PRIMARY KEY AUTOINCREMENT,
  number INTEGER NOT NULL,
  name TEXT NOT NULL UNIQUE,
  multivalued INTEGER NOT NULL,
  details TEXT NOT NULL
);
CREATE UNIQUE INDEX custom_field_numbers ON custom_fields (number) WHERE number != 0;

-- 3.1.1.1.15 ADM_CustomFieldValuesTable
CREATE TABLE custom_field_values (
  record_id INTEGER PRIMARY KEY AUTOINCREMENT,
  custom_field_id INTEGER NOT NULL REFERENCES custom_fields (record_id) ON DELETE CASCADE,
  value TEXT NOT NULL,
  details TEXT NOT NULL,
  UNIQUE (custom_field_id, value)
);

-- 3.1.1.1.2 ADM_CustomFieldValuesAssociationTable; object_type is IpamObjectType (discrepancies E.9), used_by its row
CREATE TABLE custom_field_value_associations (
  record_id INTEGER PRIMARY KEY AUTOINCREMENT,
  object_type INTEGER NOT NULL,
  used_by INTEGER NOT NULL,
  custom_field_id INTEGER NOT NULL REFERENCES custom_fields (record_id) ON DELETE CASCADE,
  custom_field_value_id INTEGER REFERENCES custom_field_values (record_id) ON DELETE CASCADE,
  value TEXT NOT NULL,
  UNIQUE (object_type, used_by, custom_field_id)
);

-- 3.1.1.1.33 ADM_AddressSpaceTable
CREATE TABLE address_spaces (
  record_id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  provider_id INTEGER REFERENCES address_spaces (record_id) ON UPDATE CASCADE ON DELETE CASCADE,
  details TEXT NOT NULL
);

-- 3.1.1.1.4 ADM_IPBlocksTable and 3.1.1.1.34 ADM_SubnetTable, which extends it
CREATE TABLE ip_blocks (
  record_id INTEGER PRIMARY KEY AUTOINCREMENT,
  af INTEGER NOT NULL CHECK (af IN (4, 6)),
  is_subnet INTEGER NOT NULL,
  address_space_id INTEGER REFERENCES address_spaces (record_id) ON DELETE NO ACTION,
  parent_id INTEGER,
  start_address BLOB NOT NULL,
  end_address BLOB NOT NULL,
  prefix_length INTEGER NOT NULL,
  details TEXT NOT NULL,
  UNIQUE (af, record_id),
  FOREIGN KEY (af, parent_id) REFERENCES ip_blocks (af, record_id) ON DELETE NO ACTION,
  CHECK (start_address <= end_address),
  CHECK (is_subnet = 0 OR address_space_id IS NOT NULL)
);

-- 3.1.1.1.22 ADM_ServersTable
CREATE TABLE servers (
  record_id INTEGER PRIMARY KEY AUTOINCREMENT,
  server_guid TEXT UNIQUE,
  name TEXT NOT NULL,
  details TEXT NOT NULL
);

-- 3.1.1.1.21 ADM_ServerRolesTable; role_flag is ServerRoleType
CREATE TABLE server_roles (
  record_id INTEGER PRIMARY KEY AUTOINCREMENT,
  server_id INTEGER NOT NULL REFERENCES servers (record_id) ON DELETE CASCADE,
  role_flag INTEGER NOT NULL,
  details TEXT NOT NULL,
  UNIQUE (server_id, role_flag)
);

-- 3.1.1.1.17 ADM_DHCPServersTable with its lists OptionDefinitions and UserClasses
CREATE TABLE dhcp_servers (
  record_id INTEGER PRIMARY KEY AUTOINCREMENT,
  af INTEGER NOT NULL CHECK (af IN (4, 6)),
  server_role_id INTEGER REFERENCES server_roles (record_id) ON DELETE CASCADE,
  details TEXT NOT NULL,
  UNIQUE (af, record_id)
);
CREATE TABLE dhcp_option_definitions (
  server_id INTEGER NOT NULL REFERENCES dhcp_servers (record_id) ON DELETE CASCADE,
  record_id INTEGER NOT NULL,
  details TEXT NOT NULL,
  PRIMARY KEY (server_id, record_id)
) WITHOUT ROWID;
CREATE TABLE dhcp_user_classes (
  server_id INTEGER NOT NULL REFERENCES dhcp_servers (record_id) ON DELETE CASCADE,
  record_id INTEGER NOT NULL,
  details TEXT NOT NULL,
  PRIMARY KEY (server_id, record_id)
) WITHOUT ROWID;

-- 3.1.1.1.46 ADM_DhcpSuperscopeTable
CREATE TABLE dhcp_superscopes (
  record_id INTEGER PRIMARY KEY AUTOINCREMENT,
  server_id INTEGER NOT NULL REFERENCES dhcp_servers (record_id) ON DELETE NO ACTION,
  name TEXT NOT NULL,
  details TEXT NOT NULL,
  UNIQUE (server_id, name)
);

-- 3.1.1.1.13 ADM_DHCPScopesTable; its column ExclusionRanges is the second table
CREATE TABLE dhcp_scopes (
  record_id INTEGER PRIMARY KEY AUTOINCREMENT,
  af INTEGER NOT NULL CHECK (af IN (4, 6)),
  server_id INTEGER NOT NULL,
  scope_id BLOB NOT NULL,
  superscope_id INTEGER REFERENCES dhcp_superscopes (record_id) ON UPDATE CASCADE ON DELETE SET NULL,
  details TEXT NOT NULL,
  UNIQUE (af, record_id),
  UNIQUE (server_id, scope_id),
  FOREIGN KEY (af, server_id) REFERENCES dhcp_servers (af, record_id) ON DELETE CASCADE
);
CREATE TABLE dhcp_exclusion_ranges (
  record_id INTEGER PRIMARY KEY AUTOINCREMENT,
  scope_id INTEGER NOT NULL REFERENCES dhcp_scopes (record_id) ON DELETE CASCADE,
  start_address BLOB NOT NULL,
  end_address BLOB NOT NULL,
  UNIQUE (scope_id, start_address, end_address),
  CHECK (start_address <= end_address)
);

-- 3.1.1.1.1 ADM_IPRangeTable; ADM_IPRangeMultivaluedPropertiesTable (3.1.1.1.49) are lists in the details
CREATE TABLE ip_ranges (
  record_id INTEGER PRIMARY KEY AUTOINCREMENT,
  af INTEGER NOT NULL CHECK (af IN (4, 6)),
  parent_block_id INTEGER NOT NULL,
  address_space_id INTEGER NOT NULL REFERENCES address_spaces (record_id) ON DELETE NO ACTION,
  scope_id INTEGER,
  start_address BLOB NOT NULL,
  end_address BLOB NOT NULL,
  is_overlapping INTEGER NOT NULL,
  use_for_utilization INTEGER NOT NULL,
  details TEXT NOT NULL,
  UNIQUE (af, record_id),
  FOREIGN KEY (af, parent_block_id) REFERENCES ip_blocks (af, record_id) ON DELETE NO ACTION,
  FOREIGN KEY (af, scope_id) REFERENCES dhcp_scopes (af, record_id) ON DELETE CASCADE,
  CHECK (start_address <= end_address)
);
CREATE INDEX ip_range_bounds ON ip_ranges (address_space_id, af, start_address, end_address);
CREATE INDEX ip_range_scopes ON ip_ranges (scope_id);

-- 3.1.1.1.3 ADM_IPAddressTable; RangeRecordId refers to ranges
CREATE TABLE ip_addresses (
  record_id INTEGER PRIMARY KEY AUTOINCREMENT,
  af INTEGER NOT NULL CHECK (af IN (4, 6)),
  range_id INTEGER REFERENCES ip_ranges (record_id) ON DELETE CASCADE,
  address_space_id INTEGER NOT NULL REFERENCES address_spaces (record_id) ON DELETE NO ACTION,
  address BLOB NOT NULL,
  is_duplicate INTEGER NOT NULL,
  details TEXT NOT NULL,
  UNIQUE (af, record_id)
);
CREATE INDEX ip_address_order ON ip_addresses (address_space_id, af, address);
CREATE INDEX ip_address_ranges ON ip_addresses (range_id);

-- 3.1.1.1.5 ADM_DHCPReservationTable
CREATE TABLE dhcp_reservations (
  record_id INTEGER PRIMARY KEY AUTOINCREMENT,
  af INTEGER NOT NULL CHECK (af IN (4, 6)),
  scope_id INTEGER NOT NULL,
  address_id INTEGER,
  address BLOB NOT NULL,
  details TEXT NOT NULL,
  UNIQUE (scope_id, address),
  FOREIGN KEY (af, scope_id) REFERENCES dhcp_scopes (af, record_id) ON DELETE CASCADE,
  FOREIGN KEY (af, address_id) REFERENCES ip_addresses (af, record_id) ON DELETE NO ACTION
);

-- 3.1.1.1.18 ADM_DhcpOptionsTable; without scope and reservation an option of the server
CREATE TABLE dhcp_options (
  record_id INTEGER PRIMARY KEY AUTOINCREMENT,
  server_id INTEGER NOT NULL REFERENCES dhcp_servers (record_id) ON DELETE CASCADE,
  scope_id INTEGER REFERENCES dhcp_scopes (record_id) ON DELETE CASCADE,
  reservation_id INTEGER REFERENCES dhcp_reservations (record_id) ON DELETE CASCADE,
  option_definition_id INTEGER NOT NULL,
  user_class_id INTEGER,
  details TEXT NOT NULL,
  FOREIGN KEY (server_id, option_definition_id)
    REFERENCES dhcp_option_definitions (server_id, record_id) ON DELETE NO ACTION,
  FOREIGN KEY (server_id, user_class_id) REFERENCES dhcp_user_classes (server_id, record_id) ON DELETE NO ACTION
);
CREATE UNIQUE INDEX dhcp_option_keys ON dhcp_options
  (server_id, coalesce(scope_id, 0), coalesce(reservation_id, 0), option_definition_id, coalesce(user_class_id, 0));

-- 3.1.1.1.44 ADM_DhcpFailoverRelationTable
CREATE TABLE dhcp_failover_relations (
  record_id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL CHECK (length(name) <= 256),
  server1_id INTEGER REFERENCES dhcp_servers (record_id) ON DELETE NO ACTION,
  server2_id INTEGER REFERENCES dhcp_servers (record_id) ON DELETE NO ACTION,
  details TEXT NOT NULL
);
CREATE UNIQUE INDEX dhcp_failover_keys ON dhcp_failover_relations
  (name, coalesce(server1_id, 0), coalesce(server2_id, 0));

-- 3.1.1.1.45 ADM_DhcpScopeFailoverTable
CREATE TABLE dhcp_scope_failovers (
  record_id INTEGER PRIMARY KEY AUTOINCREMENT,
  relation_id INTEGER NOT NULL
    REFERENCES dhcp_failover_relations (record_id) ON UPDATE CASCADE ON DELETE CASCADE,
  scope_id INTEGER NOT NULL REFERENCES dhcp_scopes (record_id) ON UPDATE CASCADE ON DELETE CASCADE,
  UNIQUE (relation_id, scope_id)
);

-- 3.1.1.1.19 ADM_DnsServersTable; its RecordId is that of the server role
CREATE TABLE dns_servers (
  record_id INTEGER PRIMARY KEY REFERENCES server_roles (record_id) ON DELETE CASCADE,
  details TEXT NOT NULL
);

-- 3.1.1.1.8 ADM_DNSForwardLookupTable
CREATE TABLE dns_zones (
  record_id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE COLLATE NOCASE,
  parent_id INTEGER REFERENCES dns_zones (record_id) ON DELETE NO ACTION,
  details TEXT NOT NULL
);

-- 3.1.1.1.9 ADM_DNSReverseLookupTable
CREATE TABLE dns_reverse_zones (
  record_id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE COLLATE NOCASE,
  af INTEGER NOT NULL CHECK (af IN (4, 6)),
  start_address BLOB NOT NULL,
  end_address BLOB NOT NULL,
  details TEXT NOT NULL,
  CHECK (start_address <= end_address)
);

-- 3.1.1.1.10 ADM_DNSServerForwardLookupZoneTable
CREATE TABLE dns_server_zones (
  record_id INTEGER PRIMARY KEY AUTOINCREMENT,
  server_id INTEGER NOT NULL REFERENCES dns_servers (record_id) ON DELETE CASCADE,
  zone_id INTEGER NOT NULL REFERENCES dns_zones (record_id) ON DELETE NO ACTION,
  details TEXT NOT NULL,
  UNIQUE (server_id, zone_id)
);

-- 3.1.1.1.11 ADM_DNSServerReverseLookupZoneTable
CREATE TABLE dns_server_reverse_zones (
  record_id INTEGER PRIMARY KEY AUTOINCREMENT,
  server_id INTEGER NOT NULL REFERENCES dns_servers (record_id) ON DELETE CASCADE,
  zone_id INTEGER NOT NULL REFERENCES dns_reverse_zones (record_id) ON DELETE NO ACTION,
  details TEXT NOT NULL,
  UNIQUE (server_id, zone_id)
);

-- 3.1.1.1.12 ADM_DNSResourceRecordTable; record_data is RecordData in JSON
CREATE TABLE dns_resource_records (
  record_id INTEGER PRIMARY KEY AUTOINCREMENT,
  forward_zone_id INTEGER REFERENCES dns_zones (record_id) ON DELETE NO ACTION,
  reverse_zone_id INTEGER REFERENCES dns_reverse_zones (record_id) ON DELETE NO ACTION,
  name TEXT NOT NULL COLLATE NOCASE,
  record_type INTEGER NOT NULL,
  record_data TEXT NOT NULL,
  host_name TEXT,
  fqdn TEXT,
  address BLOB,
  ipv4_address_id INTEGER REFERENCES ip_addresses (record_id) ON UPDATE CASCADE ON DELETE SET NULL,
  ipv6_address_id INTEGER REFERENCES ip_addresses (record_id) ON UPDATE CASCADE ON DELETE SET NULL,
  details TEXT NOT NULL,
  CHECK ((forward_zone_id IS NULL) != (reverse_zone_id IS NULL))
);
CREATE UNIQUE INDEX dns_record_keys ON dns_resource_records
  (coalesce(forward_zone_id, 0), coalesce(reverse_zone_id, 0), name, record_type, record_data);
CREATE INDEX dns_record_addresses ON dns_resource_records (address, record_type) WHERE address IS NOT NULL;

-- 3.1.1.1.6 ADM_AddressDNSForwardLookupTable; sync_status is DnsSyncStatus
CREATE TABLE address_dns_forward_lookups (
  record_id INTEGER PRIMARY KEY AUTOINCREMENT,
  af INTEGER NOT NULL CHECK (af IN (4, 6)),
  address_id INTEGER NOT NULL,
  zone_id INTEGER NOT NULL REFERENCES dns_zones (record_id) ON DELETE CASCADE,
  server_zone_id INTEGER REFERENCES dns_server_zones (record_id) ON DELETE SET NULL,
  sync_status INTEGER NOT NULL,
  FOREIGN KEY (af, address_id) REFERENCES ip_addresses (af, record_id) ON DELETE NO ACTION
);

-- 3.1.1.1.7 ADM_AddressDNSReverseLookupTable; its DNSServerRecordId is a zone of the reverse table
CREATE TABLE address_dns_reverse_lookups (
  record_id INTEGER PRIMARY KEY AUTOINCREMENT,
  af INTEGER NOT NULL CHECK (af IN (4, 6)),
  address_id INTEGER NOT NULL,
  zone_id INTEGER NOT NULL REFERENCES dns_reverse_zones (record_id) ON DELETE CASCADE,
  server_zone_id INTEGER REFERENCES dns_server_reverse_zones (record_id) ON DELETE SET NULL,
  sync_status INTEGER NOT NULL,
  FOREIGN KEY (af, address_id) REFERENCES ip_addresses (af, record_id) ON DELETE NO ACTION
);

-- ADM_RangeDNSReverseLookupTable, columns by 3.3.4.121 (discrepancies E.1)
CREATE TABLE range_dns_reverse_lookups (
  range_id INTEGER PRIMARY KEY REFERENCES ip_ranges (record_id) ON DELETE CASCADE,
  zone_id INTEGER NOT NULL REFERENCES dns_reverse_zones (record_id) ON DELETE CASCADE
);
CREATE INDEX range_dns_reverse_zones ON range_dns_reverse_lookups (zone_id);

-- Operations and the events that they raised. Times are microseconds since 1970-01-01 UTC.
CREATE TABLE operations (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  guid TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  account TEXT NOT NULL,
  initiator TEXT,
  created INTEGER NOT NULL,
  ended INTEGER
);
CREATE INDEX operation_ends ON operations (ended);

-- kind: 0 StartProgressCallback, 1 SetCompletionPercentage, 2 SetSubTaskStatus, 3 SetOverallStatus, 4 AddSubTask
CREATE TABLE operation_events (
  operation INTEGER NOT NULL REFERENCES operations (number) ON DELETE CASCADE,
  sequence INTEGER NOT NULL,
  time INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  percent REAL,
  status INTEGER,
  subtask_id INTEGER,
  subtask_kind INTEGER,
  subtask_name TEXT,
  subtask_details TEXT,
  completion TEXT,
  PRIMARY KEY (operation, sequence)
) WITHOUT ROWID;
