-- name: end_job
-- Ends a job of this process.
SELECT 1::int4 AS ordinal, shikaku.end_job($1::uuid, $2::uuid, $3::timestamptz, $4::text, $5::text) AS ended
