-- name: watch_database
-- Does the database still take writes, and has it still a schema that we work with? One row, for one question.
SELECT 1::int4 AS ordinal, s.version, s.oldest_service, current_setting('transaction_read_only') = 'on' AS read_only
  FROM shikaku.schema_version s
