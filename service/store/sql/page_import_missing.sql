-- name: page_import_missing
-- A page of whom a full file does not name. No row: the insurer has no such import.
SELECT q.ordinal::int4, r.items::text, r.last_id
  FROM unnest($1::text[], $2::text[], $3::int8[], $4::uuid[]) WITH ORDINALITY AS q (insurer_number, after, count, import_id, ordinal)
  CROSS JOIN LATERAL shikaku.page_import_missing(q.insurer_number, q.import_id, q.after, q.count) AS r
