-- Version 6 of the store: what an operation needs to go on when the server starts again.

-- Goes with the end of the operation. parameters is an ipam.v1.OperationParameters; answered: StartProgressCallback was;
-- cancelled: why it was.
CREATE TABLE operation_states (
  operation INTEGER PRIMARY KEY REFERENCES operations (number) ON DELETE CASCADE,
  parameters BLOB NOT NULL,
  answered INTEGER NOT NULL DEFAULT 0,
  cancelled TEXT
);

-- What its entities changed, by their places: changesets of SQLite's session extension.
CREATE TABLE operation_changes (
  operation INTEGER NOT NULL REFERENCES operation_states (operation) ON DELETE CASCADE,
  entity INTEGER NOT NULL,
  changes BLOB NOT NULL,
  PRIMARY KEY (operation, entity)
) WITHOUT ROWID;

-- Of SetSubTaskStatus that ends an entity: the row that was made or changed
ALTER TABLE operation_events ADD COLUMN record_id INTEGER;

PRAGMA user_version = 6;
