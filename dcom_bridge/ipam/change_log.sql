-- Which servers a change of the store concerns: tables and triggers of one connection, made where servers have an actuator.
-- What a savepoint undoes it undoes here too.

CREATE TEMP TABLE touched_dhcp_servers (server_id INTEGER PRIMARY KEY);
-- One of the zones is set.
CREATE TEMP TABLE touched_record_sets (
  forward_zone_id INTEGER NOT NULL,
  reverse_zone_id INTEGER NOT NULL,
  name TEXT NOT NULL COLLATE NOCASE,
  record_type INTEGER NOT NULL,
  PRIMARY KEY (forward_zone_id, reverse_zone_id, name, record_type)
) WITHOUT ROWID;
CREATE TEMP TABLE touched_server_zones (
  server_id INTEGER NOT NULL,
  is_reverse INTEGER NOT NULL,
  zone TEXT NOT NULL COLLATE NOCASE,
  was_there INTEGER NOT NULL,  -- the server had it before: the first change of its row tells
  PRIMARY KEY (server_id, is_reverse, zone)
) WITHOUT ROWID;
CREATE TEMP TABLE touched_forwarders (
  server_id INTEGER NOT NULL,
  name TEXT NOT NULL COLLATE NOCASE,
  PRIMARY KEY (server_id, name)
) WITHOUT ROWID;

