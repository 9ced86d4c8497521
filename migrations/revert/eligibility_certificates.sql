-- Revert shikaku:eligibility_certificates from pg

BEGIN;

DROP TABLE shikaku.eligibility_certificates;

COMMIT;
