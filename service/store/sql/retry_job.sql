-- name: retry_job
-- Gives a job back, for another attempt.
SELECT 1::int4 AS ordinal, shikaku.retry_job($1::uuid, $2::uuid, $3::timestamptz, $4::text) AS said