-- DHCP: the configuration of a server is one
CREATE TEMP TRIGGER touch_dhcp_servers_insert AFTER INSERT ON main.dhcp_servers BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT NEW.record_id;
END;
CREATE TEMP TRIGGER touch_dhcp_servers_update AFTER UPDATE ON main.dhcp_servers BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT NEW.record_id;
END;
CREATE TEMP TRIGGER touch_dhcp_servers_delete AFTER DELETE ON main.dhcp_servers BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT OLD.record_id;
END;
CREATE TEMP TRIGGER touch_dhcp_option_definitions_insert AFTER INSERT ON main.dhcp_option_definitions BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT NEW.server_id;
END;
CREATE TEMP TRIGGER touch_dhcp_option_definitions_update AFTER UPDATE ON main.dhcp_option_definitions BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT NEW.server_id;
END;
CREATE TEMP TRIGGER touch_dhcp_option_definitions_delete AFTER DELETE ON main.dhcp_option_definitions BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT OLD.server_id;
END;
CREATE TEMP TRIGGER touch_dhcp_user_classes_insert AFTER INSERT ON main.dhcp_user_classes BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT NEW.server_id;
END;
CREATE TEMP TRIGGER touch_dhcp_user_classes_update AFTER UPDATE ON main.dhcp_user_classes BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT NEW.server_id;
END;
CREATE TEMP TRIGGER touch_dhcp_user_classes_delete AFTER DELETE ON main.dhcp_user_classes BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT OLD.server_id;
END;
CREATE TEMP TRIGGER touch_dhcp_vendor_classes_insert AFTER INSERT ON main.dhcp_vendor_classes BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT NEW.server_id;
END;
CREATE TEMP TRIGGER touch_dhcp_vendor_classes_update AFTER UPDATE ON main.dhcp_vendor_classes BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT NEW.server_id;
END;
CREATE TEMP TRIGGER touch_dhcp_vendor_classes_delete AFTER DELETE ON main.dhcp_vendor_classes BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT OLD.server_id;
END;
CREATE TEMP TRIGGER touch_dhcp_superscopes_insert AFTER INSERT ON main.dhcp_superscopes BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT NEW.server_id;
END;
CREATE TEMP TRIGGER touch_dhcp_superscopes_update AFTER UPDATE ON main.dhcp_superscopes BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT NEW.server_id;
END;
CREATE TEMP TRIGGER touch_dhcp_superscopes_delete AFTER DELETE ON main.dhcp_superscopes BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT OLD.server_id;
END;
CREATE TEMP TRIGGER touch_dhcp_scopes_insert AFTER INSERT ON main.dhcp_scopes BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT NEW.server_id;
END;
CREATE TEMP TRIGGER touch_dhcp_scopes_update AFTER UPDATE ON main.dhcp_scopes BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT NEW.server_id;
END;
CREATE TEMP TRIGGER touch_dhcp_scopes_delete AFTER DELETE ON main.dhcp_scopes BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT OLD.server_id;
END;
CREATE TEMP TRIGGER touch_dhcp_exclusion_ranges_insert AFTER INSERT ON main.dhcp_exclusion_ranges BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT server_id FROM dhcp_scopes WHERE record_id = NEW.scope_id;
END;
CREATE TEMP TRIGGER touch_dhcp_exclusion_ranges_update AFTER UPDATE ON main.dhcp_exclusion_ranges BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT server_id FROM dhcp_scopes WHERE record_id = NEW.scope_id;
END;
CREATE TEMP TRIGGER touch_dhcp_exclusion_ranges_delete AFTER DELETE ON main.dhcp_exclusion_ranges BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT server_id FROM dhcp_scopes WHERE record_id = OLD.scope_id;
END;
CREATE TEMP TRIGGER touch_dhcp_reservations_insert AFTER INSERT ON main.dhcp_reservations BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT server_id FROM dhcp_scopes WHERE record_id = NEW.scope_id;
END;
CREATE TEMP TRIGGER touch_dhcp_reservations_update AFTER UPDATE ON main.dhcp_reservations BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT server_id FROM dhcp_scopes WHERE record_id = NEW.scope_id;
END;
CREATE TEMP TRIGGER touch_dhcp_reservations_delete AFTER DELETE ON main.dhcp_reservations BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT server_id FROM dhcp_scopes WHERE record_id = OLD.scope_id;
END;
CREATE TEMP TRIGGER touch_dhcp_options_insert AFTER INSERT ON main.dhcp_options BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT NEW.server_id;
END;
CREATE TEMP TRIGGER touch_dhcp_options_update AFTER UPDATE ON main.dhcp_options BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT NEW.server_id;
END;
CREATE TEMP TRIGGER touch_dhcp_options_delete AFTER DELETE ON main.dhcp_options BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT OLD.server_id;
END;
CREATE TEMP TRIGGER touch_dhcp_policies_insert AFTER INSERT ON main.dhcp_policies BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT NEW.server_id;
END;
CREATE TEMP TRIGGER touch_dhcp_policies_update AFTER UPDATE ON main.dhcp_policies BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT NEW.server_id;
END;
CREATE TEMP TRIGGER touch_dhcp_policies_delete AFTER DELETE ON main.dhcp_policies BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT OLD.server_id;
END;
CREATE TEMP TRIGGER touch_dhcp_policy_conditions_insert AFTER INSERT ON main.dhcp_policy_conditions BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT server_id FROM dhcp_policies WHERE policy_id = NEW.policy_id;
END;
CREATE TEMP TRIGGER touch_dhcp_policy_conditions_update AFTER UPDATE ON main.dhcp_policy_conditions BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT server_id FROM dhcp_policies WHERE policy_id = NEW.policy_id;
END;
CREATE TEMP TRIGGER touch_dhcp_policy_conditions_delete AFTER DELETE ON main.dhcp_policy_conditions BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT server_id FROM dhcp_policies WHERE policy_id = OLD.policy_id;
END;
CREATE TEMP TRIGGER touch_dhcp_policy_subranges_insert AFTER INSERT ON main.dhcp_policy_subranges BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT server_id FROM dhcp_policies WHERE policy_id = NEW.policy_id;
END;
CREATE TEMP TRIGGER touch_dhcp_policy_subranges_update AFTER UPDATE ON main.dhcp_policy_subranges BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT server_id FROM dhcp_policies WHERE policy_id = NEW.policy_id;
END;
CREATE TEMP TRIGGER touch_dhcp_policy_subranges_delete AFTER DELETE ON main.dhcp_policy_subranges BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT server_id FROM dhcp_policies WHERE policy_id = OLD.policy_id;
END;
CREATE TEMP TRIGGER touch_dhcp_filters_insert AFTER INSERT ON main.dhcp_filters BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT NEW.server_id;
END;
CREATE TEMP TRIGGER touch_dhcp_filters_update AFTER UPDATE ON main.dhcp_filters BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT NEW.server_id;
END;
CREATE TEMP TRIGGER touch_dhcp_filters_delete AFTER DELETE ON main.dhcp_filters BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT OLD.server_id;
END;
CREATE TEMP TRIGGER touch_dhcp_failover_relations_insert AFTER INSERT ON main.dhcp_failover_relations BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT server_id
    FROM (SELECT NEW.server1_id AS server_id
      UNION SELECT NEW.server2_id)
    WHERE server_id IS NOT NULL;
