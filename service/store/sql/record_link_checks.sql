-- name: record_link_checks
-- What the register said of claimed numbers: linked, mismatch, or stale (R8.1).
SELECT 1::int4 AS ordinal, r.member_key, r.said
  FROM shikaku.record_link_checks($1::int8[], $2::bytea[], $3::timestamptz[], $4::timestamptz, $5::text[], $6::text[], $7::text[],
                                  $8::text[]) AS r
