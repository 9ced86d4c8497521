-- name: count_members
-- Insurers in numbers, as of a day; a row each.
SELECT q.ordinal::int4, r.members, r.insured, r.registered, r.linked, r.mismatch, r.certificates, r.check_days, r.check_validities,
       r.check_accepted, r.check_counts
  FROM unnest($1::text[], $2::date[], $3::date[], $4::int8[]) WITH ORDINALITY AS q (insurer_number, as_of, today, days, ordinal)
  CROSS JOIN LATERAL shikaku.count_members(q.insurer_number, q.as_of, q.today, q.days) AS r
