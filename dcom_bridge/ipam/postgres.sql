-- What a store on PostgreSQL has beside schema.sql and what later versions added: made behind every migration, again where it
-- is there already.

-- Foreign keys, which can wait for the end of a transaction
DO $$
DECLARE
  key record;
BEGIN
  FOR key IN SELECT conname, conrelid::regclass AS name FROM pg_constraint
      WHERE contype = 'f' AND NOT condeferrable AND connamespace = current_schema()::regnamespace LOOP
    EXECUTE format('ALTER TABLE %s ALTER CONSTRAINT %I DEFERRABLE INITIALLY IMMEDIATE', key.name, key.conname);
  END LOOP;
END $$;

-- What becomes of rows while a recorder lives (change_set.h), in a table of the session
CREATE OR REPLACE FUNCTION record_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO recorded_changes (name, row_is) VALUES (TG_TABLE_NAME, to_jsonb(NEW));
  ELSIF TG_OP = 'UPDATE' THEN
    INSERT INTO recorded_changes (name, row_was, row_is) VALUES (TG_TABLE_NAME, to_jsonb(OLD), to_jsonb(NEW));
  ELSE
    INSERT INTO recorded_changes (name, row_was) VALUES (TG_TABLE_NAME, to_jsonb(OLD));
  END IF;
  RETURN NULL;
END $$;
DO $$
DECLARE
  name text;
BEGIN
  FOR name IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
      AND relname NOT IN ('ipam_store', 'last_ids', 'operations') AND relname NOT LIKE 'operation\_%' LOOP
    EXECUTE format('CREATE OR REPLACE TRIGGER record_change AFTER INSERT OR UPDATE OR DELETE ON %I FOR EACH ROW'
      ' WHEN (current_setting(''ipam.recording'', true) = ''1'') EXECUTE FUNCTION record_change()', name);
  END LOOP;
END $$;

-- Puts rows back, in the order of the list; what another row stands in the way of is passed over
CREATE OR REPLACE FUNCTION undo_changes(changes jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  change jsonb;
  name text;
  row_was jsonb;
  row_is jsonb;
  keys text;
  same_row text;
  columns text;
BEGIN
  FOR change IN SELECT value FROM jsonb_array_elements(changes) LOOP
    name := change ->> 'name';
    row_was := nullif(change -> 'row_was', 'null');
    row_is := nullif(change -> 'row_is', 'null');
    SELECT string_agg(quote_ident(attname), ', '), string_agg(format('t.%1$I = k.%1$I', attname), ' AND ')
      INTO keys, same_row FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
      WHERE indrelid = quote_ident(name)::regclass AND indisprimary;
    BEGIN
      IF row_was IS NULL THEN
        EXECUTE format('DELETE FROM %1$I AS t USING jsonb_populate_record(NULL::%1$I, $1) AS k WHERE %2$s',
          name, same_row) USING row_is;
      ELSIF row_is IS NULL THEN
        SELECT string_agg(format('%1$I = excluded.%1$I', key), ', ') INTO columns FROM jsonb_object_keys(row_was) AS key;
        EXECUTE format('INSERT INTO %1$I SELECT * FROM jsonb_populate_record(NULL::%1$I, $1)'
          ' ON CONFLICT (%2$s) DO UPDATE SET %3$s', name, keys, columns) USING row_was;
      ELSE
        SELECT string_agg(format('%1$I = k.%1$I', key), ', ') INTO columns FROM jsonb_each(row_was) AS was
          WHERE was.value IS DISTINCT FROM row_is -> was.key;
        IF columns IS NOT NULL THEN
          EXECUTE format('UPDATE %1$I AS t SET %2$s FROM jsonb_populate_record(NULL::%1$I, $1) AS k WHERE %3$s',
            name, columns, same_row) USING row_was;
        END IF;
      END IF;
    EXCEPTION WHEN integrity_constraint_violation THEN
      NULL;
    END;
  END LOOP;
END $$;
