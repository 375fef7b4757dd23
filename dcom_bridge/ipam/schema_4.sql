-- Version 4 of the store: who is in which group.

-- ADM_IPAMSecurityGroups, [MS-IPAMM2] 3.1.1.1.36, and the groups of which 3.1.1.1.41 has policies; names stand for the
-- security identifiers
CREATE TABLE security_groups (
  record_id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE COLLATE NOCASE CHECK (name != '')
);

-- member is an account or another group
CREATE TABLE security_group_members (
  group_id INTEGER NOT NULL REFERENCES security_groups (record_id) ON DELETE CASCADE,
  member TEXT NOT NULL COLLATE NOCASE CHECK (member != ''),
  PRIMARY KEY (group_id, member)
) WITHOUT ROWID;
CREATE INDEX security_group_member_names ON security_group_members (member);

PRAGMA user_version = 4;
