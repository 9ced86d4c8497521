-- pgbench -n -M prepared -D members=1000000 -f demo/base_lookup.sql
-- What one would write without our read model: a person found by the keys on paper, in five base tables, with what an answer shows.
-- On a database filled by demo/fill; the keys follow from i as fill.sql tells.
\set i random(1, :members)
\set late (:i % 10) / 9
SELECT
    ms.membership_id, ms.insurer_number, i.name AS insurer_name, ms.symbol, ms.number, ms.branch_number, ms.relationship, m.name, m.name_kana,
    m.name_other, m.sex, m.sex_on_face, m.birth_date, m.address, m.non_disclosure, m.self_information_stopped, ms.acquired_on, ms.lost_on,
    ms.loss_reason, r.percent, lower(r.valid) AS ratio_from, upper(r.valid) AS ratio_until, u.registered_at, u.cancelled_at
  FROM shikaku.memberships AS ms
  JOIN shikaku.members AS m ON m.member_key = ms.member_key
  JOIN shikaku.insurers AS i ON i.insurer_number = ms.insurer_number
  LEFT JOIN shikaku.ratios AS r ON r.member_key = ms.member_key AND r.valid @> current_date
  LEFT JOIN shikaku.use_registrations AS u ON u.person_id = m.person_id
  WHERE ms.insurer_number = (ARRAY['01010016', '01230010', '01270016', '01400019', '06130017', '06270029', '06140032', '00138016', '00270017',
      '39270012'])[1 + :i % 10]
    AND ms.number_key = lpad((:i)::text, 7 + :late, '0')
    AND (ms.symbol_key IS NULL OR ms.symbol_key = lpad((:i / 1000)::text, 8, '0'))
    AND (ms.branch_number IS NULL OR ms.branch_number = '00')
    AND m.birth_date = date '1955-01-01' - 7305 * :late + (:i::bigint * 7919 % (25000 - 20000 * :late))::integer;
