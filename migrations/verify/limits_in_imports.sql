-- Verify shikaku:limits_in_imports on pg

BEGIN;

DO $$
DECLARE
  of_the_owner text;
BEGIN
  IF shikaku.elderly_first_day('1956-08-01') <> '2026-08-01' OR shikaku.elderly_first_day('1956-08-02') <> '2026-09-01'
      OR shikaku.elderly_first_day('1956-02-29') <> '2026-03-01' THEN
    RAISE EXCEPTION 'shikaku.elderly_first_day is not the month after the one in which 70 is reached';
  END IF;
  IF position('find_rows_that_do_not_fit' IN pg_get_functiondef('shikaku.refuse_rows(shikaku.imports)'::regprocedure)) = 0 THEN
    RAISE EXCEPTION 'shikaku.refuse_rows does not look at what is on record';
  END IF;
  FOREACH of_the_owner IN ARRAY ARRAY[
    'shikaku.find_rows_that_do_not_fit()',
    'shikaku.span_after(daterange, daterange)',
    'shikaku.elderly_first_day(date)']
  LOOP
    IF has_function_privilege('shikaku_service', of_the_owner, 'EXECUTE') THEN
      RAISE EXCEPTION 'shikaku_service may call %', of_the_owner;
    END IF;
  END LOOP;
END
$$;

ROLLBACK;
