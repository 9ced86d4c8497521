-- name: find_standings_by_card_as_known
-- As find_standings_by_card, with cover, ratio and limit as they were registered at $5 (R3.4); names, sex, birth date, address, link,
-- registration and the card are always as now, and so is what protects the person (R14): also by memberships that were not known
-- then.
WITH question AS (
  SELECT * FROM unnest($1::timestamptz[], $2::uuid[], $3::uuid[], $4::bytea[], $5::timestamptz[])
         WITH ORDINALITY AS q (expires_at, nonce, check_id, certificate_digest, known_at, ordinal)
), burnt AS (
  INSERT INTO shikaku.used_challenges (expires_at, nonce, check_id)
  SELECT q.expires_at, q.nonce, q.check_id FROM question q ORDER BY q.nonce, q.ordinal
  ON CONFLICT (nonce) DO NOTHING
  RETURNING check_id
)
SELECT q.ordinal::int4,
       s.membership_id, s.person_id, s.insurer_number, i.name AS insurer_name,
       v.symbol, v.number, v.branch_number, v.relationship, coalesce(insured.name, s.name) AS insured_name,
       s.name, s.name_kana, s.name_other, s.sex, s.sex_on_face, s.birth_date, s.address,
       v.acquired_on, v.lost_on, v.loss_reason, insured.birth_date AS insured_birth_date, insured.lost_on AS insured_lost_on,
       ratio.percents AS ratio_percents, ratio.first_days AS ratio_from, ratio.last_days AS ratio_until,
       limits.categories AS limit_categories, limits.certificates AS limit_certificates, limits.first_days AS limit_from,
       limits.last_days AS limit_until, limits.long_stays AS limit_long_stay_from,
       diseases.categories AS disease_categories, diseases.self_pays AS disease_self_pays, diseases.first_days AS disease_from,
       diseases.last_days AS disease_until,
       s.link_state, s.registered, s.cards_state, s.certificate_state, s.certificate_valid_until,
       s.non_disclosure, s.self_information_stopped, s.data_version,
       q.check_id IN (SELECT b.check_id FROM burnt b) AS burnt,
       k.person_id AS card_person_id, k.medium, k.issuer_key_identifier, k.serial, k.not_before, k.not_after, k.public_key, k.state,
       u.person_id IS NOT NULL AS use_registered,
       EXISTS (SELECT FROM shikaku.standings t WHERE t.person_id = k.person_id AND t.self_information_stopped) AS person_stopped,
       EXISTS (SELECT FROM shikaku.standings t WHERE t.person_id = k.person_id AND t.non_disclosure) AS address_withheld
  FROM question q
  LEFT JOIN shikaku.cards k ON k.certificate_digest = q.certificate_digest
  LEFT JOIN shikaku.use_registrations u ON u.person_id = k.person_id AND u.cancelled_at IS NULL
  LEFT JOIN (
    shikaku.standings s
    JOIN shikaku.insurers i ON i.insurer_number = s.insurer_number
    CROSS JOIN LATERAL (
      SELECT m.membership_id, m.member_key, m.relationship, m.insured_membership_id, m.symbol, m.number, m.branch_number,
             m.acquired_on, m.lost_on, m.loss_reason, m.known_from, 'infinity'::timestamptz AS known_until
        FROM shikaku.memberships m
       WHERE m.membership_id = s.membership_id
      UNION ALL
      SELECT h.membership_id, h.member_key, h.relationship, h.insured_membership_id, h.symbol, h.number, h.branch_number,
             h.acquired_on, h.lost_on, h.loss_reason, h.known_from, h.known_until
        FROM shikaku.memberships_history h
       WHERE h.membership_id = s.membership_id) v
  ) ON s.person_id = k.person_id AND v.known_from <= q.known_at AND q.known_at < v.known_until
  LEFT JOIN LATERAL (
    SELECT mi.birth_date, mi.name, known.lost_on
      FROM (SELECT b.member_key, b.lost_on FROM shikaku.memberships b
             WHERE b.membership_id = v.insured_membership_id AND b.known_from <= q.known_at
            UNION ALL
            SELECT h.member_key, h.lost_on FROM shikaku.memberships_history h
             WHERE h.membership_id = v.insured_membership_id AND h.known_from <= q.known_at AND q.known_at < h.known_until) known
      JOIN shikaku.members mi ON mi.member_key = known.member_key
  ) insured ON true
  LEFT JOIN LATERAL (
    SELECT coalesce(array_agg(known.percent ORDER BY lower(known.valid)), '{}')::int2[] AS percents,
           coalesce(array_agg(lower(known.valid) ORDER BY lower(known.valid)), '{}')::date[] AS first_days,
           coalesce(array_agg(upper(known.valid) - 1 ORDER BY lower(known.valid)), '{}')::date[] AS last_days
      FROM (SELECT b.percent, b.valid FROM shikaku.ratios b
             WHERE b.member_key = v.member_key AND b.known_from <= q.known_at
            UNION ALL
            SELECT h.percent, h.valid FROM shikaku.ratios_history h
             WHERE h.member_key = v.member_key AND h.known_from <= q.known_at AND q.known_at < h.known_until) known
  ) ratio ON v.membership_id IS NOT NULL
  LEFT JOIN LATERAL (
    SELECT array_agg(known.category ORDER BY lower(known.valid)) AS categories,
           array_agg(known.certificate ORDER BY lower(known.valid)) AS certificates,
           array_agg(lower(known.valid) ORDER BY lower(known.valid)) AS first_days,
           array_agg(upper(known.valid) - 1 ORDER BY lower(known.valid)) AS last_days,
           array_agg(known.long_stay_from::date ORDER BY lower(known.valid)) AS long_stays
      FROM (SELECT b.category, b.certificate, b.valid, b.long_stay_from FROM shikaku.limits b
             WHERE b.member_key = v.member_key AND b.known_from <= q.known_at
            UNION ALL
            SELECT h.category, h.certificate, h.valid, h.long_stay_from FROM shikaku.limits_history h
             WHERE h.member_key = v.member_key AND h.known_from <= q.known_at AND q.known_at < h.known_until) known
  ) limits ON v.membership_id IS NOT NULL
  LEFT JOIN LATERAL (
    SELECT array_agg(known.category ORDER BY lower(known.valid), known.category) AS categories,
           array_agg(known.self_pay ORDER BY lower(known.valid), known.category) AS self_pays,
           array_agg(lower(known.valid) ORDER BY lower(known.valid), known.category) AS first_days,
           array_agg(upper(known.valid) - 1 ORDER BY lower(known.valid), known.category) AS last_days
      FROM (SELECT b.category, b.self_pay, b.valid FROM shikaku.specific_diseases b
             WHERE b.member_key = v.member_key AND b.known_from <= q.known_at
            UNION ALL
            SELECT h.category, h.self_pay, h.valid FROM shikaku.specific_diseases_history h
             WHERE h.member_key = v.member_key AND h.known_from <= q.known_at AND q.known_at < h.known_until) known
  ) diseases ON v.membership_id IS NOT NULL
