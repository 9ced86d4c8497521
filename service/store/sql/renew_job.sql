-- name: renew_job
-- Keeps a job: kept, cancelled or lost.
SELECT 1::int4 AS ordinal, shikaku.renew_job($1::uuid, $2::uuid, $3::timestamptz, $4::integer) AS said
