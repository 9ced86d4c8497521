-- Verify shikaku:import_rest on pg

BEGIN;

SELECT rested_ms FROM shikaku.imports WHERE false;

DO $$
DECLARE
  of_the_owner text;
BEGIN
  IF (SELECT p.proowner FROM pg_catalog.pg_proc AS p WHERE p.oid = 'shikaku.find_import(text, uuid, timestamptz)'::regprocedure)
      <> 'shikaku_insurer'::regrole THEN
    RAISE EXCEPTION 'insurers could see each other''s imports';
  END IF;
  FOREACH of_the_owner IN ARRAY ARRAY[
    'shikaku.merge_standings_of_portions(shikaku.imports, integer)',
    'shikaku.merge_portions(shikaku.imports, integer, timestamptz)',
    'shikaku.divide_into_portions(bigint)',
    'shikaku.show_keys(bigint, bigint)',
    'shikaku.show_lines(boolean, bigint, bigint)',
    'shikaku.rested_ms()',
    'shikaku.rest()',
    'shikaku.go_on()',
    'shikaku.begin_work()',
    'shikaku.look_at_desk(shikaku.pace)',
    'shikaku.keep_pace(shikaku.pace)',
    'shikaku.checks_counted()']
  LOOP
    IF has_function_privilege('shikaku_service', of_the_owner, 'EXECUTE') THEN
      RAISE EXCEPTION 'shikaku_service may call %', of_the_owner;
    END IF;
  END LOOP;
END
$$;

ROLLBACK;
