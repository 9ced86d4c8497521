-- Deploy shikaku:import_rest to pg
-- A merge takes one core for itself. While checks are being made, through whichever service, it works in portions and rests after each
-- of them, so that the desk keeps more than half of its rate; while none are, it does not.
--
--   begin_work()   from now on it works
--   rest()         after a portion: the share of its time that import_rest says, if the desk is at work
--
-- Still one transaction a slice, all or nothing. The functions of import_merge merge what pg_temp.merging, insured_of and changed show
-- them: these become views of a portion.

BEGIN;

ALTER TABLE shikaku.imports ADD COLUMN rested_ms bigint NOT NULL DEFAULT 0,
  ADD CONSTRAINT rested_ms_range CHECK (rested_ms >= 0);

-- How many checks were put on record by anybody, as the server counts them: a connection tells its own once a second.
CREATE FUNCTION shikaku.checks_counted() RETURNS bigint
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  PERFORM pg_stat_clear_snapshot();
  RETURN (SELECT sum(pg_stat_get_tuples_inserted(i.inhrelid)) FROM pg_inherits AS i WHERE i.inhparent = 'shikaku.checks'::regclass);
END
$$;

-- Kept by the session, as the setting shikaku.pace.
CREATE TYPE shikaku.pace AS (
  checks bigint,                   -- counted at the last look
  desk_works_until timestamptz,    -- if no more are counted
  working_since timestamptz,
  rested_ms bigint
);

CREATE FUNCTION shikaku.keep_pace(pace shikaku.pace) RETURNS void
LANGUAGE sql SET search_path = '' AS $$ SELECT set_config('shikaku.pace', $1::text, false) $$;

-- Checks are being made if one was counted within the last two seconds.
CREATE FUNCTION shikaku.look_at_desk(pace shikaku.pace) RETURNS shikaku.pace
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  checks CONSTANT bigint := shikaku.checks_counted();
BEGIN
  IF checks IS DISTINCT FROM pace.checks THEN
    pace.desk_works_until := clock_timestamp() + interval '2 seconds';
  END IF;
  pace.checks := checks;
  RETURN pace;
END
$$;

CREATE FUNCTION shikaku.begin_work() RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  pace shikaku.pace := nullif(current_setting('shikaku.pace', true), '')::shikaku.pace;
BEGIN
  pace.checks := shikaku.checks_counted();
  pace.desk_works_until := coalesce(pace.desk_works_until, '-infinity');
  pace.working_since := clock_timestamp();
  pace.rested_ms := 0;
  PERFORM shikaku.keep_pace(pace);
END
$$;

-- After a wait, which was no work.
CREATE FUNCTION shikaku.go_on() RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  pace shikaku.pace := current_setting('shikaku.pace')::shikaku.pace;
BEGIN
  pace.working_since := clock_timestamp();
  PERFORM shikaku.keep_pace(pace);
END
$$;

-- After work since begin_work or the last rest. The setting shikaku.import_rest: hundredths of the time worked. Ends early when the desk
-- has come to rest itself, and at once when the statement is cancelled.
CREATE FUNCTION shikaku.rest() RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  share CONSTANT integer := coalesce(nullif(current_setting('shikaku.import_rest', true), ''), '100')::integer;
  pace shikaku.pace := shikaku.look_at_desk(current_setting('shikaku.pace')::shikaku.pace);
  begun CONSTANT timestamptz := clock_timestamp();
  due CONSTANT timestamptz := begun + (begun - pace.working_since) * share / 100;
BEGIN
  pace.working_since := begun;
  WHILE pace.working_since < least(due, pace.desk_works_until) LOOP
    PERFORM pg_sleep(least(0.25, extract(epoch FROM due - pace.working_since)));
    pace := shikaku.look_at_desk(pace);
    pace.working_since := clock_timestamp();
  END LOOP;
  pace.rested_ms := pace.rested_ms + round(extract(epoch FROM pace.working_since - begun) * 1000);
  PERFORM shikaku.keep_pace(pace);
END
$$;

-- Milliseconds since begin_work.
CREATE FUNCTION shikaku.rested_ms() RETURNS bigint
LANGUAGE sql SET search_path = '' AS $$ SELECT (current_setting('shikaku.pace')::shikaku.pace).rested_ms $$;

