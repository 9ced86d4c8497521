-- name: open_job_session
-- The settings of a connection for long work, and what decides whether it may serve. The server ends our work when we are gone; a merge
-- may have to wait for another insurer's, where they have people in common, but not for ever.
SELECT 1::int4 AS ordinal, s.version, s.oldest_service, current_setting('transaction_read_only') = 'on' AS read_only,
       set_config('search_path', '', false), set_config('jit', 'off', false),
       set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on'
                  ELSE current_setting('synchronous_commit') END, false),
       set_config('statement_timeout', '0', false), set_config('lock_timeout', '3600000', false),
       set_config('idle_in_transaction_session_timeout', '60000', false),
       set_config('client_connection_check_interval', '1000', false)
  FROM shikaku.schema_version s
