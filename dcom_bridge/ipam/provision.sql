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
WITH roles (id) AS (VALUES (1), (2), (4), (7), (8)),
  names (id) AS (VALUES
    ('MsmDhcpScopeCreateOrEditAddressReservation'), ('MsmDhcpScopeDeleteAddressReservation'))
INSERT INTO role_operations (role_id, operation_id) SELECT roles.id, names.id FROM roles, names;
WITH roles (id) AS (VALUES (2), (4), (7), (8)),
  names (id) AS (VALUES
    ('MsmDhcpCreateScope'), ('MsmDhcpEditScope'), ('MsmDhcpDeleteScope'), ('MsmDhcpCreateScopePolicy'),
    ('MsmDhcpEditScopePolicy'), ('MsmDhcpDeleteScopePolicy'), ('MsmDhcpEditSuperscope'), ('MsmDhcpDeleteSuperscope'))
INSERT INTO role_operations (role_id, operation_id) SELECT roles.id, names.id FROM roles, names;
WITH roles (id) AS (VALUES (4), (7), (8)),
  names (id) AS (VALUES
    ('MsmDhcpEditServerProperties'), ('MsmDhcpCreateServerPolicy'), ('MsmDhcpEditServerPolicy'),
    ('MsmDhcpDeleteServerPolicy'), ('MsmDhcpCreateEditFilter'), ('MsmDhcpDeleteFilter'), ('MsmDhcpCreateFailover'),
    ('MsmDhcpEditFailover'), ('MsmDhcpDeleteFailover'), ('MsmDhcpReplicateOperation'))
INSERT INTO role_operations (role_id, operation_id) SELECT roles.id, names.id FROM roles, names;
WITH roles (id) AS (VALUES (3), (7), (8), (9)),
  names (id) AS (VALUES
    ('CreateDnsResourceRecords'), ('UpdateDnsResourceRecord'), ('UpdateDnsResourceRecords'),
    ('DeleteDnsResourceRecords'))
INSERT INTO role_operations (role_id, operation_id) SELECT roles.id, names.id FROM roles, names;
WITH roles (id) AS (VALUES (7), (8), (9)),
  names (id) AS (VALUES
    ('CreateDnsZone'), ('UpdateDnsZones'), ('DeleteDnsZones'), ('DnsZonesTransfer'), ('ReloadDnsZones'))
INSERT INTO role_operations (role_id, operation_id) SELECT roles.id, names.id FROM roles, names;
-- DNSServerOperations belongs to the DNS administrators alone
INSERT INTO role_operations (role_id, operation_id) VALUES
  (9, 'CreateDnsConditionalForwarders'), (9, 'UpdateDnsConditionalForwarders'),
  (9, 'DeleteDnsConditionalForwarders');
WITH roles (id) AS (VALUES (5), (6), (8)),
  names (id) AS (VALUES
    ('CreateIPAddress'), ('UpdateIPAddress'))
INSERT INTO role_operations (role_id, operation_id) SELECT roles.id, names.id FROM roles, names;

-- 3.1.1.1.33: the default provider address space
INSERT INTO address_spaces (record_id, name, details) VALUES
  (1, 'Default IP Address Space', '{"recordId":"1","name":"Default IP Address Space",'
    || '"addressSpaceType":["IP_ADDRESS_SPACE_TYPE_PROVIDER"],'
    || '"providerAddressSpace":{"isDefault":true}}');

-- 3.1.1.1.14, record ids as Windows gives them: the number and one
WITH field (number, name) AS (VALUES
    (1, 'RIR'), (2, 'RegionLegacy'), (3, 'Country/Region'), (4, 'Type of networks'), (5, 'AD site'),
    (6, 'Microsoft server role'), (7, 'Device type'), (8, 'Managed by Service'), (9, 'Service Instance'),
    (10, 'IP Address State'), (11, 'IP Pool Name'), (12, 'Logical Network'), (13, 'DNS Suffix'),
    (14, 'Network Site'), (15, 'VM Network'), (16, 'Tenant'), (17, 'Isolation Method'), (18, 'Region'))
INSERT INTO custom_fields (record_id, number, name, multivalued, details)
  SELECT number + 1, number, name, 1, '{"builtInCustomFieldNumber":' || number || ',"name":"' || name
    || '","origin":"CUSTOM_FIELD_ORIGIN_BUILT_IN","type":"CUSTOM_FIELD_TYPE_MULTIVALUED"}' FROM field;

