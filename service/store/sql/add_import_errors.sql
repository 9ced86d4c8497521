-- name: add_import_errors
-- Lists what is wrong with rows.
SELECT shikaku.add_import_errors($1::uuid, $2::uuid, $3::bigint[], $4::text[], $5::text[], $6::text[])
