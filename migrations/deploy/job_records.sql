-- Deploy shikaku:job_records to pg
-- An insurer sees its own jobs and imports, behind the wall of row-level security.

BEGIN;

-- Several of one line have an order, too.
ALTER TABLE shikaku.import_errors ADD COLUMN error_id bigint GENERATED ALWAYS AS IDENTITY;

DO $$
DECLARE
  walled record;
BEGIN
  FOR walled IN SELECT * FROM (VALUES ('jobs', true), ('imports', true), ('import_errors', false), ('import_missing', false))
    AS w (table_name, has_insurer)
  LOOP
    EXECUTE format('ALTER TABLE shikaku.%I ENABLE ROW LEVEL SECURITY', walled.table_name);
    EXECUTE format('CREATE POLICY the_insurers_own ON shikaku.%I FOR SELECT TO shikaku_insurer USING (%s)', walled.table_name,
      CASE WHEN walled.has_insurer THEN 'insurer_number = current_setting(''shikaku.insurer'', true)'
        ELSE format('EXISTS (SELECT FROM shikaku.imports AS i WHERE i.import_id = %I.import_id)', walled.table_name) END);
    EXECUTE format('CREATE POLICY the_service_reads_all ON shikaku.%I FOR SELECT TO shikaku_service USING (true)', walled.table_name);
    EXECUTE format('GRANT SELECT ON shikaku.%I TO shikaku_insurer', walled.table_name);
  END LOOP;
END
$$;

-- As GET /v1/jobs/{job_id} gives it. No row: this insurer has no such job.
CREATE FUNCTION shikaku.find_job(insurer_number text, asked_id uuid) RETURNS TABLE (document json)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  PERFORM shikaku.enter_insurer(find_job.insurer_number);
  RETURN QUERY SELECT json_build_object(
      'job_id', j.job_id, 'kind', j.kind, 'insurer_number', j.insurer_number, 'state', j.state, 'percent', j.percent,
      'attempts', j.attempts, 'cancel_requested', j.cancel_requested, 'failure', j.failure,
      'created_at', shikaku.instant_text(j.created_at), 'started_at', shikaku.instant_text(j.started_at),
      'ended_at', shikaku.instant_text(j.ended_at))
    FROM shikaku.jobs AS j
    WHERE j.insurer_number = find_job.insurer_number AND j.job_id = find_job.asked_id;
END
$$;

-- As GET …/imports/{import_id} gives it. rate: rows read a second, from the beginning until the end or `at`; none in no time at all.
CREATE FUNCTION shikaku.find_import(insurer_number text, asked_id uuid, at timestamptz) RETURNS TABLE (document json)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  PERFORM shikaku.enter_insurer(find_import.insurer_number);
  RETURN QUERY SELECT json_build_object(
      'import_id', i.import_id, 'insurer_number', i.insurer_number, 'state', j.state, 'failure', j.failure, 'percent', j.percent,
      'rate', round(i.rows_read / nullif(extract(epoch FROM coalesce(j.ended_at, find_import.at) - j.created_at), 0)),
      'cancel_requested', j.cancel_requested, 'mode', i.mode, 'partial', i.keep_good_rows, 'end_missing', i.end_missing,
      'missing_max_percent', i.missing_max_percent, 'missing_lost_on', i.missing_lost_on, 'format', i.format,
      'encoding', i.encoding, 'bytes_read', i.bytes_read, 'rows_read', i.rows_read, 'rows_valid', i.rows_valid,
      'rows_failed', i.rows_failed, 'errors', i.errors, 'rows_merged', i.rows_merged, 'rows_created', i.rows_created,
      'rows_changed', i.rows_changed, 'rows_unchanged', i.rows_unchanged, 'slices', i.slices, 'slices_merged', i.slices_merged,
      'members_missing', i.members_missing, 'members_ended', i.members_ended, 'created_at', shikaku.instant_text(j.created_at),
      'merge_started_at', shikaku.instant_text(i.merge_started_at), 'ended_at', shikaku.instant_text(j.ended_at))
    FROM shikaku.imports AS i JOIN shikaku.jobs AS j ON j.job_id = i.import_id
    WHERE i.insurer_number = find_import.insurer_number AND i.import_id = find_import.asked_id;