-- Which rows the views show: those of these lines, dependants or others.
CREATE FUNCTION shikaku.show_lines(dependants boolean, first_line bigint, last_line bigint) RETURNS void
LANGUAGE sql SET search_path = '' AS $$
  SELECT set_config('shikaku.dependants', $1::text, true), set_config('shikaku.first_line', $2::text, true),
    set_config('shikaku.last_line', $3::text, true)
$$;

-- ... and the changed members with these keys.
CREATE FUNCTION shikaku.show_keys(first_key bigint, last_key bigint) RETURNS void
LANGUAGE sql SET search_path = '' AS $$
  SELECT set_config('shikaku.first_key', $1::text, true), set_config('shikaku.last_key', $2::text, true)
$$;

-- Makes views of what is merged, which show nothing yet; pg_temp.portions and key_portions: the portions, of at least 2,000 rows. Insured
-- persons come first: their dependants refer to them. A portion takes some locks, for tables of its own, that last as long as the
-- transaction, and there is room for some thousands: so there are at most some 250 portions.
CREATE FUNCTION shikaku.divide_into_portions(rows_to_merge bigint) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  rows_a_portion CONSTANT bigint := greatest(2000, rows_to_merge / 250);
BEGIN
  CREATE INDEX ON pg_temp.merging (line);
  ALTER TABLE pg_temp.merging RENAME TO all_merging;
  CREATE TEMP VIEW merging AS
    SELECT x.* FROM pg_temp.all_merging AS x
      WHERE x.line BETWEEN current_setting('shikaku.first_line')::bigint AND current_setting('shikaku.last_line')::bigint
        AND (x.relationship IS NOT DISTINCT FROM 'dependent') = current_setting('shikaku.dependants')::boolean;
  CREATE INDEX ON pg_temp.insured_of (line);
  ALTER TABLE pg_temp.insured_of RENAME TO all_insured_of;
  CREATE TEMP VIEW insured_of AS
    SELECT i.* FROM pg_temp.all_insured_of AS i
      WHERE i.line BETWEEN current_setting('shikaku.first_line')::bigint AND current_setting('shikaku.last_line')::bigint;
  CREATE INDEX ON pg_temp.changed (member_key);
  ALTER TABLE pg_temp.changed RENAME TO all_changed;
  CREATE TEMP VIEW changed AS
    SELECT c.* FROM pg_temp.all_changed AS c
      WHERE c.member_key BETWEEN current_setting('shikaku.first_key')::bigint AND current_setting('shikaku.last_key')::bigint;
  PERFORM shikaku.show_lines(false, 1, 0);
  PERFORM shikaku.show_keys(1, 0);

  CREATE TEMP TABLE portions ON COMMIT DROP AS
    SELECT row_number() OVER (ORDER BY p.dependants, min(p.line)) AS number, p.dependants, min(p.line) AS first_line, max(p.line) AS last_line
      FROM (SELECT x.line, x.dependants,
          (row_number() OVER (PARTITION BY x.dependants ORDER BY x.line) - 1) / rows_a_portion AS number
        FROM (SELECT a.line, a.relationship IS NOT DISTINCT FROM 'dependent' AS dependants FROM pg_temp.all_merging AS a) AS x) AS p
      GROUP BY p.dependants, p.number;
  CREATE TEMP TABLE key_portions ON COMMIT DROP AS
    SELECT row_number() OVER (ORDER BY min(p.member_key)) AS number, min(p.member_key) AS first_key, max(p.member_key) AS last_key
      FROM (SELECT c.member_key, (row_number() OVER (ORDER BY c.member_key) - 1) / rows_a_portion AS number
        FROM pg_temp.all_changed AS c) AS p
      GROUP BY p.number;
END
$$;

