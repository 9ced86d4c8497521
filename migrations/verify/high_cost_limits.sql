-- Verify shikaku:high_cost_limits on pg

BEGIN;

SELECT table_id, first_month, last_month, version, source, note, registered_at, registered_by, withdrawn_at, withdrawn_by
  FROM shikaku.limit_tables WHERE false;
SELECT table_id, category, base, threshold, rate_percent, multiple, outpatient, annual, annual_low_income, outpatient_annual
  FROM shikaku.limit_amounts WHERE false;
SELECT ceiling_month_id, member_key, insurer_number, symbol_key, number_key, month, institution_code, counts_from, reported_at, reported_by
  FROM shikaku.ceiling_months WHERE false;
SELECT care_month FROM shikaku.checks WHERE false;
SELECT limit_categories, limit_certificates, limit_from, limit_until, limit_long_stay_from, disease_categories, disease_self_pays, disease_from,
  disease_until FROM shikaku.standings WHERE false;

DO $$
DECLARE
  source text;
BEGIN
  IF ARRAY(SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = 'shikaku.standings_kept'::regclass AND attnum > 0 ORDER BY attnum)
      <> ARRAY(SELECT attname FROM pg_catalog.pg_attribute
        WHERE attrelid = 'shikaku.standings_source'::regclass AND attnum > 0 ORDER BY attnum) THEN
    RAISE EXCEPTION 'shikaku.standings_kept and shikaku.standings_source have different columns';
  END IF;
  FOREACH source IN ARRAY ARRAY['limits', 'specific_diseases'] LOOP
    IF (SELECT count(*) FROM pg_catalog.pg_trigger
        WHERE tgrelid = ('shikaku.' || source)::regclass AND tgenabled = 'O'
          AND tgfoid = 'shikaku.keep_standings()'::regprocedure) <> 3 THEN
      RAISE EXCEPTION 'standings do not follow %', source;
    END IF;
  END LOOP;
  IF NOT (SELECT c.relrowsecurity FROM pg_catalog.pg_class AS c WHERE c.oid = 'shikaku.ceiling_months'::regclass) THEN
    RAISE EXCEPTION 'nothing keeps insurers apart in ceiling_months';
  END IF;
  IF has_table_privilege('shikaku_service', 'shikaku.limit_tables', 'INSERT, UPDATE, DELETE')
      OR has_table_privilege('shikaku_service', 'shikaku.ceiling_months', 'INSERT, UPDATE, DELETE') THEN
    RAISE EXCEPTION 'shikaku_service writes limit tables or ceiling months other than by functions';
  END IF;
END
$$;

ROLLBACK;
