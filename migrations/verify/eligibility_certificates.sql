-- Verify shikaku:eligibility_certificates on pg

BEGIN;

SELECT certificate_id, membership_id, kind, number, issued_on, valid_from, valid_until, state, return_requested, known_from
  FROM shikaku.eligibility_certificates WHERE false;
SELECT 1 / count(*) FROM pg_catalog.pg_index
  WHERE indexrelid = 'shikaku.eligibility_certificates_one_issued'::regclass AND indisunique AND indpred IS NOT NULL;

ROLLBACK;
