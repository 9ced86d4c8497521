-- name: renew_import
-- Keeps an import while its file comes in: kept, cancelled or lost.
SELECT shikaku.renew_import($1::uuid, $2::uuid, $3::timestamptz, $4::bigint, $5::bigint, $6::bigint) AS said
