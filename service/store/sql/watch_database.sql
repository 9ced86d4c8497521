-- name: watch_database
-- Does the database still take writes, and has it still a schema that we work with? One row, for one question. And
-- the key of challenges, should it have been changed.
SELECT 1::int4 AS ordinal, s.version, s.oldest_service, current_setting('transaction_read_only') = 'on' AS read_only,
       (SELECT k.key FROM shikaku.challenge_keys k) AS challenge_key
  FROM shikaku.schema_version s
