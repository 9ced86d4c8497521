-- As service/store/sql/record_checks.sql, for one check; committed by itself before the answer leaves.
INSERT INTO peer.checks
       (check_id, checked_at, chain_id, chain_position, follows, digest, answer_digest, token_id, owner, visit_date,
        known_at, presented, setting, with_card, validity, accepted, reasons, membership_id, data_version, keys_digest)
VALUES ($1::uuid, $2::timestamptz, $3::uuid, $4::int4, NULL, $5::bytea, $6::bytea, $7::int8, $8::text, $9::date,
        NULL, $10::int2, $11::int2, $12::bool, $13::int2, $14::bool, $15::int8, $16::int8, $17::int8, $18::bytea)
