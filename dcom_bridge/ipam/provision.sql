-- What provisioning puts into a new store.

-- [MS-IPAMM2] 3.1.1.1.28
INSERT INTO common_properties (name, value) VALUES
  ('MaximumUtilizationThreshold', '80'),
  ('MinimumUtilizationThreshold', '20'),
  ('ProvisioningMode', 'Manual'),
  ('ExpiryAlertThreshold', '10'),
  ('IpamExpiryLoggingPeriodicity', 'Once'),
  ('IpamSecurityGroupIpamUsers', 'IPAM Users'),
  ('IpamSecurityGroupIpamAdministrators', 'IPAM Administrators'),
  ('IpamSecurityGroupIpamAsmAdministrators', 'IPAM ASM Administrators'),
  ('IpamSecurityGroupIpamMsmAdministrators', 'IPAM MSM Administrators'),
  ('IpamSecurityGroupIpamIPAuditAdministrators', 'IPAM IP Audit Administrators'),
  ('IPAuditTrackingFeature', '1');

-- 3.1.1.1.40
INSERT INTO access_scopes (record_id, parent_id, label, details) VALUES
  (1, NULL, 'Global', '{"accessScopeId":"1","label":"Global","fullScopePath":"\\Global","isBuiltIn":true,'
    || '"description":"This is the global access scope. All objects in the system will belong to this scope."}');

-- 3.1.1.1.38; the operations of the groups of 3.1.1.1.39, by the names of 3.1.1.1.36 and, where that table has no row
-- (discrepancies G.1), of 3.19.6.1
INSERT INTO role_definitions (record_id, name) VALUES
  (1, 'IPAM DHCP Reservations Administrator'),
  (2, 'IPAM DHCP Scope Administrator'),
  (3, 'IPAM DNS Record Administrator'),
  (4, 'IPAM DHCP Administrator'),
  (5, 'IP Address Record Administrator'),
  (6, 'IPAM ASM Administrator'),
  (7, 'IPAM MSM Administrator'),
  (8, 'IPAM Administrator'),
  (9, 'IPAM DNS Administrator');
INSERT INTO role_operations (role_id, operation_id)
  SELECT roles.value, operations.value FROM json_each('[1, 2, 4, 7, 8]') AS roles, json_each('[
    "MsmDhcpScopeCreateOrEditAddressReservation", "MsmDhcpScopeDeleteAddressReservation"]') AS operations;
INSERT INTO role_operations (role_id, operation_id)
  SELECT roles.value, operations.value FROM json_each('[2, 4, 7, 8]') AS roles, json_each('[
    "MsmDhcpCreateScope", "MsmDhcpEditScope", "MsmDhcpDeleteScope", "MsmDhcpCreateScopePolicy",
    "MsmDhcpEditScopePolicy", "MsmDhcpDeleteScopePolicy", "MsmDhcpEditSuperscope",
    "MsmDhcpDeleteSuperscope"]') AS operations;
INSERT INTO role_operations (role_id, operation_id)
  SELECT roles.value, operations.value FROM json_each('[4, 7, 8]') AS roles, json_each('[
    "MsmDhcpEditServerProperties", "MsmDhcpCreateServerPolicy", "MsmDhcpEditServerPolicy",
    "MsmDhcpDeleteServerPolicy", "MsmDhcpCreateEditFilter", "MsmDhcpDeleteFilter", "MsmDhcpCreateFailover",
    "MsmDhcpEditFailover", "MsmDhcpDeleteFailover", "MsmDhcpReplicateOperation"]') AS operations;
INSERT INTO role_operations (role_id, operation_id)
  SELECT roles.value, operations.value FROM json_each('[3, 7, 8, 9]') AS roles, json_each('[
    "CreateDnsResourceRecords", "UpdateDnsResourceRecord", "UpdateDnsResourceRecords",
    "DeleteDnsResourceRecords"]') AS operations;
INSERT INTO role_operations (role_id, operation_id)
  SELECT roles.value, operations.value FROM json_each('[7, 8, 9]') AS roles, json_each('[
    "CreateDnsZone", "UpdateDnsZones", "DeleteDnsZones", "DnsZonesTransfer", "ReloadDnsZones"]') AS operations;
-- DNSServerOperations belongs to the DNS administrators alone
INSERT INTO role_operations (role_id, operation_id) VALUES
  (9, 'CreateDnsConditionalForwarders'), (9, 'UpdateDnsConditionalForwarders'),
  (9, 'DeleteDnsConditionalForwarders');
INSERT INTO role_operations (role_id, operation_id)
  SELECT roles.value, operations.value FROM json_each('[5, 6, 8]') AS roles, json_each('[
    "CreateIPAddress", "UpdateIPAddress"]') AS operations;

-- 3.1.1.1.33: the default provider address space
INSERT INTO address_spaces (record_id, name, details) VALUES
  (1, 'Default IP Address Space', '{"recordId":"1","name":"Default IP Address Space",'
    || '"addressSpaceType":["IP_ADDRESS_SPACE_TYPE_PROVIDER"],'
    || '"providerAddressSpace":{"isDefault":true}}');

-- 3.1.1.1.14, record ids as Windows gives them: the number and one
INSERT INTO custom_fields (record_id, number, name, multivalued, details)
  SELECT field.key + 2, field.key + 1, field.value, 1, json_object(
      'builtInCustomFieldNumber', field.key + 1, 'name', field.value,
      'origin', 'CUSTOM_FIELD_ORIGIN_BUILT_IN', 'type', 'CUSTOM_FIELD_TYPE_MULTIVALUED')
  FROM json_each('["RIR", "RegionLegacy", "Country/Region", "Type of networks", "AD site", "Microsoft server role",
    "Device type", "Managed by Service", "Service Instance", "IP Address State", "IP Pool Name", "Logical Network",
    "DNS Suffix", "Network Site", "VM Network", "Tenant", "Isolation Method", "Region"]') AS field;

-- 3.1.1.1.15: custom field number, first record id, values; those of the fields 7 to 10 as Windows numbers them
INSERT INTO custom_field_values (record_id, custom_field_id, value, details)
  SELECT item.value ->> 1 + entry.key, (item.value ->> 0) + 1, entry.value, json_object(
      'builtInCustomFieldValueId', cast(entry.key + (item.value ->> 2) AS TEXT), 'value', entry.value,
      'parentCustomFieldNumber', item.value ->> 0)
  FROM json_each('[
    [1, 1, 1, ["AFRINIC", "APNIC", "ARIN", "LACNIC", "RIPE"]],
    [2, 6, 1, ["Asia", "Caribbean", "Central America", "Eastern Europe", "European Union", "Middle East",
      "North America", "Oceania", "South America"]],
    [7, 321, 1, ["Firewall", "Host", "Load balancer", "Microsoft Servers", "Non-Microsoft servers", "Printer",
      "Routers"]],
    [7, 334, 8, ["Switch", "Terminal server", "VM", "VM Manager", "VOIP Gateway", "WAN optimizer", "Wireless AP"]],
    [7, 344, 15, ["Wireless controller"]],
    [8, 328, 1, ["IPAM", "MS DHCP", "Non-MS DHCP", "VM Manager", "Others"]],
    [9, 333, 1, ["Localhost"]],
    [10, 341, 1, ["In-Use", "Reserved", "Inactive"]],
    [17, 345, 1, ["NVGRE", "VLAN", "VXLAN", "IPRewrite"]]]') AS item, json_each(item.value, '$[3]') AS entry;
