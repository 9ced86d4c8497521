-- Revert shikaku:insurer_statistics from pg
-- Records that name an insurer would not verify without it: they are evidence, so this stops where there are any.

BEGIN;

DO $$
BEGIN
  IF EXISTS (SELECT FROM shikaku.checks WHERE insurer_number IS NOT NULL) THEN
    RAISE EXCEPTION 'records of checks name an insurer: what their digests hold is not taken away'
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
END
$$;

DROP FUNCTION shikaku.count_members(text, date, date, bigint);
DROP FUNCTION shikaku.count_touched(text, date, timestamptz, bigint[]);
DROP FUNCTION shikaku.count_untouched(text, date, timestamptz, bigint[]);
DROP TYPE shikaku.member_counts;
DROP VIEW shikaku.own_checks, shikaku.own_certificates, shikaku.own_registrations, shikaku.own_standings;
ALTER TABLE shikaku.checks DROP COLUMN insurer_number;

COMMIT;
