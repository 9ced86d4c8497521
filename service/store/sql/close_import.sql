-- name: close_import
-- The file is in: queued, failed, cancelled or lost.
SELECT shikaku.close_import($1::uuid, $2::uuid, $3::timestamptz, $4::bigint, $5::bigint, $6::bigint, $7::bigint, $8::bigint) AS said
