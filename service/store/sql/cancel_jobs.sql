-- name: cancel_jobs
-- Cancels these jobs, or asks whoever has them to, and then says what they are like. A row each, also where there is no such job.
SELECT q.ordinal::int4, c.outcome, r.document::text
  FROM unnest($1::text[], $2::uuid[], $3::timestamptz[]) WITH ORDINALITY AS q (insurer_number, job_id, at, ordinal)
  CROSS JOIN LATERAL shikaku.cancel_job(q.insurer_number, q.job_id, q.at) AS c (outcome)
  LEFT JOIN LATERAL shikaku.find_job(CASE WHEN c.outcome IS NOT NULL THEN q.insurer_number END, q.job_id) AS r ON true
