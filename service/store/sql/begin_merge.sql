-- name: begin_merge
-- Where an import stands. No row: there is none.
SELECT 1::int4 AS ordinal, i.slices, i.slices_merged FROM shikaku.imports AS i WHERE i.import_id = $1::uuid
