-- name: record_checks
-- The records of one turn's checks, before any of their answers leaves (R13).
INSERT INTO shikaku.checks
       (check_id, checked_at, answer_digest, keys_digest, token_id, owner, visit_date, known_at, presented, setting, with_card,
        validity, accepted, reasons, membership_id, data_version, insurer_number, care_month, chain_id, chain_position, follows, digest)
SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::bytea[], $4::bytea[], $5::int8[], $6::text[], $7::date[],
        $8::timestamptz[], $9::int2[], $10::int2[], $11::bool[], $12::int2[], $13::bool[], $14::int8[], $15::int8[], $16::int8[],
        $17::text[], $18::date[], $19::uuid[], $20::int4[], $21::bytea[], $22::bytea[])
