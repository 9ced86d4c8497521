-- name: list_link_mismatches
-- A page of the mismatches of which nobody at the insurer has decided yet; a row each, also where there are none.
SELECT q.ordinal::int4, r.items::text, r.last_id
  FROM unnest($1::text[], $2::text[], $3::int8[]) WITH ORDINALITY AS q (insurer_number, after, count, ordinal)
  CROSS JOIN LATERAL shikaku.list_link_mismatches(q.insurer_number, q.after, q.count) AS r