END
$$;

-- A page of an import's errors, in the order of their lines. after: "line.error", as last_id says it; one of another form is the
-- beginning. No row: this insurer has no such import.
CREATE FUNCTION shikaku.page_import_errors(insurer_number text, asked_id uuid, after text, count bigint)
RETURNS TABLE (items json, last_id text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  place CONSTANT text := CASE WHEN after ~ '^[0-9]{1,18}[.][0-9]{1,18}$' THEN after ELSE '0.0' END;
BEGIN
  PERFORM shikaku.enter_insurer(page_import_errors.insurer_number);
  RETURN QUERY
    WITH page AS (
      SELECT e.line, e.error_id, e.field, e.value_class, e.reason, row_number() OVER (ORDER BY e.line, e.error_id) AS number
        FROM shikaku.import_errors AS e
        WHERE e.import_id = asked_id
          AND (e.line, e.error_id) > (split_part(place, '.', 1)::bigint, split_part(place, '.', 2)::bigint)
        ORDER BY e.line, e.error_id LIMIT page_import_errors.count + 1
    )
    SELECT
        coalesce((SELECT json_agg(json_build_object('line', p.line, 'field', p.field, 'value_class', p.value_class, 'reason', p.reason)
            ORDER BY p.number) FROM page AS p WHERE p.number <= page_import_errors.count), '[]'::json),
        (SELECT p.line || '.' || p.error_id FROM page AS p
          WHERE p.number = page_import_errors.count AND EXISTS (SELECT FROM page AS more WHERE more.number > p.number))
      FROM shikaku.imports AS i
      WHERE i.insurer_number = page_import_errors.insurer_number AND i.import_id = asked_id;
END
$$;

-- The same of whom a full file does not name: their member_ids.
CREATE FUNCTION shikaku.page_import_missing(insurer_number text, asked_id uuid, after text, count bigint)
RETURNS TABLE (items json, last_id text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  place CONSTANT bigint := CASE WHEN after ~ '^[0-9]{1,18}$' THEN after::bigint ELSE 0 END;
BEGIN
  PERFORM shikaku.enter_insurer(page_import_missing.insurer_number);
  RETURN QUERY
    WITH page AS (
      SELECT x.member_key, row_number() OVER (ORDER BY x.member_key) AS number FROM shikaku.import_missing AS x
        WHERE x.import_id = asked_id AND x.member_key > place ORDER BY x.member_key LIMIT page_import_missing.count + 1
    )
    SELECT
        coalesce((SELECT json_agg(m.member_id ORDER BY p.number) FROM page AS p JOIN shikaku.members AS m ON m.member_key = p.member_key
          WHERE p.number <= page_import_missing.count), '[]'::json),
        (SELECT p.member_key::text FROM page AS p
          WHERE p.number = page_import_missing.count AND EXISTS (SELECT FROM page AS more WHERE more.number > p.number))
      FROM shikaku.imports AS i
      WHERE i.insurer_number = page_import_missing.insurer_number AND i.import_id = asked_id;
END
$$;

GRANT EXECUTE ON FUNCTION shikaku.instant_text(timestamptz) TO shikaku_insurer;
GRANT CREATE ON SCHEMA shikaku TO shikaku_insurer;
DO $$
DECLARE
  served text;
BEGIN
  FOREACH served IN ARRAY ARRAY['find_job(text, uuid)', 'find_import(text, uuid, timestamptz)',
    'page_import_errors(text, uuid, text, bigint)', 'page_import_missing(text, uuid, text, bigint)']
  LOOP
    EXECUTE format('ALTER FUNCTION shikaku.%s OWNER TO shikaku_insurer', served);
    EXECUTE format('REVOKE ALL ON FUNCTION shikaku.%s FROM PUBLIC', served);
    EXECUTE format('GRANT EXECUTE ON FUNCTION shikaku.%s TO shikaku_service', served);
  END LOOP;
END
$$;
REVOKE CREATE ON SCHEMA shikaku FROM shikaku_insurer;

COMMIT;
