-- name: examine_server
SELECT current_setting('max_connections'), current_setting('superuser_reserved_connections'),
       current_setting('transaction_read_only'), s.version::text, s.oldest_service::text,
       (SELECT count(*) FROM pg_catalog.pg_stat_activity a WHERE a.backend_type = 'client backend')::text
  FROM shikaku.schema_version s