END;
CREATE TEMP TRIGGER touch_dhcp_failover_relations_update AFTER UPDATE ON main.dhcp_failover_relations BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT server_id
    FROM (SELECT NEW.server1_id AS server_id
      UNION SELECT NEW.server2_id
      UNION SELECT OLD.server1_id
      UNION SELECT OLD.server2_id)
    WHERE server_id IS NOT NULL;
END;
CREATE TEMP TRIGGER touch_dhcp_failover_relations_delete AFTER DELETE ON main.dhcp_failover_relations BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT server_id
    FROM (SELECT OLD.server1_id AS server_id
      UNION SELECT OLD.server2_id)
    WHERE server_id IS NOT NULL;
END;
CREATE TEMP TRIGGER touch_dhcp_scope_failovers_insert AFTER INSERT ON main.dhcp_scope_failovers BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT server_id
    FROM (SELECT server1_id AS server_id FROM dhcp_failover_relations WHERE record_id = NEW.relation_id
      UNION SELECT server2_id FROM dhcp_failover_relations WHERE record_id = NEW.relation_id)
    WHERE server_id IS NOT NULL;
END;
CREATE TEMP TRIGGER touch_dhcp_scope_failovers_update AFTER UPDATE ON main.dhcp_scope_failovers BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT server_id
    FROM (SELECT server1_id AS server_id FROM dhcp_failover_relations WHERE record_id = NEW.relation_id
      UNION SELECT server2_id FROM dhcp_failover_relations WHERE record_id = NEW.relation_id)
    WHERE server_id IS NOT NULL;
END;
CREATE TEMP TRIGGER touch_dhcp_scope_failovers_delete AFTER DELETE ON main.dhcp_scope_failovers BEGIN
  INSERT OR IGNORE INTO touched_dhcp_servers SELECT server_id
    FROM (SELECT server1_id AS server_id FROM dhcp_failover_relations WHERE record_id = OLD.relation_id
      UNION SELECT server2_id FROM dhcp_failover_relations WHERE record_id = OLD.relation_id)
    WHERE server_id IS NOT NULL;
END;

-- DNS: records by name and type, zones by server
CREATE TEMP TRIGGER touch_dns_resource_records_insert_new AFTER INSERT ON main.dns_resource_records BEGIN
  INSERT OR IGNORE INTO touched_record_sets SELECT
    ifnull(NEW.forward_zone_id, 0), ifnull(NEW.reverse_zone_id, 0), NEW.name, NEW.record_type;
END;
CREATE TEMP TRIGGER touch_dns_resource_records_update_old AFTER UPDATE ON main.dns_resource_records BEGIN
  INSERT OR IGNORE INTO touched_record_sets SELECT
    ifnull(OLD.forward_zone_id, 0), ifnull(OLD.reverse_zone_id, 0), OLD.name, OLD.record_type;
END;
CREATE TEMP TRIGGER touch_dns_resource_records_update_new AFTER UPDATE ON main.dns_resource_records BEGIN
  INSERT OR IGNORE INTO touched_record_sets SELECT
    ifnull(NEW.forward_zone_id, 0), ifnull(NEW.reverse_zone_id, 0), NEW.name, NEW.record_type;
