-- name: fail_import
-- The file did not come in whole.
SELECT shikaku.fail_import($1::uuid, $2::uuid, $3::timestamptz, $4::text)
