-- Verify shikaku:history on pg

BEGIN;

DO $$
DECLARE
  table_name text;
  wanted text[];
  found text[];
BEGIN
  FOREACH table_name IN ARRAY ARRAY['members', 'memberships', 'ratios', 'links', 'eligibility_certificates'] LOOP
    wanted := ARRAY(SELECT attname FROM pg_catalog.pg_attribute
      WHERE attrelid = ('shikaku.' || table_name)::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attname);
    found := ARRAY(SELECT attname FROM pg_catalog.pg_attribute
      WHERE attrelid = ('shikaku.' || table_name || '_history')::regclass AND attnum > 0 AND NOT attisdropped
        AND attname <> 'known_until' ORDER BY attname);
    IF wanted <> found THEN
      RAISE EXCEPTION '% and its history have different columns: % and %', table_name, wanted, found;
    END IF;
    EXECUTE format('SELECT known_until FROM shikaku.%I WHERE false', table_name || '_history');
    IF (SELECT count(*) FROM pg_catalog.pg_trigger
        WHERE tgrelid = ('shikaku.' || table_name)::regclass AND tgenabled = 'O'
          AND tgfoid = 'shikaku.keep_history()'::regprocedure) <> (CASE table_name WHEN 'links' THEN 3 ELSE 2 END) THEN
      RAISE EXCEPTION 'nothing keeps the history of %', table_name;
    END IF;
  END LOOP;
END
$$;

ROLLBACK;
