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

-- 3.1.1.1.15: custom field number, first record id, first value number, values. Those of the fields 7 to 10 as Windows
-- numbers them; of field 3 the names of ISO 3166
INSERT INTO custom_field_values (record_id, custom_field_id, value, details)
  SELECT item.value ->> 1 + entry.key, (item.value ->> 0) + 1, entry.value, json_object(
      'builtInCustomFieldValueId', cast(entry.key + (item.value ->> 2) AS TEXT), 'value', entry.value,
      'parentCustomFieldNumber', item.value ->> 0)
  FROM json_each('[
    [1, 1, 1, ["AFRINIC", "APNIC", "ARIN", "LACNIC", "RIPE"]],
    [2, 6, 1, ["Asia", "Caribbean", "Central America", "Eastern Europe", "European Union", "Middle East",
      "North America", "Oceania", "South America"]],
    [3, 15, 1, [
      "Afghanistan", "Åland Islands", "Albania", "Algeria", "American Samoa", "Andorra", "Angola", "Anguilla",
      "Antarctica", "Antigua and Barbuda", "Argentina", "Armenia", "Aruba", "Australia", "Austria", "Azerbaijan",
      "Bahamas", "Bahrain", "Bangladesh", "Barbados", "Belarus", "Belgium", "Belize", "Benin", "Bermuda", "Bhutan",
      "Bolivia", "Bonaire, Sint Eustatius and Saba", "Bosnia and Herzegovina", "Botswana", "Bouvet Island",
      "Brazil", "British Indian Ocean Territory", "Brunei Darussalam", "Bulgaria", "Burkina Faso", "Burundi",
      "Cabo Verde", "Cambodia", "Cameroon", "Canada", "Cayman Islands", "Central African Republic", "Chad",
      "Chile", "China", "Christmas Island", "Cocos (Keeling) Islands", "Colombia", "Comoros", "Congo",
      "Congo, Democratic Republic of the", "Cook Islands", "Costa Rica", "Côte d''Ivoire", "Croatia", "Cuba",
      "Curaçao", "Cyprus", "Czechia", "Denmark", "Djibouti", "Dominica", "Dominican Republic", "Ecuador", "Egypt",
      "El Salvador", "Equatorial Guinea", "Eritrea", "Estonia", "Eswatini", "Ethiopia",
      "Falkland Islands (Malvinas)", "Faroe Islands", "Fiji", "Finland", "France", "French Guiana",
      "French Polynesia", "French Southern Territories", "Gabon", "Gambia", "Georgia", "Germany", "Ghana",
      "Gibraltar", "Greece", "Greenland", "Grenada", "Guadeloupe", "Guam", "Guatemala", "Guernsey", "Guinea",
      "Guinea-Bissau", "Guyana", "Haiti", "Heard Island and McDonald Islands", "Holy See", "Honduras", "Hong Kong",
      "Hungary", "Iceland", "India", "Indonesia", "Iran", "Iraq", "Ireland", "Isle of Man", "Israel", "Italy",
      "Jamaica", "Japan", "Jersey", "Jordan", "Kazakhstan", "Kenya", "Kiribati",
      "Korea, Democratic People''s Republic of", "Korea, Republic of", "Kuwait", "Kyrgyzstan",
      "Lao People''s Democratic Republic", "Latvia", "Lebanon", "Lesotho", "Liberia", "Libya", "Liechtenstein",
      "Lithuania", "Luxembourg", "Macao", "Madagascar", "Malawi", "Malaysia", "Maldives", "Mali", "Malta",
      "Marshall Islands", "Martinique", "Mauritania", "Mauritius", "Mayotte", "Mexico", "Micronesia", "Moldova",
      "Monaco", "Mongolia", "Montenegro", "Montserrat", "Morocco", "Mozambique", "Myanmar", "Namibia", "Nauru",
      "Nepal", "Netherlands", "New Caledonia", "New Zealand", "Nicaragua", "Niger", "Nigeria", "Niue",
      "Norfolk Island", "North Macedonia", "Northern Mariana Islands", "Norway", "Oman", "Pakistan", "Palau",
      "Palestine, State of", "Panama", "Papua New Guinea", "Paraguay", "Peru", "Philippines", "Pitcairn", "Poland",
      "Portugal", "Puerto Rico", "Qatar", "Réunion", "Romania", "Russian Federation", "Rwanda", "Saint Barthélemy",
      "Saint Helena, Ascension and Tristan da Cunha", "Saint Kitts and Nevis", "Saint Lucia",
      "Saint Martin (French part)", "Saint Pierre and Miquelon", "Saint Vincent and the Grenadines", "Samoa",
      "San Marino", "Sao Tome and Principe", "Saudi Arabia", "Senegal", "Serbia", "Seychelles", "Sierra Leone",
      "Singapore", "Sint Maarten (Dutch part)", "Slovakia", "Slovenia", "Solomon Islands", "Somalia",
      "South Africa", "South Georgia and the South Sandwich Islands", "South Sudan", "Spain", "Sri Lanka", "Sudan",
      "Suriname", "Svalbard and Jan Mayen", "Sweden", "Switzerland", "Syrian Arab Republic", "Taiwan",
      "Tajikistan", "Tanzania", "Thailand", "Timor-Leste", "Togo", "Tokelau", "Tonga", "Trinidad and Tobago",
      "Tunisia", "Türkiye", "Turkmenistan", "Turks and Caicos Islands", "Tuvalu", "Uganda", "Ukraine",
      "United Arab Emirates", "United Kingdom", "United States Minor Outlying Islands", "United States of America",
      "Uruguay", "Uzbekistan", "Vanuatu", "Venezuela", "Viet Nam", "Virgin Islands (British)",
      "Virgin Islands (U.S.)", "Wallis and Futuna", "Western Sahara", "Yemen", "Zambia", "Zimbabwe"]],
    [7, 321, 1, ["Firewall", "Host", "Load balancer", "Microsoft Servers", "Non-Microsoft servers", "Printer",
      "Routers"]],
    [7, 334, 8, ["Switch", "Terminal server", "VM", "VM Manager", "VOIP Gateway", "WAN optimizer", "Wireless AP"]],
    [7, 344, 15, ["Wireless controller"]],
    [8, 328, 1, ["IPAM", "MS DHCP", "Non-MS DHCP", "VM Manager", "Others"]],
    [9, 333, 1, ["Localhost"]],
    [10, 341, 1, ["In-Use", "Reserved", "Inactive"]],
    [17, 345, 1, ["NVGRE", "VLAN", "VXLAN", "IPRewrite"]]]') AS item, json_each(item.value, '$[3]') AS entry;
