-- Deploy shikaku:history to pg
-- Nothing is overwritten (R3.4). Each versioned table has a twin with the rows that were current before, from `known_from` until
-- `known_until`. The writer gives the times: an UPDATE by its new `known_from`, a DELETE by the setting shikaku.changed_at.

BEGIN;

CREATE TABLE shikaku.members_history (LIKE shikaku.members, known_until shikaku.moment NOT NULL, CHECK (known_until > known_from));
CREATE INDEX members_history_member_key ON shikaku.members_history (member_key);
CREATE INDEX members_history_member_id ON shikaku.members_history (insurer_number, member_id);

CREATE TABLE shikaku.memberships_history (LIKE shikaku.memberships, known_until shikaku.moment NOT NULL, CHECK (known_until > known_from));
CREATE INDEX memberships_history_membership_id ON shikaku.memberships_history (membership_id);
CREATE INDEX memberships_history_member_key ON shikaku.memberships_history (member_key);
CREATE INDEX memberships_history_keys ON shikaku.memberships_history (insurer_number, number_key);

CREATE TABLE shikaku.ratios_history (LIKE shikaku.ratios, known_until shikaku.moment NOT NULL, CHECK (known_until > known_from));
CREATE INDEX ratios_history_member_key ON shikaku.ratios_history (member_key);

CREATE TABLE shikaku.links_history (LIKE shikaku.links, known_until shikaku.moment NOT NULL, CHECK (known_until > known_from));
CREATE INDEX links_history_member_key ON shikaku.links_history (member_key);

CREATE TABLE shikaku.eligibility_certificates_history
  (LIKE shikaku.eligibility_certificates, known_until shikaku.moment NOT NULL, CHECK (known_until > known_from));
CREATE INDEX eligibility_certificates_history_membership_id ON shikaku.eligibility_certificates_history (membership_id);

-- Keeps the twin of the table it is called for, a statement at a time. Argument: the table's key. Columns go by name, so that a
-- later migration may add one to both tables.
CREATE FUNCTION shikaku.keep_history() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  key_column CONSTANT text := TG_ARGV[0];
  twin CONSTANT text := TG_TABLE_NAME || '_history';
  columns CONSTANT text := (
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_catalog.pg_attribute
      WHERE attrelid = TG_RELID AND attnum > 0 AND NOT attisdropped);
  old_columns CONSTANT text := (
    SELECT string_agg('o.' || quote_ident(attname), ', ' ORDER BY attnum) FROM pg_catalog.pg_attribute
      WHERE attrelid = TG_RELID AND attnum > 0 AND NOT attisdropped);
  changed_at timestamptz;
  refused boolean;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    EXECUTE format('SELECT EXISTS (SELECT FROM old_rows AS o LEFT JOIN new_rows AS n USING (%1$I) WHERE n.%1$I IS NULL)', key_column)
      INTO refused;
    IF refused THEN
      RAISE EXCEPTION '% of % never changes', key_column, TG_TABLE_NAME USING ERRCODE = 'check_violation';
    END IF;
    EXECUTE format('SELECT EXISTS (SELECT FROM old_rows AS o JOIN new_rows AS n USING (%I)
      WHERE n.known_from <= o.known_from AND o IS DISTINCT FROM n)', key_column) INTO refused;
    IF refused THEN
      RAISE EXCEPTION 'a change in % must be known later than what it changes', TG_TABLE_NAME USING ERRCODE = 'check_violation';
    END IF;
    EXECUTE format('INSERT INTO shikaku.%I (%s, known_until) SELECT %s, n.known_from FROM old_rows AS o JOIN new_rows AS n USING (%I)
      WHERE o IS DISTINCT FROM n', twin, columns, old_columns, key_column);

  ELSIF TG_OP = 'DELETE' THEN
    changed_at := nullif(current_setting('shikaku.changed_at', true), '')::timestamptz;
    EXECUTE 'SELECT EXISTS (SELECT FROM old_rows)' INTO refused;
    IF refused AND changed_at IS NULL THEN
      RAISE EXCEPTION 'deleting from % needs shikaku.changed_at', TG_TABLE_NAME
        USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    EXECUTE 'SELECT EXISTS (SELECT FROM old_rows WHERE known_from > $1)' INTO refused USING changed_at;
    IF refused THEN
      RAISE EXCEPTION 'a deletion in % must not be known before what it deletes', TG_TABLE_NAME USING ERRCODE = 'check_violation';
    END IF;
    -- What was known for no time at all was never known.
    EXECUTE format('INSERT INTO shikaku.%I (%s, known_until) SELECT %s, $1 FROM old_rows AS o WHERE o.known_from < $1',
      twin, columns, old_columns) USING changed_at;

  ELSE
    -- Only where a key can come back after a deletion.
    EXECUTE format('SELECT EXISTS (SELECT FROM new_rows AS n JOIN shikaku.%I AS h USING (%I) WHERE h.known_until > n.known_from)',
      twin, key_column) INTO refused;
    IF refused THEN
      RAISE EXCEPTION 'a row of % must be known later than its predecessor', TG_TABLE_NAME USING ERRCODE = 'check_violation';
    END IF;
  END IF;
  RETURN NULL;
END
$$;

DO $$
DECLARE
  versioned record;
BEGIN
  FOR versioned IN SELECT * FROM (VALUES
    ('members', 'member_key'), ('memberships', 'membership_id'), ('ratios', 'ratio_id'), ('links', 'member_key'),
    ('eligibility_certificates', 'certificate_id')) AS v (table_name, key_column)
  LOOP
    EXECUTE format('CREATE TRIGGER b_history_of_updates AFTER UPDATE ON shikaku.%I REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
      FOR EACH STATEMENT EXECUTE FUNCTION shikaku.keep_history(%L)', versioned.table_name, versioned.key_column);
    EXECUTE format('CREATE TRIGGER b_history_of_deletions AFTER DELETE ON shikaku.%I REFERENCING OLD TABLE AS old_rows
      FOR EACH STATEMENT EXECUTE FUNCTION shikaku.keep_history(%L)', versioned.table_name, versioned.key_column);
    EXECUTE format('CREATE TRIGGER b_history_is_not_truncated BEFORE TRUNCATE ON shikaku.%I
      FOR EACH STATEMENT EXECUTE FUNCTION shikaku.refuse()', versioned.table_name);
    EXECUTE format('CREATE TRIGGER b_history_is_not_truncated BEFORE TRUNCATE ON shikaku.%I
      FOR EACH STATEMENT EXECUTE FUNCTION shikaku.refuse()', versioned.table_name || '_history');
  END LOOP;
END
$$;
CREATE TRIGGER b_history_of_returns AFTER INSERT ON shikaku.links REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION shikaku.keep_history('member_key');

COMMIT;
