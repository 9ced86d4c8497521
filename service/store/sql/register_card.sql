-- name: register_card
-- One word: see the function.
SELECT shikaku.register_card($1::text, $2::text, $3::text, $4::text, $5::bytea, $6::bytea, $7::bytea, $8::timestamptz,
       $9::timestamptz, $10::bytea, $11::text, $12::timestamptz)
