-- name: find_standings_by_keys
-- Whom do these typed keys name, and what is known of them (R4.2)? Arrays in, a row a match out, tagged with its ordinal.
-- No row for an ordinal: nobody. A question without 記号 or 枝番 matches any, so does a member registered without 枝番 (R2.2).
-- A match is repeated for each other membership of the same person; sibling_person_id is NULL where there is none, and an
-- index scan for NULL stops at once. The person's cards come where the patient holds one that was not read ($6, R6) and the
-- database knows none that is blocked for good: the revocation index may know better.
SELECT q.ordinal::int4,
       s.membership_id, s.person_id, s.insurer_number, i.name AS insurer_name,
       s.symbol, s.number, s.branch_number, s.relationship, s.insured_name,
       s.name, s.name_kana, s.name_other, s.sex, s.sex_on_face, s.birth_date, s.address,
       s.acquired_on, s.lost_on, s.loss_reason, s.insured_birth_date, s.insured_lost_on,
       s.ratio_percents, s.ratio_from, s.ratio_until,
       s.limit_categories, s.limit_certificates, s.limit_from, s.limit_until, s.limit_long_stay_from,
       s.disease_categories, s.disease_self_pays, s.disease_from, s.disease_until,
       s.link_state, s.registered, s.cards_state, s.certificate_state, s.certificate_valid_until,
       s.non_disclosure, s.self_information_stopped, s.data_version,
       o.membership_id AS sibling_membership_id, o.insurer_number AS sibling_insurer_number, o.acquired_on AS sibling_acquired_on,
       o.lost_on AS sibling_lost_on, o.insured_birth_date AS sibling_insured_birth_date,
       o.insured_lost_on AS sibling_insured_lost_on, o.relationship AS sibling_relationship,
       c.issuers AS card_issuers, c.serials AS card_serials, c.states AS card_states
  FROM unnest($1::text[], $2::text[], $3::date[], $4::text[], $5::text[], $6::bool[])
       WITH ORDINALITY AS q (insurer_number, number_key, birth_date, symbol_key, branch_number, with_card, ordinal)
  JOIN shikaku.standings s
    ON s.insurer_number = q.insurer_number AND s.number_key = q.number_key AND s.birth_date = q.birth_date
   AND (q.symbol_key IS NULL OR s.symbol_key = q.symbol_key)
   AND (q.branch_number IS NULL OR s.branch_number IS NULL OR s.branch_number = q.branch_number)
  JOIN shikaku.insurers i ON i.insurer_number = s.insurer_number
  LEFT JOIN shikaku.standings o ON o.person_id = s.sibling_person_id AND o.membership_id <> s.membership_id
  LEFT JOIN LATERAL (
    SELECT array_agg(k.issuer_key_identifier ORDER BY k.card_id) AS issuers, array_agg(k.serial ORDER BY k.card_id) AS serials,
           array_agg(CASE k.state WHEN 'active' THEN 1 WHEN 'suspended' THEN 2 ELSE 3 END::int2 ORDER BY k.card_id) AS states
      FROM shikaku.cards k
     WHERE k.person_id = s.person_id
  ) c ON q.with_card AND s.cards_state = 1
