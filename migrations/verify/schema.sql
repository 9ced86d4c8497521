-- Verify shikaku:schema on pg

BEGIN;

DO $$
BEGIN
  IF (SELECT count(*) FROM shikaku.schema_version WHERE version >= 1 AND oldest_service <= version) <> 1 THEN
    RAISE EXCEPTION 'shikaku.schema_version has not exactly one row';
  END IF;
  PERFORM '01130012'::shikaku.insurer_number, '00138057'::shikaku.insurer_number, '39131156'::shikaku.insurer_number;
  BEGIN
    PERFORM '01130013'::shikaku.insurer_number;
    RAISE EXCEPTION 'a wrong check digit passes';
  EXCEPTION WHEN check_violation THEN
    NULL;
  END;
  PERFORM '2026-11-22'::shikaku.day, '2026-11-22T00:00:00Z'::shikaku.moment, sha256('')::shikaku.sha256,
    '0110113719'::shikaku.institution_code, '資格'::shikaku.line, '１２'::shikaku.printed_identifier, '12'::shikaku.identifier_key;
END
$$;

ROLLBACK;
