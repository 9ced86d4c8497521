-- name: find_standings_by_card
-- Uses up the challenges (R5.1), and finds the cards by the digests of their certificates, with what is known of their persons
-- (R4.1, R5). A row a membership, tagged with its ordinal, one with NULLs where there is none. `burnt` is false where the challenge
-- was used before. In the order of their nonces, because two processes that write the same ones in another order would wait for
-- each other.
WITH question AS (
  SELECT * FROM unnest($1::timestamptz[], $2::uuid[], $3::uuid[], $4::bytea[])
         WITH ORDINALITY AS q (expires_at, nonce, check_id, certificate_digest, ordinal)
), burnt AS (
  INSERT INTO shikaku.used_challenges (expires_at, nonce, check_id)
  SELECT q.expires_at, q.nonce, q.check_id FROM question q ORDER BY q.nonce, q.ordinal
  ON CONFLICT (nonce) DO NOTHING
  RETURNING check_id
)
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
       q.check_id IN (SELECT b.check_id FROM burnt b) AS burnt,
       k.person_id AS card_person_id, k.medium, k.issuer_key_identifier, k.serial, k.not_before, k.not_after, k.public_key, k.state,
       u.person_id IS NOT NULL AS use_registered,
       false AS person_stopped, false AS address_withheld -- all of the person's rows are here to tell
  FROM question q
  LEFT JOIN shikaku.cards k ON k.certificate_digest = q.certificate_digest
  LEFT JOIN shikaku.use_registrations u ON u.person_id = k.person_id AND u.cancelled_at IS NULL
  LEFT JOIN shikaku.standings s ON s.person_id = k.person_id
  LEFT JOIN shikaku.insurers i ON i.insurer_number = s.insurer_number
