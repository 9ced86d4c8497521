-- name: report_ceiling_months
-- Puts on record that care of these months reached its ceiling (R7.11); a row each, none where the insurer has no such membership.
SELECT q.ordinal::int4, r.outcome, (r.reported).ceiling_month_id, (r.reported).month, (r.reported).institution_code,
       (r.reported).counts_from, (r.reported).reported_at
  FROM unnest($1::uuid[], $2::timestamptz[], $3::int8[], $4::text[], $5::int8[], $6::date[], $7::text[], $8::bool[])
       WITH ORDINALITY AS q (ceiling_month_id, reported_at, token_id, insurer_number, membership_id, month, institution_code, counts, ordinal)
  CROSS JOIN LATERAL shikaku.report_ceiling_month(q.ceiling_month_id, q.reported_at, q.token_id, q.insurer_number, q.membership_id, q.month,
                                                  q.institution_code, q.counts) AS r
