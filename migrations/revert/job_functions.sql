-- Revert shikaku:job_functions from pg

BEGIN;

DROP FUNCTION shikaku.cancel_job(text, uuid, timestamptz);
DROP FUNCTION shikaku.retry_job(uuid, uuid, timestamptz, text);
DROP FUNCTION shikaku.end_job(uuid, uuid, timestamptz, text, text);
DROP FUNCTION shikaku.renew_job(uuid, uuid, timestamptz, integer);
DROP FUNCTION shikaku.claim_job(uuid, text[], timestamptz, timestamptz);
DROP FUNCTION shikaku.take_over_jobs(timestamptz);
DROP FUNCTION shikaku.fail_import(uuid, uuid, timestamptz, text);
DROP FUNCTION shikaku.close_import(uuid, uuid, timestamptz, bigint, bigint, bigint, bigint, bigint);
DROP FUNCTION shikaku.add_import_errors(uuid, uuid, bigint[], text[], text[], text[]);
DROP FUNCTION shikaku.list_import_errors(uuid, bigint[], text[], text[], text[]);
DROP FUNCTION shikaku.renew_import(uuid, uuid, timestamptz, bigint, bigint, bigint);
DROP FUNCTION shikaku.open_import(uuid, text, timestamptz, bigint, uuid, timestamptz, text, boolean, boolean, numeric, date, text, text,
  bytea);
DROP FUNCTION shikaku.forget_import_key(uuid);
DROP FUNCTION shikaku.finish_job(uuid, timestamptz, text, text);
DROP FUNCTION shikaku.free_slot(uuid);
DROP FUNCTION shikaku.empty_slot(smallint);
ALTER TABLE shikaku.imports DROP COLUMN slice_rows;
ALTER TABLE shikaku.jobs DROP COLUMN percent;

COMMIT;
