-- name: claim_link_checks
-- Numbers that are due, ours until $2, with what the register is asked of their members (R8.1).
SELECT 1::int4 AS ordinal, c.member_key, c.insurer_number, c.member_id, c.sealed, c.attempts, c.version::text, c.name, c.name_kana,
       c.birth_date::text, c.address, c.sex
  FROM shikaku.claim_link_checks($1::timestamptz, $2::timestamptz, $3::int4) AS c
