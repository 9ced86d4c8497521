-- name: cancel_import
-- Cancels a job of an insurer.
SELECT shikaku.cancel_job($1::text, $2::uuid, $3::timestamptz) AS outcome
