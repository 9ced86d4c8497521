-- name: record_checks
-- The records of one turn's checks, before any of their answers leaves (R13).
INSERT INTO shikaku.checks
       (check_id, checked_at, chain_id, chain_position, follows, digest, answer_digest, token_id, owner, visit_date,
        known_at, presented, setting, with_card, validity, accepted, reasons, membership_id, data_version, keys_digest)
SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::int4[], $5::bytea[], $6::bytea[], $7::bytea[], $8::int8[],
        $9::text[], $10::date[], $11::timestamptz[], $12::int2[], $13::int2[], $14::bool[], $15::int2[], $16::bool[],
        $17::int8[], $18::int8[], $19::int8[], $20::bytea[])
