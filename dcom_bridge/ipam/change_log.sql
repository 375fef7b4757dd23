-- Which servers a change of the store concerns: tables of one connection, made where servers have an actuator, which
-- triggers fill (watched_tables.cc).
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
