-- name: open_session
-- The settings of a connection of ours, and what decides whether it may serve. $2 is 'off' on the fast connection: its
-- statements are look-ups of single rows, and no statistics shall ever talk the planner into reading whole tables.
SELECT 1::int4 AS ordinal, s.version, s.oldest_service, current_setting('transaction_read_only') = 'on' AS read_only,
       (SELECT c.digest FROM shikaku.checks c ORDER BY c.check_id DESC LIMIT 1) AS chain_head,
       (SELECT k.key FROM shikaku.challenge_keys k) AS challenge_key,
       set_config('search_path', '', false), set_config('jit', 'off', false),
       -- An answer may leave when its record is on disk (R13.1), whatever the role or the server says; stronger is welcome.
       set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on'
                  ELSE current_setting('synchronous_commit') END, false),
       set_config('plan_cache_mode', 'force_generic_plan', false),
       set_config('statement_timeout', $1::text, false), set_config('lock_timeout', $3::text, false),
       set_config('idle_in_transaction_session_timeout', '60000', false),
       set_config('enable_seqscan', $2::text, false), set_config('enable_hashjoin', $2::text, false),
       set_config('enable_mergejoin', $2::text, false), set_config('enable_bitmapscan', $2::text, false)
  FROM shikaku.schema_version s