END;
CREATE TEMP TRIGGER touch_dns_resource_records_delete_old AFTER DELETE ON main.dns_resource_records BEGIN
  INSERT OR IGNORE INTO touched_record_sets SELECT
    ifnull(OLD.forward_zone_id, 0), ifnull(OLD.reverse_zone_id, 0), OLD.name, OLD.record_type;
END;
CREATE TEMP TRIGGER touch_dns_server_zones_insert AFTER INSERT ON main.dns_server_zones BEGIN
  INSERT OR IGNORE INTO touched_server_zones SELECT
    NEW.server_id, 0, name, 0 FROM dns_zones WHERE record_id = NEW.zone_id;
END;
CREATE TEMP TRIGGER touch_dns_server_zones_update AFTER UPDATE ON main.dns_server_zones BEGIN
  INSERT OR IGNORE INTO touched_server_zones SELECT
    NEW.server_id, 0, name, 1 FROM dns_zones WHERE record_id = NEW.zone_id;
END;
CREATE TEMP TRIGGER touch_dns_server_zones_delete AFTER DELETE ON main.dns_server_zones BEGIN
  INSERT OR IGNORE INTO touched_server_zones SELECT
    OLD.server_id, 0, name, 1 FROM dns_zones WHERE record_id = OLD.zone_id;
END;
CREATE TEMP TRIGGER touch_dns_zones_update AFTER UPDATE ON main.dns_zones BEGIN
  INSERT OR IGNORE INTO touched_server_zones SELECT
    server_id, 0, NEW.name, 1 FROM dns_server_zones WHERE zone_id = NEW.record_id;
END;
CREATE TEMP TRIGGER touch_dns_server_reverse_zones_insert AFTER INSERT ON main.dns_server_reverse_zones BEGIN
  INSERT OR IGNORE INTO touched_server_zones SELECT
    NEW.server_id, 1, name, 0 FROM dns_reverse_zones WHERE record_id = NEW.zone_id;
END;
CREATE TEMP TRIGGER touch_dns_server_reverse_zones_update AFTER UPDATE ON main.dns_server_reverse_zones BEGIN
  INSERT OR IGNORE INTO touched_server_zones SELECT
    NEW.server_id, 1, name, 1 FROM dns_reverse_zones WHERE record_id = NEW.zone_id;
END;
CREATE TEMP TRIGGER touch_dns_server_reverse_zones_delete AFTER DELETE ON main.dns_server_reverse_zones BEGIN
  INSERT OR IGNORE INTO touched_server_zones SELECT
    OLD.server_id, 1, name, 1 FROM dns_reverse_zones WHERE record_id = OLD.zone_id;
END;
CREATE TEMP TRIGGER touch_dns_reverse_zones_update AFTER UPDATE ON main.dns_reverse_zones BEGIN
  INSERT OR IGNORE INTO touched_server_zones SELECT
    server_id, 1, NEW.name, 1 FROM dns_server_reverse_zones WHERE zone_id = NEW.record_id;
END;
CREATE TEMP TRIGGER touch_dns_conditional_forwarders_insert AFTER INSERT ON main.dns_conditional_forwarders BEGIN
  INSERT OR IGNORE INTO touched_forwarders SELECT NEW.server_id, NEW.name;
END;
CREATE TEMP TRIGGER touch_dns_conditional_forwarders_update AFTER UPDATE ON main.dns_conditional_forwarders BEGIN
  INSERT OR IGNORE INTO touched_forwarders SELECT NEW.server_id, NEW.name;
END;
CREATE TEMP TRIGGER touch_dns_conditional_forwarders_delete AFTER DELETE ON main.dns_conditional_forwarders BEGIN
  INSERT OR IGNORE INTO touched_forwarders SELECT OLD.server_id, OLD.name;
END;
