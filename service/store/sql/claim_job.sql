-- name: claim_job
-- Takes the job of these kinds that has waited longest. No row: there is nothing to do.
SELECT 1::int4 AS ordinal, c.job_id, c.kind, c.insurer_number, c.attempts
  FROM shikaku.claim_job($1::uuid, $2::text[], $3::timestamptz, $4::timestamptz) AS c
