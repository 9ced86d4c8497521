-- name: merge_import_slice
-- Merges one slice of an import whose file is in, whole or not at all.
SELECT 1::int4 AS ordinal, m.outcome, m.slices_left FROM shikaku.merge_import_slice($1::uuid, $2::uuid, $3::integer, $4::timestamptz) AS m
