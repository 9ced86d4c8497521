-- Verify shikaku:standings on pg

BEGIN;

SELECT membership_id, person_id, sibling_person_id, insurer_number, number_key, symbol_key, branch_number, symbol, number, birth_date,
  relationship, name, name_kana, name_other, sex, sex_on_face, address, insured_name, insured_birth_date, insured_lost_on, acquired_on,
  lost_on, loss_reason, ratio_percents, ratio_from, ratio_until, link_state, registered, cards_state, certificate_state,
  certificate_valid_until, non_disclosure, self_information_stopped, data_version
  FROM shikaku.standings WHERE false;

DO $$
DECLARE
  source text;
BEGIN
  -- The rows are compared as wholes: the same columns in the same order.
  IF ARRAY(SELECT attname FROM pg_catalog.pg_attribute
        WHERE attrelid = 'shikaku.standings'::regclass AND attnum > 0 AND NOT attisdropped AND attname <> 'data_version' ORDER BY attnum)
      <> ARRAY(SELECT attname FROM pg_catalog.pg_attribute
        WHERE attrelid = 'shikaku.standings_source'::regclass AND attnum > 0 ORDER BY attnum) THEN
    RAISE EXCEPTION 'shikaku.standings and shikaku.standings_source have different columns';
  END IF;
  FOREACH source IN ARRAY ARRAY['members', 'memberships', 'ratios', 'links', 'use_registrations', 'cards', 'eligibility_certificates']
  LOOP
    IF (SELECT count(*) FROM pg_catalog.pg_trigger
        WHERE tgrelid = ('shikaku.' || source)::regclass AND tgenabled = 'O'
          AND tgfoid = 'shikaku.keep_standings()'::regprocedure) <> 3 THEN
      RAISE EXCEPTION 'standings do not follow %', source;
    END IF;
  END LOOP;
  PERFORM shikaku.refresh_standings(ARRAY[0]::bigint[]);
  PERFORM 'shikaku.rebuild_standings()'::regprocedure, 'shikaku.compare_standings()'::regprocedure;
END
$$;

ROLLBACK;
