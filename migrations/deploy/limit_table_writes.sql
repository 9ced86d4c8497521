-- Deploy shikaku:limit_table_writes to pg
-- An operator reads the tables of amounts, and adds, replaces and takes back those that have not begun (R7.2). Nothing is overwritten:
-- what was replaced or taken back stays, withdrawn. A table that has begun never changes, but that its open end is closed by the next one.
--
-- outcome, of the functions here:
--
--   found, made, replaced, withdrawn
--   none             no table holds in this month
--   begun            the table has begun: it stays
--   other_version    it is not the one that the asker has seen
--   other_month      it begins with another month, `expected`
--   other_end        another follows: the last month must be `expected`
--   followed         another follows: it cannot be taken back before that one
--   not_next         the new table must begin with `expected`, or there would be a gap or an overlap
--   too_early        the new table may begin with `expected` or later
--   key_reused       the Idempotency-Key came with another request
--
-- document: the table as it is answered; version: by which it is known that nobody has changed it meanwhile. this_month: the first day of
-- today's month, by the clock of who asks.

BEGIN;

ALTER TABLE shikaku.limit_tables
  ADD COLUMN ended_the_one_before boolean NOT NULL DEFAULT false, -- which is open again when this one is taken back
  ADD CONSTRAINT withdrawn_before_it_begins CHECK ((withdrawn_at AT TIME ZONE 'Asia/Tokyo')::date < first_month);

-- Who changes tables waits for whoever else does, and then sees what they did. Reading waits for nobody.
CREATE FUNCTION shikaku.lock_limit_tables() RETURNS void
LANGUAGE sql SET search_path = '' AS $$
  SELECT pg_advisory_xact_lock(hashtextextended('shikaku.limit_tables', 0))
$$;

-- Looked at when everything is in place, at the end of the transaction. By the owner: whoever commits may not call the lock.
CREATE FUNCTION shikaku.limit_tables_leave_no_gap() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  PERFORM shikaku.lock_limit_tables();
  IF EXISTS (
    SELECT FROM (
      SELECT t.last_month, lead(t.first_month) OVER (ORDER BY t.first_month) AS next_month
        FROM shikaku.limit_tables AS t WHERE t.withdrawn_at IS NULL
    ) AS one
    WHERE one.next_month <> one.last_month + interval '1 month'
  ) THEN
    RAISE EXCEPTION 'limit tables leave months without one between them'
      USING ERRCODE = 'check_violation', SCHEMA = 'shikaku', TABLE = 'limit_tables', CONSTRAINT = 'limit_tables_leave_no_gap';
  END IF;
  RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER limit_tables_leave_no_gap AFTER INSERT OR UPDATE OR DELETE ON shikaku.limit_tables
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION shikaku.limit_tables_leave_no_gap();

CREATE FUNCTION shikaku.limit_table_document(t shikaku.limit_tables, this_month date) RETURNS json
LANGUAGE sql STABLE SET search_path = '' AS $$
  SELECT json_build_object(
    'from', to_char(t.first_month, 'YYYY-MM'),
    'until', to_char(t.last_month, 'YYYY-MM'),
    'version', t.version,
    'in_force', t.first_month <= $2 AND (t.last_month IS NULL OR $2 <= t.last_month),
    'source', t.source,
    'note', t.note,
    'registered_at', shikaku.instant_text(t.registered_at),
    'amounts', coalesce((
      SELECT json_agg(json_build_object(
          'category', a.category,
          'base', a.base,
          'threshold', a.threshold,
          'rate_percent', a.rate_percent,
          'multiple', a.multiple,
          'outpatient_ceiling', a.outpatient,
          'outpatient_annual_ceiling', a.outpatient_annual,
          'annual_ceiling', a.annual,
          'annual_ceiling_low_income', a.annual_low_income) ORDER BY a.category)
        FROM shikaku.limit_amounts AS a WHERE a.table_id = t.table_id), '[]'))
$$;

-- Another for another table, also where both hold in the same month, and for another end.
CREATE FUNCTION shikaku.limit_table_tag(t shikaku.limit_tables) RETURNS bigint
LANGUAGE sql IMMUTABLE SET search_path = '' AS $$
  SELECT t.table_id * 131072 + CASE WHEN t.last_month IS NULL THEN 0
    ELSE (extract(year FROM t.last_month) * 12 + extract(month FROM t.last_month))::bigint END
$$;

-- The table that holds in a month; NULL: there is none.
CREATE FUNCTION shikaku.limit_table_of(month date) RETURNS shikaku.limit_tables
LANGUAGE sql STABLE SET search_path = '' AS $$
  SELECT t FROM shikaku.limit_tables AS t
    WHERE t.withdrawn_at IS NULL AND t.first_month <= $1 AND (t.last_month IS NULL OR $1 <= t.last_month)
