-- Verify shikaku:import_merge on pg

BEGIN;

SELECT transaction FROM shikaku.deferred_transactions WHERE false;

DO $$
DECLARE
  of_the_owner text;
BEGIN
  IF has_table_privilege('shikaku_service', 'shikaku.deferred_transactions', 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
      OR has_table_privilege('shikaku_insurer', 'shikaku.deferred_transactions', 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE') THEN
    RAISE EXCEPTION 'checks may be deferred by whom they are meant for';
  END IF;
  IF NOT has_function_privilege('shikaku_service', 'shikaku.merge_import_slice(uuid, uuid, integer, timestamptz)', 'EXECUTE')
      OR NOT has_function_privilege('shikaku_service', 'shikaku.finish_import(uuid)', 'EXECUTE') THEN
    RAISE EXCEPTION 'shikaku_service may not merge';
  END IF;
  FOREACH of_the_owner IN ARRAY ARRAY[
    'shikaku.analyze_members()',
    'shikaku.end_merge(uuid, uuid)',
    'shikaku.tell_progress(shikaku.imports, integer, integer)',
    'shikaku.merge_standings()',
    'shikaku.end_missing(shikaku.imports, timestamptz)',
    'shikaku.merge_certificates(timestamptz)',
    'shikaku.merge_spans(text, text, text, text, text, text, timestamptz)',
    'shikaku.merge_periods(text, timestamptz)',
    'shikaku.merge_people(text, timestamptz)',
    'shikaku.refuse_rows(shikaku.imports)',
    'shikaku.spans_clash(daterange, daterange)',
    'shikaku.find_refused_rows(shikaku.imports)',
    'shikaku.find_insured(shikaku.imports)',
    'shikaku.read_rows_to_merge(shikaku.imports)',
    'shikaku.lock_merged(shikaku.imports, boolean)',
    'shikaku.find_missing(shikaku.imports, date)',
    'shikaku.find_rows_to_merge(shikaku.imports, integer)',
    'shikaku.slice_of(bigint, integer, integer)',
    'shikaku.days_of(text, text)',
    'shikaku.value_class(text)',
    'shikaku.known_later(timestamptz, timestamptz)',
    'shikaku.is_deferred()']
  LOOP
    IF has_function_privilege('shikaku_service', of_the_owner, 'EXECUTE') THEN
      RAISE EXCEPTION 'shikaku_service may call %', of_the_owner;
    END IF;
  END LOOP;
END
$$;

ROLLBACK;
