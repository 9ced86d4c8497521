-- service/store/sql/find_standings_by_keys.sql for one question a statement, as both peers ask it. Without the cards: only a
-- revocation list would need them, and the bench has none.
SELECT s.membership_id, s.person_id, s.insurer_number, i.name AS insurer_name,
       s.symbol, s.number, s.branch_number, s.relationship, s.insured_name,
       s.name, s.name_kana, s.name_other, s.sex, s.sex_on_face, s.birth_date, s.address,
       s.acquired_on, s.lost_on, s.loss_reason, s.insured_birth_date, s.insured_lost_on,
       s.ratio_percents, s.ratio_from, s.ratio_until,
       s.link_state, s.registered, s.cards_state, s.certificate_state, s.certificate_valid_until,
       s.non_disclosure, s.self_information_stopped, s.data_version,
       o.membership_id AS sibling_membership_id, o.insurer_number AS sibling_insurer_number, o.acquired_on AS sibling_acquired_on,
       o.lost_on AS sibling_lost_on, o.insured_birth_date AS sibling_insured_birth_date,
       o.insured_lost_on AS sibling_insured_lost_on, o.relationship AS sibling_relationship
  FROM shikaku.standings s
  JOIN shikaku.insurers i ON i.insurer_number = s.insurer_number
  LEFT JOIN shikaku.standings o ON o.person_id = s.sibling_person_id AND o.membership_id <> s.membership_id
 WHERE s.insurer_number = $1::text AND s.number_key = $2::text AND s.birth_date = $3::date
   AND ($4::text IS NULL OR s.symbol_key = $4::text)
   AND ($5::text IS NULL OR s.branch_number IS NULL OR s.branch_number = $5::text)
