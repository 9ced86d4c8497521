-- Revert shikaku:import_rest from pg

BEGIN;

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
      'members_missing', i.members_missing, 'members_ended', i.members_ended, 'created_at', shikaku.instant_text(j.created_at),
      'merge_started_at', shikaku.instant_text(i.merge_started_at), 'ended_at', shikaku.instant_text(j.ended_at))
    FROM shikaku.imports AS i JOIN shikaku.jobs AS j ON j.job_id = i.import_id
    WHERE i.insurer_number = find_import.insurer_number AND i.import_id = find_import.asked_id;
END
$$;

CREATE OR REPLACE FUNCTION shikaku.finish_import(import_id uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  IF (SELECT i.rows_created + i.rows_changed > 1000 FROM shikaku.imports AS i WHERE i.import_id = finish_import.import_id) THEN
    PERFORM shikaku.analyze_members();
    ANALYZE shikaku.standings, shikaku.links;
  END IF;
END
$$;

CREATE OR REPLACE FUNCTION shikaku.analyze_members() RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  ANALYZE shikaku.persons, shikaku.members, shikaku.memberships, shikaku.ratios, shikaku.limits, shikaku.specific_diseases,
    shikaku.eligibility_certificates, shikaku.pending_numbers;
END
$$;

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
  PERFORM shikaku.lock_merged(import, ends_missing);
  PERFORM shikaku.read_rows_to_merge(import);
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
  IF created + changed > 0 THEN
    PERFORM shikaku.merge_people(import.insurer_number, merge_import_slice.at);
    PERFORM shikaku.tell_progress(import, slice, 45);
    PERFORM shikaku.merge_periods(import.insurer_number, merge_import_slice.at);
    PERFORM shikaku.tell_progress(import, slice, 65);
    PERFORM shikaku.merge_spans('ratios', 'percent', 'x.ratio_percent', 'x.ratio_valid', 'true', import.insurer_number,
      merge_import_slice.at);
    PERFORM shikaku.merge_spans('limits', 'category, certificate, long_stay_from',
      'x.limit_category, x.limit_certificate, x.limit_long_stay_from', 'x.limit_valid', 'true', import.insurer_number,
      merge_import_slice.at);
    PERFORM shikaku.merge_spans('specific_diseases', 'category, self_pay', 'x.disease_category, x.disease_self_pay',
      'x.disease_valid', 't.category = x.disease_category', import.insurer_number, merge_import_slice.at);
    PERFORM shikaku.merge_certificates(merge_import_slice.at);
  END IF;
  IF ends_missing THEN
    ended := shikaku.end_missing(import, merge_import_slice.at);
  END IF;
  IF created > 1000 THEN
    PERFORM shikaku.analyze_members();
  END IF;
  PERFORM shikaku.tell_progress(import, slice, 75);
  PERFORM shikaku.merge_standings();
  UPDATE shikaku.imports AS i
    SET rows_merged = i.rows_merged + rows_of_the_slice - refused, rows_created = i.rows_created + created,
        rows_changed = i.rows_changed + changed,
        rows_unchanged = i.rows_unchanged + rows_of_the_slice - refused - created - changed,
        slices_merged = i.slices_merged + 1,
        members_ended = CASE WHEN i.mode = 'full' THEN coalesce(i.members_ended, 0) + ended END
    WHERE i.import_id = asked_id;
  PERFORM shikaku.end_merge(asked_id, merge_import_slice.runner);
  PERFORM shikaku.tell_progress(import, slice, 100);
  RETURN QUERY SELECT 'merged', import.slices - slice - 1;
END
$$;

DROP FUNCTION shikaku.merge_standings_of_portions(shikaku.imports, integer);
DROP FUNCTION shikaku.merge_portions(shikaku.imports, integer, timestamptz);
DROP FUNCTION shikaku.divide_into_portions(bigint);
DROP FUNCTION shikaku.show_keys(bigint, bigint);
DROP FUNCTION shikaku.show_lines(boolean, bigint, bigint);
DROP FUNCTION shikaku.rested_ms();
DROP FUNCTION shikaku.rest();
DROP FUNCTION shikaku.go_on();
DROP FUNCTION shikaku.begin_work();
DROP FUNCTION shikaku.look_at_desk(shikaku.pace);
DROP FUNCTION shikaku.keep_pace(shikaku.pace);
DROP FUNCTION shikaku.checks_counted();
DROP TYPE shikaku.pace;
ALTER TABLE shikaku.imports DROP COLUMN rested_ms;

COMMIT;
