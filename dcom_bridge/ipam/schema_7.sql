-- Version 7 of the store: what an entity at work may have brought to its servers already.

-- Goes with the end of the entity. touched: a Touched and the servers that do it, in JSON.
CREATE TABLE operation_actuations (
  operation INTEGER PRIMARY KEY REFERENCES operation_states (operation) ON DELETE CASCADE,
  touched TEXT NOT NULL
);

PRAGMA user_version = 7;
