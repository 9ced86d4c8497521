-- name: walk_checks
-- Every record, chain by chain and in its place (R13.2). Chains are named in the order of time.
SELECT c.check_id, c.checked_at, c.chain_id, c.chain_position, c.follows, c.digest, c.answer_digest, c.keys_digest, c.token_id,
       c.owner, c.visit_date, c.known_at, c.presented, c.setting, c.with_card, c.validity, c.accepted, c.reasons,
       c.membership_id, c.data_version, c.insurer_number, c.care_month
  FROM shikaku.checks c
 ORDER BY c.chain_id, c.chain_position, c.check_id
