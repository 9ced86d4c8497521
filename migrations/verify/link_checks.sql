-- Verify shikaku:link_checks on pg

BEGIN;

SELECT warned, offered_code, decision, decided_by, note FROM shikaku.links WHERE false;
SELECT warned, offered_code, decision, decided_by, note, known_until FROM shikaku.links_history WHERE false;
SELECT 'shikaku.links_mismatches'::regclass;

DO $$
DECLARE
  signature text;
BEGIN
  FOREACH signature IN ARRAY ARRAY[
    'shikaku.claim_link_checks(timestamptz, timestamptz, integer)',
    'shikaku.record_link_checks(bigint[], bytea[], timestamptz[], timestamptz, text[], text[], text[], text[])',
    'shikaku.postpone_link_check(bigint, bytea, timestamptz)',
    'shikaku.list_link_mismatches(text, text, bigint)',
    'shikaku.decide_link(text, text, timestamptz, bigint, text, text, text, text, bytea, bytea)']
  LOOP
    IF NOT has_function_privilege('shikaku_service', signature, 'EXECUTE') THEN
      RAISE EXCEPTION 'shikaku_service may not call %', signature;
    END IF;
  END LOOP;
  FOREACH signature IN ARRAY ARRAY['shikaku.join_persons(text, bigint[], text[], text[], timestamptz)', 'shikaku.leave_to(bigint, bigint)',
    'shikaku.lock_for_joining(bigint[], text[])',
    'shikaku.lock_families(bigint[])']
  LOOP
    IF has_function_privilege('shikaku_service', signature, 'EXECUTE') THEN
      RAISE EXCEPTION 'shikaku_service may call %', signature;
    END IF;
  END LOOP;
  IF EXISTS (SELECT FROM pg_catalog.pg_proc
      WHERE proname IN ('list_link_mismatches', 'decide_link') AND pronamespace = 'shikaku'::regnamespace
        AND proowner <> 'shikaku_insurer'::regrole) THEN
    RAISE EXCEPTION 'nothing keeps insurers apart in the functions of links';
  END IF;
END
$$;

ROLLBACK;
