-- name: find_jobs
-- These jobs of these insurers. No row: the insurer has no such job.
SELECT q.ordinal::int4, 'found' AS outcome, r.document::text
  FROM unnest($1::text[], $2::uuid[]) WITH ORDINALITY AS q (insurer_number, job_id, ordinal)
  CROSS JOIN LATERAL shikaku.find_job(q.insurer_number, q.job_id) AS r
