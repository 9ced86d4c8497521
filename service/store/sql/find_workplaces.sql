-- name: find_workplaces
-- What is on record of these workplaces? No row: there is no such one.
SELECT q.ordinal::int4, r.outcome, r.document::text, r.version
  FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS q (insurer_number, workplace_id, ordinal)
  CROSS JOIN LATERAL shikaku.find_workplace(q.insurer_number, q.workplace_id) AS r
