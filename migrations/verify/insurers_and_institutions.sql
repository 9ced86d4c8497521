-- Verify shikaku:insurers_and_institutions on pg

BEGIN;

SELECT insurer_number, printed_number, name FROM shikaku.insurers WHERE false;
SELECT institution_code, name FROM shikaku.institutions WHERE false;

ROLLBACK;
