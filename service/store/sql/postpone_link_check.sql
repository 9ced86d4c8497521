-- name: postpone_link_check
-- The register did not answer: the number waits until then.
SELECT 1::int4 AS ordinal FROM shikaku.postpone_link_check($1::int8, $2::bytea, $3::timestamptz)
