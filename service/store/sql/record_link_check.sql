-- name: record_link_check
-- What the register said of a claimed number: linked, mismatch, or stale (R8.1).
SELECT 1::int4 AS ordinal, shikaku.record_link_check($1::int8, $2::bytea, $3::timestamptz, $4::timestamptz, $5::text[], $6::text[],
       $7::text, $8::text) AS said
