-- Verify shikaku:memberships on pg

BEGIN;

SELECT membership_id, member_key, insurer_number, relationship, insured_membership_id, symbol, number, branch_number, symbol_key,
  number_key, acquired_on, lost_on, loss_reason, known_from, insured_relationship
  FROM shikaku.memberships WHERE false;

DO $$
BEGIN
  IF (SELECT count(*) FROM pg_catalog.pg_trigger
      WHERE tgrelid = 'shikaku.memberships'::regclass AND tgenabled = 'O'
        AND tgfoid = 'shikaku.memberships_do_not_overlap()'::regprocedure) <> 2 THEN
    RAISE EXCEPTION 'nothing compares the periods of a member';
  END IF;
END
$$;

ROLLBACK;
