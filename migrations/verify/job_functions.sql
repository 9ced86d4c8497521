-- Verify shikaku:job_functions on pg

BEGIN;

SELECT percent FROM shikaku.jobs WHERE false;
SELECT slice_rows FROM shikaku.imports WHERE false;

DO $$
DECLARE
  of_the_service text;
  of_the_owner text;
BEGIN
  FOREACH of_the_service IN ARRAY ARRAY[
    'shikaku.open_import(uuid, text, timestamptz, bigint, uuid, timestamptz, text, boolean, boolean, numeric, date, text, text, bytea)',
    'shikaku.renew_import(uuid, uuid, timestamptz, bigint, bigint, bigint)',
    'shikaku.add_import_errors(uuid, uuid, bigint[], text[], text[], text[])',
    'shikaku.close_import(uuid, uuid, timestamptz, bigint, bigint, bigint, bigint, bigint)',
    'shikaku.fail_import(uuid, uuid, timestamptz, text)', 'shikaku.take_over_jobs(timestamptz)',
    'shikaku.claim_job(uuid, text[], timestamptz, timestamptz)', 'shikaku.renew_job(uuid, uuid, timestamptz, integer)',
    'shikaku.end_job(uuid, uuid, timestamptz, text, text)', 'shikaku.retry_job(uuid, uuid, timestamptz, text)',
    'shikaku.cancel_job(text, uuid, timestamptz)']
  LOOP
    IF NOT has_function_privilege('shikaku_service', of_the_service, 'EXECUTE') THEN
      RAISE EXCEPTION 'shikaku_service may not call %', of_the_service;
    END IF;
  END LOOP;
  FOREACH of_the_owner IN ARRAY ARRAY['shikaku.empty_slot(smallint)', 'shikaku.free_slot(uuid)', 'shikaku.forget_import_key(uuid)',
    'shikaku.finish_job(uuid, timestamptz, text, text)', 'shikaku.list_import_errors(uuid, bigint[], text[], text[], text[])']
  LOOP
    IF has_function_privilege('shikaku_service', of_the_owner, 'EXECUTE') THEN
      RAISE EXCEPTION 'shikaku_service may call %', of_the_owner;
    END IF;
  END LOOP;
END
$$;

ROLLBACK;