-- 3.1.1.1.15: custom field number, record id, value number, value. Those of the fields 7 to 10 as Windows numbers them; of
-- field 3 the names of ISO 3166
WITH item (field, id, number, value) AS (VALUES
    (1, 1, 1, 'AFRINIC'), (1, 2, 2, 'APNIC'), (1, 3, 3, 'ARIN'), (1, 4, 4, 'LACNIC'), (1, 5, 5, 'RIPE'),
    (2, 6, 1, 'Asia'), (2, 7, 2, 'Caribbean'), (2, 8, 3, 'Central America'), (2, 9, 4, 'Eastern Europe'),
    (2, 10, 5, 'European Union'), (2, 11, 6, 'Middle East'), (2, 12, 7, 'North America'), (2, 13, 8, 'Oceania'),
    (2, 14, 9, 'South America'), (3, 15, 1, 'Afghanistan'), (3, 16, 2, 'Åland Islands'), (3, 17, 3, 'Albania'),
    (3, 18, 4, 'Algeria'), (3, 19, 5, 'American Samoa'), (3, 20, 6, 'Andorra'), (3, 21, 7, 'Angola'),
    (3, 22, 8, 'Anguilla'), (3, 23, 9, 'Antarctica'), (3, 24, 10, 'Antigua and Barbuda'), (3, 25, 11, 'Argentina'),
    (3, 26, 12, 'Armenia'), (3, 27, 13, 'Aruba'), (3, 28, 14, 'Australia'), (3, 29, 15, 'Austria'),
    (3, 30, 16, 'Azerbaijan'), (3, 31, 17, 'Bahamas'), (3, 32, 18, 'Bahrain'), (3, 33, 19, 'Bangladesh'),
    (3, 34, 20, 'Barbados'), (3, 35, 21, 'Belarus'), (3, 36, 22, 'Belgium'), (3, 37, 23, 'Belize'),
    (3, 38, 24, 'Benin'), (3, 39, 25, 'Bermuda'), (3, 40, 26, 'Bhutan'), (3, 41, 27, 'Bolivia'),
    (3, 42, 28, 'Bonaire, Sint Eustatius and Saba'), (3, 43, 29, 'Bosnia and Herzegovina'), (3, 44, 30, 'Botswana'),
    (3, 45, 31, 'Bouvet Island'), (3, 46, 32, 'Brazil'), (3, 47, 33, 'British Indian Ocean Territory'),
    (3, 48, 34, 'Brunei Darussalam'), (3, 49, 35, 'Bulgaria'), (3, 50, 36, 'Burkina Faso'), (3, 51, 37, 'Burundi'),
    (3, 52, 38, 'Cabo Verde'), (3, 53, 39, 'Cambodia'), (3, 54, 40, 'Cameroon'), (3, 55, 41, 'Canada'),
    (3, 56, 42, 'Cayman Islands'), (3, 57, 43, 'Central African Republic'), (3, 58, 44, 'Chad'),
    (3, 59, 45, 'Chile'), (3, 60, 46, 'China'), (3, 61, 47, 'Christmas Island'),
    (3, 62, 48, 'Cocos (Keeling) Islands'), (3, 63, 49, 'Colombia'), (3, 64, 50, 'Comoros'), (3, 65, 51, 'Congo'),
    (3, 66, 52, 'Congo, Democratic Republic of the'), (3, 67, 53, 'Cook Islands'), (3, 68, 54, 'Costa Rica'),
    (3, 69, 55, 'Côte d''Ivoire'), (3, 70, 56, 'Croatia'), (3, 71, 57, 'Cuba'), (3, 72, 58, 'Curaçao'),
    (3, 73, 59, 'Cyprus'), (3, 74, 60, 'Czechia'), (3, 75, 61, 'Denmark'), (3, 76, 62, 'Djibouti'),
    (3, 77, 63, 'Dominica'), (3, 78, 64, 'Dominican Republic'), (3, 79, 65, 'Ecuador'), (3, 80, 66, 'Egypt'),
    (3, 81, 67, 'El Salvador'), (3, 82, 68, 'Equatorial Guinea'), (3, 83, 69, 'Eritrea'), (3, 84, 70, 'Estonia'),
    (3, 85, 71, 'Eswatini'), (3, 86, 72, 'Ethiopia'), (3, 87, 73, 'Falkland Islands (Malvinas)'),
    (3, 88, 74, 'Faroe Islands'), (3, 89, 75, 'Fiji'), (3, 90, 76, 'Finland'), (3, 91, 77, 'France'),
    (3, 92, 78, 'French Guiana'), (3, 93, 79, 'French Polynesia'), (3, 94, 80, 'French Southern Territories'),
    (3, 95, 81, 'Gabon'), (3, 96, 82, 'Gambia'), (3, 97, 83, 'Georgia'), (3, 98, 84, 'Germany'),
    (3, 99, 85, 'Ghana'), (3, 100, 86, 'Gibraltar'), (3, 101, 87, 'Greece'), (3, 102, 88, 'Greenland'),
    (3, 103, 89, 'Grenada'), (3, 104, 90, 'Guadeloupe'), (3, 105, 91, 'Guam'), (3, 106, 92, 'Guatemala'),
    (3, 107, 93, 'Guernsey'), (3, 108, 94, 'Guinea'), (3, 109, 95, 'Guinea-Bissau'), (3, 110, 96, 'Guyana'),
    (3, 111, 97, 'Haiti'), (3, 112, 98, 'Heard Island and McDonald Islands'), (3, 113, 99, 'Holy See'),
    (3, 114, 100, 'Honduras'), (3, 115, 101, 'Hong Kong'), (3, 116, 102, 'Hungary'), (3, 117, 103, 'Iceland'),
    (3, 118, 104, 'India'), (3, 119, 105, 'Indonesia'), (3, 120, 106, 'Iran'), (3, 121, 107, 'Iraq'),
    (3, 122, 108, 'Ireland'), (3, 123, 109, 'Isle of Man'), (3, 124, 110, 'Israel'), (3, 125, 111, 'Italy'),
    (3, 126, 112, 'Jamaica'), (3, 127, 113, 'Japan'), (3, 128, 114, 'Jersey'), (3, 129, 115, 'Jordan'),
    (3, 130, 116, 'Kazakhstan'), (3, 131, 117, 'Kenya'), (3, 132, 118, 'Kiribati'),
    (3, 133, 119, 'Korea, Democratic People''s Republic of'), (3, 134, 120, 'Korea, Republic of'),
    (3, 135, 121, 'Kuwait'), (3, 136, 122, 'Kyrgyzstan'), (3, 137, 123, 'Lao People''s Democratic Republic'),
    (3, 138, 124, 'Latvia'), (3, 139, 125, 'Lebanon'), (3, 140, 126, 'Lesotho'), (3, 141, 127, 'Liberia'),
    (3, 142, 128, 'Libya'), (3, 143, 129, 'Liechtenstein'), (3, 144, 130, 'Lithuania'), (3, 145, 131, 'Luxembourg'),
    (3, 146, 132, 'Macao'), (3, 147, 133, 'Madagascar'), (3, 148, 134, 'Malawi'), (3, 149, 135, 'Malaysia'),
    (3, 150, 136, 'Maldives'), (3, 151, 137, 'Mali'), (3, 152, 138, 'Malta'), (3, 153, 139, 'Marshall Islands'),
    (3, 154, 140, 'Martinique'), (3, 155, 141, 'Mauritania'), (3, 156, 142, 'Mauritius'), (3, 157, 143, 'Mayotte'),
    (3, 158, 144, 'Mexico'), (3, 159, 145, 'Micronesia'), (3, 160, 146, 'Moldova'), (3, 161, 147, 'Monaco'),
    (3, 162, 148, 'Mongolia'), (3, 163, 149, 'Montenegro'), (3, 164, 150, 'Montserrat'), (3, 165, 151, 'Morocco'),
    (3, 166, 152, 'Mozambique'), (3, 167, 153, 'Myanmar'), (3, 168, 154, 'Namibia'), (3, 169, 155, 'Nauru'),
    (3, 170, 156, 'Nepal'), (3, 171, 157, 'Netherlands'), (3, 172, 158, 'New Caledonia'),
    (3, 173, 159, 'New Zealand'), (3, 174, 160, 'Nicaragua'), (3, 175, 161, 'Niger'), (3, 176, 162, 'Nigeria'),
    (3, 177, 163, 'Niue'), (3, 178, 164, 'Norfolk Island'), (3, 179, 165, 'North Macedonia'),
    (3, 180, 166, 'Northern Mariana Islands'), (3, 181, 167, 'Norway'), (3, 182, 168, 'Oman'),
    (3, 183, 169, 'Pakistan'), (3, 184, 170, 'Palau'), (3, 185, 171, 'Palestine, State of'), (3, 186, 172, 'Panama'),
    (3, 187, 173, 'Papua New Guinea'), (3, 188, 174, 'Paraguay'), (3, 189, 175, 'Peru'),
    (3, 190, 176, 'Philippines'), (3, 191, 177, 'Pitcairn'), (3, 192, 178, 'Poland'), (3, 193, 179, 'Portugal'),
    (3, 194, 180, 'Puerto Rico'), (3, 195, 181, 'Qatar'), (3, 196, 182, 'Réunion'), (3, 197, 183, 'Romania'),
    (3, 198, 184, 'Russian Federation'), (3, 199, 185, 'Rwanda'), (3, 200, 186, 'Saint Barthélemy'),
    (3, 201, 187, 'Saint Helena, Ascension and Tristan da Cunha'), (3, 202, 188, 'Saint Kitts and Nevis'),
    (3, 203, 189, 'Saint Lucia'), (3, 204, 190, 'Saint Martin (French part)'),
    (3, 205, 191, 'Saint Pierre and Miquelon'), (3, 206, 192, 'Saint Vincent and the Grenadines'),
    (3, 207, 193, 'Samoa'), (3, 208, 194, 'San Marino'), (3, 209, 195, 'Sao Tome and Principe'),
    (3, 210, 196, 'Saudi Arabia'), (3, 211, 197, 'Senegal'), (3, 212, 198, 'Serbia'), (3, 213, 199, 'Seychelles'),
    (3, 214, 200, 'Sierra Leone'), (3, 215, 201, 'Singapore'), (3, 216, 202, 'Sint Maarten (Dutch part)'),
    (3, 217, 203, 'Slovakia'), (3, 218, 204, 'Slovenia'), (3, 219, 205, 'Solomon Islands'), (3, 220, 206, 'Somalia'),
    (3, 221, 207, 'South Africa'), (3, 222, 208, 'South Georgia and the South Sandwich Islands'),
    (3, 223, 209, 'South Sudan'), (3, 224, 210, 'Spain'), (3, 225, 211, 'Sri Lanka'), (3, 226, 212, 'Sudan'),
    (3, 227, 213, 'Suriname'), (3, 228, 214, 'Svalbard and Jan Mayen'), (3, 229, 215, 'Sweden'),
    (3, 230, 216, 'Switzerland'), (3, 231, 217, 'Syrian Arab Republic'), (3, 232, 218, 'Taiwan'),
    (3, 233, 219, 'Tajikistan'), (3, 234, 220, 'Tanzania'), (3, 235, 221, 'Thailand'), (3, 236, 222, 'Timor-Leste'),
    (3, 237, 223, 'Togo'), (3, 238, 224, 'Tokelau'), (3, 239, 225, 'Tonga'), (3, 240, 226, 'Trinidad and Tobago'),
    (3, 241, 227, 'Tunisia'), (3, 242, 228, 'Türkiye'), (3, 243, 229, 'Turkmenistan'),
    (3, 244, 230, 'Turks and Caicos Islands'), (3, 245, 231, 'Tuvalu'), (3, 246, 232, 'Uganda'),
    (3, 247, 233, 'Ukraine'), (3, 248, 234, 'United Arab Emirates'), (3, 249, 235, 'United Kingdom'),
    (3, 250, 236, 'United States Minor Outlying Islands'), (3, 251, 237, 'United States of America'),
    (3, 252, 238, 'Uruguay'), (3, 253, 239, 'Uzbekistan'), (3, 254, 240, 'Vanuatu'), (3, 255, 241, 'Venezuela'),
    (3, 256, 242, 'Viet Nam'), (3, 257, 243, 'Virgin Islands (British)'), (3, 258, 244, 'Virgin Islands (U.S.)'),
    (3, 259, 245, 'Wallis and Futuna'), (3, 260, 246, 'Western Sahara'), (3, 261, 247, 'Yemen'),
    (3, 262, 248, 'Zambia'), (3, 263, 249, 'Zimbabwe'), (7, 321, 1, 'Firewall'), (7, 322, 2, 'Host'),
    (7, 323, 3, 'Load balancer'), (7, 324, 4, 'Microsoft Servers'), (7, 325, 5, 'Non-Microsoft servers'),
    (7, 326, 6, 'Printer'), (7, 327, 7, 'Routers'), (7, 334, 8, 'Switch'), (7, 335, 9, 'Terminal server'),
    (7, 336, 10, 'VM'), (7, 337, 11, 'VM Manager'), (7, 338, 12, 'VOIP Gateway'), (7, 339, 13, 'WAN optimizer'),
    (7, 340, 14, 'Wireless AP'), (7, 344, 15, 'Wireless controller'), (8, 328, 1, 'IPAM'), (8, 329, 2, 'MS DHCP'),
    (8, 330, 3, 'Non-MS DHCP'), (8, 331, 4, 'VM Manager'), (8, 332, 5, 'Others'), (9, 333, 1, 'Localhost'),
    (10, 341, 1, 'In-Use'), (10, 342, 2, 'Reserved'), (10, 343, 3, 'Inactive'), (17, 345, 1, 'NVGRE'),
    (17, 346, 2, 'VLAN'), (17, 347, 3, 'VXLAN'), (17, 348, 4, 'IPRewrite'))
INSERT INTO custom_field_values (record_id, custom_field_id, value, details)
  SELECT id, field + 1, value, '{"builtInCustomFieldValueId":"' || number || '","value":"' || value
    || '","parentCustomFieldNumber":' || field || '}' FROM item;