$$;

-- All that hold in some month, in their order.
CREATE FUNCTION shikaku.list_limit_tables(this_month date) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT json_build_object('limit_tables', coalesce(json_agg(shikaku.limit_table_document(t, $1) ORDER BY t.first_month), '[]'))
    FROM shikaku.limit_tables AS t WHERE t.withdrawn_at IS NULL
$$;

CREATE FUNCTION shikaku.find_limit_table(this_month date, month date)
RETURNS TABLE (outcome text, document json, version bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
  SELECT 'found', shikaku.limit_table_document(t, $1), shikaku.limit_table_tag(t)
    FROM shikaku.limit_table_of($2) AS t WHERE t.table_id IS NOT NULL
$$;

-- amounts: [{category, base, threshold, rate_percent, multiple, outpatient, annual, annual_low_income, outpatient_annual}], of all 16.
CREATE FUNCTION shikaku.write_limit_table(first_month date, last_month date, source text, note text, amounts jsonb, written_at timestamptz,
  written_by bigint, ended_the_one_before boolean) RETURNS shikaku.limit_tables
LANGUAGE plpgsql SET search_path = '' AS $$
#variable_conflict use_column
DECLARE
  made shikaku.limit_tables;
  lines bigint;
BEGIN
  INSERT INTO shikaku.limit_tables (first_month, last_month, version, source, note, registered_at, registered_by, ended_the_one_before)
    SELECT $1, $2, coalesce(max(t.version), 0) + 1, $3, $4, $6, $7, $8
      FROM shikaku.limit_tables AS t WHERE t.first_month = $1
    RETURNING * INTO made;
  INSERT INTO shikaku.limit_amounts (table_id, category, base, threshold, rate_percent, multiple, outpatient, annual, annual_low_income,
      outpatient_annual)
    SELECT made.table_id, a.category, a.base, a.threshold, a.rate_percent, a.multiple, a.outpatient, a.annual, a.annual_low_income,
        a.outpatient_annual
      FROM jsonb_to_recordset($5) AS a (category text, base integer, threshold integer, rate_percent smallint, multiple integer,
        outpatient integer, annual integer, annual_low_income integer, outpatient_annual integer);
  GET DIAGNOSTICS lines = ROW_COUNT;
  IF lines <> 16 THEN
    RAISE EXCEPTION 'a table of % categories', lines;
  END IF;
  RETURN made;
END
$$;

-- What follows a last month is where the next table begins, whatever the day: a month that has no table has answered nothing that could
-- change. Behind an open end it begins in a month to come.
CREATE FUNCTION shikaku.add_limit_table(asked_at timestamptz, this_month date, token_id bigint, first_month date, last_month date,
  source text, note text, amounts jsonb, route text, key_digest bytea, request_digest bytea)
RETURNS TABLE (outcome text, replayed boolean, document json, version bigint, expected date)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
#variable_conflict use_column
DECLARE
  known record;
  final shikaku.limit_tables;
  ends_it boolean;
  made shikaku.limit_tables;
BEGIN
  replayed := false;
  PERFORM shikaku.lock_limit_tables();
  known := shikaku.find_idempotent(add_limit_table.token_id, add_limit_table.key_digest, add_limit_table.request_digest, asked_at);
  IF known.state = 'reused' THEN
    outcome := 'key_reused';
    RETURN NEXT;
    RETURN;
  ELSIF known.state = 'kept' THEN
    outcome := known.outcome;
    replayed := true;
    document := (known.answer->>'document')::json;
    version := (known.answer->>'version')::bigint;
    RETURN NEXT;
    RETURN;
  END IF;

  SELECT * INTO final FROM shikaku.limit_tables AS t WHERE t.withdrawn_at IS NULL ORDER BY t.first_month DESC LIMIT 1;
  ends_it := FOUND AND final.last_month IS NULL;
  IF final.last_month IS NOT NULL THEN
    outcome := 'not_next';
    expected := final.last_month + interval '1 month';
  ELSE
    outcome := 'too_early';
    expected := greatest(final.first_month, add_limit_table.this_month) + interval '1 month';
  END IF;
  IF add_limit_table.first_month = expected OR (outcome = 'too_early' AND add_limit_table.first_month > expected) THEN
    IF ends_it THEN
      UPDATE shikaku.limit_tables AS t SET last_month = add_limit_table.first_month - interval '1 month' WHERE t.table_id = final.table_id;
    END IF;
    made := shikaku.write_limit_table(add_limit_table.first_month, add_limit_table.last_month, add_limit_table.source,
      add_limit_table.note, add_limit_table.amounts, asked_at, add_limit_table.token_id, ends_it);
    outcome := 'made';
    document := shikaku.limit_table_document(made, add_limit_table.this_month);
    version := shikaku.limit_table_tag(made);
    expected := NULL;
    PERFORM shikaku.keep_idempotent(add_limit_table.token_id, add_limit_table.key_digest, add_limit_table.route,
      add_limit_table.request_digest, outcome, jsonb_build_object('document', document::text, 'version', version), asked_at);
  END IF;
  RETURN NEXT;
END
$$;

-- Whether the table may be replaced or taken back: outcome NULL. seen: the version that the asker has seen; NULL: any.
CREATE FUNCTION shikaku.limit_table_to_change(this_month date, month date, seen bigint,
  OUT outcome text, OUT kept shikaku.limit_tables, OUT next_month date)
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  PERFORM shikaku.lock_limit_tables();
  kept := shikaku.limit_table_of(limit_table_to_change.month);
  IF kept.table_id IS NULL THEN
    outcome := 'none';
  ELSIF kept.first_month <= limit_table_to_change.this_month THEN
    outcome := 'begun';
  ELSIF shikaku.limit_table_tag(kept) <> seen THEN
    outcome := 'other_version';
  END IF;
  SELECT min(t.first_month) INTO next_month FROM shikaku.limit_tables AS t
    WHERE t.withdrawn_at IS NULL AND t.first_month > kept.first_month;
END
$$;

-- Another process' clock may have been a little ahead.
CREATE FUNCTION shikaku.take_back_limit_table(kept shikaku.limit_tables, asked_at timestamptz, token_id bigint) RETURNS void
LANGUAGE sql SET search_path = '' AS $$
  UPDATE shikaku.limit_tables AS t SET withdrawn_at = greatest($2, t.registered_at), withdrawn_by = $3 WHERE t.table_id = kept.table_id
$$;

CREATE FUNCTION shikaku.replace_limit_table(asked_at timestamptz, this_month date, token_id bigint, month date, seen bigint,
  first_month date, last_month date, source text, note text, amounts jsonb)
RETURNS TABLE (outcome text, document json, version bigint, expected date)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
#variable_conflict use_column
DECLARE
  change record;
  made shikaku.limit_tables;
BEGIN
  change := shikaku.limit_table_to_change(replace_limit_table.this_month, replace_limit_table.month, seen);
  outcome := change.outcome;
  IF outcome IS NOT NULL THEN
    NULL;
  ELSIF replace_limit_table.first_month <> (change.kept).first_month THEN
    outcome := 'other_month';
    expected := (change.kept).first_month;
  ELSIF change.next_month IS NOT NULL
      AND replace_limit_table.last_month IS DISTINCT FROM (change.next_month - interval '1 month')::date THEN
    outcome := 'other_end';
    expected := change.next_month - interval '1 month';
  ELSE
    PERFORM shikaku.take_back_limit_table(change.kept, asked_at, replace_limit_table.token_id);
    made := shikaku.write_limit_table(replace_limit_table.first_month, replace_limit_table.last_month, replace_limit_table.source,
      replace_limit_table.note, replace_limit_table.amounts, asked_at, replace_limit_table.token_id, (change.kept).ended_the_one_before);
    outcome := 'replaced';
    document := shikaku.limit_table_document(made, replace_limit_table.this_month);
    version := shikaku.limit_table_tag(made);
  END IF;
  RETURN NEXT;
END
$$;

CREATE FUNCTION shikaku.withdraw_limit_table(asked_at timestamptz, this_month date, token_id bigint, month date, seen bigint)
RETURNS TABLE (outcome text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  change record;
BEGIN
  change := shikaku.limit_table_to_change(withdraw_limit_table.this_month, withdraw_limit_table.month, seen);
  outcome := coalesce(change.outcome, CASE WHEN change.next_month IS NOT NULL THEN 'followed' END, 'withdrawn');
  IF outcome = 'withdrawn' THEN
    PERFORM shikaku.take_back_limit_table(change.kept, asked_at, withdraw_limit_table.token_id);
    UPDATE shikaku.limit_tables AS t SET last_month = NULL
      WHERE (change.kept).ended_the_one_before AND t.withdrawn_at IS NULL
        AND t.last_month = (change.kept).first_month - interval '1 month';
  END IF;
  RETURN NEXT;
END
$$;

GRANT EXECUTE ON FUNCTION
  shikaku.list_limit_tables(date),
  shikaku.find_limit_table(date, date),
  shikaku.add_limit_table(timestamptz, date, bigint, date, date, text, text, jsonb, text, bytea, bytea),
  shikaku.replace_limit_table(timestamptz, date, bigint, date, bigint, date, date, text, text, jsonb),
  shikaku.withdraw_limit_table(timestamptz, date, bigint, date, bigint)
  TO shikaku_service;

COMMIT;
