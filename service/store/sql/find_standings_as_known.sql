-- name: find_standings_as_known
-- As find_standings_by_keys, with cover, ratio and limit as they were registered at $7 (R3.4), and by the keys registered then; names, sex,
-- birth date, address, link, registration, cards and certificates are always as now. Driven by 保険者番号 and 生年月日: a 番号
-- alone repeats under every 記号.
WITH question AS (
  SELECT * FROM unnest($1::text[], $2::text[], $3::date[], $4::text[], $5::text[], $6::bool[], $7::timestamptz[])
         WITH ORDINALITY AS q (insurer_number, number_key, birth_date, symbol_key, branch_number, with_card, known_at, ordinal)
), matched AS (
  SELECT q.ordinal, q.with_card, q.known_at, v.*
    FROM question q
    JOIN shikaku.members mb ON mb.insurer_number = q.insurer_number AND mb.birth_date = q.birth_date
    CROSS JOIN LATERAL (
      SELECT m.membership_id, m.member_key, m.relationship, m.insured_membership_id, m.symbol, m.number, m.branch_number,
             m.symbol_key, m.acquired_on, m.lost_on, m.loss_reason
        FROM shikaku.memberships m
       WHERE m.member_key = mb.member_key AND m.number_key = q.number_key AND m.known_from <= q.known_at
      UNION ALL
      SELECT h.membership_id, h.member_key, h.relationship, h.insured_membership_id, h.symbol, h.number, h.branch_number,
             h.symbol_key, h.acquired_on, h.lost_on, h.loss_reason
        FROM shikaku.memberships_history h
       WHERE h.member_key = mb.member_key AND h.number_key = q.number_key
         AND h.known_from <= q.known_at AND q.known_at < h.known_until) v
   WHERE (q.symbol_key IS NULL OR v.symbol_key = q.symbol_key)
     AND (q.branch_number IS NULL OR v.branch_number IS NULL OR v.branch_number = q.branch_number)
)
SELECT m.ordinal::int4,
       s.membership_id, s.person_id, s.insurer_number, i.name AS insurer_name,
       m.symbol, m.number, m.branch_number, m.relationship, coalesce(insured.name, s.name) AS insured_name,
       s.name, s.name_kana, s.name_other, s.sex, s.sex_on_face, s.birth_date, s.address,
       m.acquired_on, m.lost_on, m.loss_reason, insured.birth_date AS insured_birth_date, insured.lost_on AS insured_lost_on,
       ratio.percents AS ratio_percents, ratio.first_days AS ratio_from, ratio.last_days AS ratio_until,
       limits.categories AS limit_categories, limits.certificates AS limit_certificates, limits.first_days AS limit_from,
       limits.last_days AS limit_until, limits.long_stays AS limit_long_stay_from,
       diseases.categories AS disease_categories, diseases.self_pays AS disease_self_pays, diseases.first_days AS disease_from,
       diseases.last_days AS disease_until,
       s.link_state, s.registered, s.cards_state, s.certificate_state, s.certificate_valid_until,
       s.non_disclosure, s.self_information_stopped, s.data_version,
       o.membership_id AS sibling_membership_id, o.insurer_number AS sibling_insurer_number, o.acquired_on AS sibling_acquired_on,
       o.lost_on AS sibling_lost_on, o.insured_birth_date AS sibling_insured_birth_date,
       o.insured_lost_on AS sibling_insured_lost_on, o.relationship AS sibling_relationship,
       c.issuers AS card_issuers, c.serials AS card_serials, c.states AS card_states
  FROM matched m
  JOIN shikaku.standings s ON s.membership_id = m.membership_id
  JOIN shikaku.insurers i ON i.insurer_number = s.insurer_number
  LEFT JOIN LATERAL (
    SELECT mi.birth_date, mi.name, known.lost_on
      FROM (SELECT b.member_key, b.lost_on FROM shikaku.memberships b
             WHERE b.membership_id = m.insured_membership_id AND b.known_from <= m.known_at
            UNION ALL
            SELECT h.member_key, h.lost_on FROM shikaku.memberships_history h
             WHERE h.membership_id = m.insured_membership_id AND h.known_from <= m.known_at AND m.known_at < h.known_until) known
      JOIN shikaku.members mi ON mi.member_key = known.member_key
  ) insured ON true
  CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(known.percent ORDER BY lower(known.valid)), '{}')::int2[] AS percents,
           coalesce(array_agg(lower(known.valid) ORDER BY lower(known.valid)), '{}')::date[] AS first_days,
           coalesce(array_agg(upper(known.valid) - 1 ORDER BY lower(known.valid)), '{}')::date[] AS last_days
      FROM (SELECT b.percent, b.valid FROM shikaku.ratios b
             WHERE b.member_key = m.member_key AND b.known_from <= m.known_at
            UNION ALL
            SELECT h.percent, h.valid FROM shikaku.ratios_history h
             WHERE h.member_key = m.member_key AND h.known_from <= m.known_at AND m.known_at < h.known_until) known
  ) ratio
  LEFT JOIN LATERAL (
    SELECT array_agg(known.category ORDER BY lower(known.valid)) AS categories,
           array_agg(known.certificate ORDER BY lower(known.valid)) AS certificates,
           array_agg(lower(known.valid) ORDER BY lower(known.valid)) AS first_days,
           array_agg(upper(known.valid) - 1 ORDER BY lower(known.valid)) AS last_days,
           array_agg(known.long_stay_from::date ORDER BY lower(known.valid)) AS long_stays
      FROM (SELECT b.category, b.certificate, b.valid, b.long_stay_from FROM shikaku.limits b
             WHERE b.member_key = m.member_key AND b.known_from <= m.known_at
            UNION ALL
            SELECT h.category, h.certificate, h.valid, h.long_stay_from FROM shikaku.limits_history h
             WHERE h.member_key = m.member_key AND h.known_from <= m.known_at AND m.known_at < h.known_until) known
  ) limits ON true
  LEFT JOIN LATERAL (
    SELECT array_agg(known.category ORDER BY lower(known.valid), known.category) AS categories,
           array_agg(known.self_pay ORDER BY lower(known.valid), known.category) AS self_pays,
           array_agg(lower(known.valid) ORDER BY lower(known.valid), known.category) AS first_days,
           array_agg(upper(known.valid) - 1 ORDER BY lower(known.valid), known.category) AS last_days
      FROM (SELECT b.category, b.self_pay, b.valid FROM shikaku.specific_diseases b
             WHERE b.member_key = m.member_key AND b.known_from <= m.known_at
            UNION ALL
            SELECT h.category, h.self_pay, h.valid FROM shikaku.specific_diseases_history h
             WHERE h.member_key = m.member_key AND h.known_from <= m.known_at AND m.known_at < h.known_until) known
  ) diseases ON true
  LEFT JOIN LATERAL (
    SELECT t.membership_id, t.insurer_number, known.acquired_on, known.lost_on, known.relationship,
           insured_then.birth_date AS insured_birth_date, insured_then.lost_on AS insured_lost_on
      FROM shikaku.standings t
      CROSS JOIN LATERAL (
        SELECT b.acquired_on, b.lost_on, b.relationship, b.insured_membership_id FROM shikaku.memberships b
         WHERE b.membership_id = t.membership_id AND b.known_from <= m.known_at
        UNION ALL
        SELECT h.acquired_on, h.lost_on, h.relationship, h.insured_membership_id FROM shikaku.memberships_history h
         WHERE h.membership_id = t.membership_id AND h.known_from <= m.known_at AND m.known_at < h.known_until) known
      LEFT JOIN LATERAL (
        SELECT mt.birth_date, version.lost_on
          FROM (SELECT b.member_key, b.lost_on FROM shikaku.memberships b
                 WHERE b.membership_id = known.insured_membership_id AND b.known_from <= m.known_at
                UNION ALL
                SELECT h.member_key, h.lost_on FROM shikaku.memberships_history h
                 WHERE h.membership_id = known.insured_membership_id AND h.known_from <= m.known_at
                   AND m.known_at < h.known_until) version
          JOIN shikaku.members mt ON mt.member_key = version.member_key
      ) insured_then ON true
     WHERE t.person_id = s.sibling_person_id AND t.membership_id <> s.membership_id
  ) o ON true
  LEFT JOIN LATERAL (
    SELECT array_agg(k.issuer_key_identifier ORDER BY k.card_id) AS issuers, array_agg(k.serial ORDER BY k.card_id) AS serials,
           array_agg(CASE k.state WHEN 'active' THEN 1 WHEN 'suspended' THEN 2 ELSE 3 END::int2 ORDER BY k.card_id) AS states
      FROM shikaku.cards k
     WHERE k.person_id = s.person_id
  ) c ON m.with_card AND s.cards_state = 1
