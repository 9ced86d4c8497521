-- name: open_import
-- Begins an import: opened, running, busy, replayed or no_such_insurer.
SELECT o.outcome, o.import_id, o.slot
  FROM shikaku.open_import($1::uuid, $2::text, $3::timestamptz, $4::bigint, $5::uuid, $6::timestamptz, $7::text, $8::boolean, $9::boolean,
                           $10::numeric, $11::date, $12::text, $13::text, $14::bytea) AS o
