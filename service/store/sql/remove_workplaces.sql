-- name: remove_workplaces
-- Removes these workplaces, where nobody belongs to them; a row each, also where nothing was removed.
SELECT q.ordinal::int4, r.outcome, r.document::text, r.version
  FROM unnest($1::text[], $2::text[], $3::bool[], $4::timestamptz[])
       WITH ORDINALITY AS q (insurer_number, workplace_id, must_exist, expected, ordinal)
  CROSS JOIN LATERAL shikaku.remove_workplace(q.insurer_number, q.workplace_id, q.must_exist, q.expected) AS r
