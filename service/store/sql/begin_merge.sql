-- name: begin_merge
-- Where an import stands, and how much its merge rests. No row: there is none.
SELECT 1::int4 AS ordinal, i.slices, i.slices_merged, set_config('shikaku.import_rest', $2::text, false)
  FROM shikaku.imports AS i WHERE i.import_id = $1::uuid