CREATE FUNCTION shikaku.merge_portions(import shikaku.imports, slice integer, at timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  portions CONSTANT bigint := (SELECT count(*) FROM pg_temp.portions);
  portion record;
BEGIN
  FOR portion IN SELECT * FROM pg_temp.portions ORDER BY number LOOP
    PERFORM shikaku.show_lines(portion.dependants, portion.first_line, portion.last_line);
    PERFORM shikaku.merge_people(import.insurer_number, at);
    PERFORM shikaku.merge_periods(import.insurer_number, at);
    PERFORM shikaku.merge_spans('ratios', 'percent', 'x.ratio_percent', 'x.ratio_valid', 'true', import.insurer_number, at);
    PERFORM shikaku.merge_spans('limits', 'category, certificate, long_stay_from',
      'x.limit_category, x.limit_certificate, x.limit_long_stay_from', 'x.limit_valid', 'true', import.insurer_number, at);
    PERFORM shikaku.merge_spans('specific_diseases', 'category, self_pay', 'x.disease_category, x.disease_self_pay',
      'x.disease_valid', 't.category = x.disease_category', import.insurer_number, at);
    IF EXISTS (SELECT FROM pg_temp.merging AS x WHERE x.certificate_valid_from IS NOT NULL) THEN
      PERFORM shikaku.merge_certificates(at);
      DROP TABLE pg_temp.issued;
    END IF;
    PERFORM shikaku.tell_progress(import, slice, (25 + 50 * portion.number / portions)::integer);
    PERFORM shikaku.rest();
  END LOOP;
END
$$;

-- The new members' rows, then those of all that hangs together with the changed ones. With limits of 8 the planner does not begin with the
-- portion and reads all members for each.
CREATE FUNCTION shikaku.merge_standings_of_portions(import shikaku.imports, slice integer) RETURNS void
LANGUAGE plpgsql SET search_path = '' SET from_collapse_limit = 16 SET join_collapse_limit = 16 AS $$
DECLARE
  portions CONSTANT bigint := (SELECT count(*) FROM pg_temp.portions);
  portion record;
BEGIN
  FOR portion IN SELECT * FROM pg_temp.portions ORDER BY number LOOP
    PERFORM shikaku.show_lines(portion.dependants, portion.first_line, portion.last_line);
    PERFORM shikaku.merge_standings();
    DROP TABLE pg_temp.touched;
    PERFORM shikaku.tell_progress(import, slice, (75 + 20 * portion.number / portions)::integer);
    PERFORM shikaku.rest();
  END LOOP;
  PERFORM shikaku.show_lines(false, 1, 0);
  FOR portion IN SELECT * FROM pg_temp.key_portions ORDER BY number LOOP
    PERFORM shikaku.show_keys(portion.first_key, portion.last_key);
    PERFORM shikaku.merge_standings();
    DROP TABLE pg_temp.touched;
    PERFORM shikaku.rest();
  END LOOP;
END
$$;

-- As in import_merge, at the desk's pace.
CREATE OR REPLACE FUNCTION shikaku.merge_import_slice(import_id uuid, runner uuid, slice integer, at timestamptz)
RETURNS TABLE (outcome text, slices_left integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET jit = off SET work_mem = '64MB'
  SET max_parallel_workers_per_gather = 0 AS $$
#variable_conflict use_column
DECLARE
  asked_id CONSTANT uuid := merge_import_slice.import_id;
  import shikaku.imports;
  rows_of_the_slice bigint;
  refused bigint;
  changed bigint;
  created bigint;
  ended bigint := 0;
  is_last boolean;
  ends_missing boolean;
BEGIN
  PERFORM shikaku.standings_need_read_committed();
  SELECT i.* INTO STRICT import FROM shikaku.imports AS i WHERE i.import_id = asked_id;
  PERFORM pg_advisory_xact_lock(hashtextextended('shikaku.merge ' || import.insurer_number, 0));
  SELECT i.* INTO STRICT import FROM shikaku.imports AS i WHERE i.import_id = asked_id;
  IF import.slices_merged > slice OR import.slot IS NULL THEN
    RETURN QUERY SELECT 'merged', import.slices - import.slices_merged;
    RETURN;
  END IF;
  PERFORM shikaku.begin_work();
  is_last := slice = import.slices - 1;
  INSERT INTO shikaku.deferred_transactions VALUES (pg_current_xact_id());
  EXECUTE format('ANALYZE shikaku.staged_members_%s', import.slot);
  rows_of_the_slice := shikaku.find_rows_to_merge(import, slice);
  PERFORM shikaku.tell_progress(import, slice, 10);

  IF import.mode = 'full' AND slice = 0 AND NOT shikaku.find_missing(import,
      coalesce(import.missing_lost_on, (merge_import_slice.at AT TIME ZONE 'Asia/Tokyo')::date)) THEN
    PERFORM shikaku.end_merge(asked_id, merge_import_slice.runner);
    RETURN QUERY SELECT 'too_many_missing', import.slices;
    RETURN;
  END IF;
  ends_missing := is_last AND import.end_missing AND import.rows_failed = 0;
  PERFORM shikaku.rest();
  PERFORM shikaku.lock_merged(import, ends_missing);
  PERFORM shikaku.go_on();
  PERFORM shikaku.read_rows_to_merge(import);
  PERFORM shikaku.rest();
  refused := shikaku.refuse_rows(import);
  PERFORM shikaku.tell_progress(import, slice, 25);
  IF refused > 0 AND NOT import.keep_good_rows THEN
    PERFORM shikaku.end_merge(asked_id, merge_import_slice.runner);
    RETURN QUERY SELECT 'rows_refused', import.slices - slice;
    RETURN;
  END IF;
  ends_missing := ends_missing AND refused = 0;
  PERFORM shikaku.leave_unchanged();

  SELECT count(*) FILTER (WHERE x.is_new), count(*) FILTER (WHERE NOT x.is_new) INTO created, changed
    FROM pg_temp.merging AS x;
  PERFORM shikaku.divide_into_portions(rows_of_the_slice);
  PERFORM shikaku.rest();
  PERFORM shikaku.merge_portions(import, slice, merge_import_slice.at);
  IF ends_missing THEN
    ended := shikaku.end_missing(import, merge_import_slice.at);
  END IF;
  PERFORM shikaku.rest();
  IF created > 1000 THEN
    PERFORM shikaku.analyze_members();
  END IF;
  PERFORM shikaku.tell_progress(import, slice, 75);
  PERFORM shikaku.merge_standings_of_portions(import, slice);
  UPDATE shikaku.imports AS i
    SET rows_merged = i.rows_merged + rows_of_the_slice - refused, rows_created = i.rows_created + created,
        rows_changed = i.rows_changed + changed,
        rows_unchanged = i.rows_unchanged + rows_of_the_slice - refused - created - changed,
        slices_merged = i.slices_merged + 1,
        members_ended = CASE WHEN i.mode = 'full' THEN coalesce(i.members_ended, 0) + ended END,
        rested_ms = i.rested_ms + shikaku.rested_ms()
    WHERE i.import_id = asked_id;
  PERFORM shikaku.end_merge(asked_id, merge_import_slice.runner);
  PERFORM shikaku.tell_progress(import, slice, 100);
  RETURN QUERY SELECT 'merged', import.slices - slice - 1;
END
$$;

-- A plan made on an almost empty table is a thousand times slower after a load.
CREATE OR REPLACE FUNCTION shikaku.analyze_members() RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  loaded text;
BEGIN
  FOREACH loaded IN ARRAY ARRAY['persons', 'members', 'memberships', 'ratios', 'limits', 'specific_diseases', 'eligibility_certificates',
    'pending_numbers']
  LOOP
    EXECUTE format('ANALYZE shikaku.%I', loaded);
    PERFORM shikaku.rest();
  END LOOP;
END
$$;

-- After the last slice.
CREATE OR REPLACE FUNCTION shikaku.finish_import(import_id uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  IF (SELECT i.rows_created + i.rows_changed > 1000 FROM shikaku.imports AS i WHERE i.import_id = finish_import.import_id) THEN
    PERFORM shikaku.begin_work();
    PERFORM shikaku.analyze_members();
    ANALYZE shikaku.standings, shikaku.links;
    UPDATE shikaku.imports AS i SET rested_ms = i.rested_ms + shikaku.rested_ms() WHERE i.import_id = finish_import.import_id;
  END IF;
END
$$;

-- As GET …/imports/{import_id} gives it. rate: rows read a second, from the beginning until the end or `at`; none in no time at all.
CREATE OR REPLACE FUNCTION shikaku.find_import(insurer_number text, asked_id uuid, at timestamptz) RETURNS TABLE (document json)
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
      'rested_ms', i.rested_ms, 'members_missing', i.members_missing, 'members_ended', i.members_ended, 'created_at', shikaku.instant_text(j.created_at),
      'merge_started_at', shikaku.instant_text(i.merge_started_at), 'ended_at', shikaku.instant_text(j.ended_at))
    FROM shikaku.imports AS i JOIN shikaku.jobs AS j ON j.job_id = i.import_id
    WHERE i.insurer_number = find_import.insurer_number AND i.import_id = find_import.asked_id;
END
$$;

COMMIT;
