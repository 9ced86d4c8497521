-- name: find_imports
-- These imports of these insurers. No row: the insurer has no such import.
SELECT q.ordinal::int4, 'found' AS outcome, r.document::text
  FROM unnest($1::text[], $2::uuid[], $3::timestamptz[]) WITH ORDINALITY AS q (insurer_number, import_id, at, ordinal)
  CROSS JOIN LATERAL shikaku.find_import(q.insurer_number, q.import_id, q.at) AS r
