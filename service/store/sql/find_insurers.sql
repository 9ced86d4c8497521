-- name: find_insurers
-- What these insurers keep of themselves.
SELECT q.ordinal::int4, r.outcome, r.document::text, r.version
  FROM unnest($1::text[]) WITH ORDINALITY AS q (insurer_number, ordinal)
  CROSS JOIN LATERAL shikaku.find_insurer(q.insurer_number) AS r
