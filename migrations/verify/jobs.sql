-- Verify shikaku:jobs on pg

BEGIN;

SELECT job_id, kind, insurer_number, state, created_at, created_by, started_at, ended_at, runner, lease_until, attempts, not_before,
    cancel_requested, failure
  FROM shikaku.jobs WHERE false;
SELECT 'shikaku.jobs_to_do'::regclass, 'shikaku.jobs_leases'::regclass, 'shikaku.jobs_of_an_insurer'::regclass,
  'shikaku.jobs_one_import_of_an_insurer'::regclass;

DO $$
BEGIN
  IF has_table_privilege('shikaku_service', 'shikaku.jobs', 'INSERT, UPDATE, DELETE, TRUNCATE')
      OR NOT has_table_privilege('shikaku_service', 'shikaku.jobs', 'SELECT') THEN
    RAISE EXCEPTION 'shikaku_service may do what it should not, or may not what it should';
  END IF;
END
$$;

ROLLBACK;
