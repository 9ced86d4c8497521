-- Verify shikaku:member_records on pg

BEGIN;

SELECT issuer_name, prefecture, postal_code, address, contact, seal, certificate_form, certificate_months, certificate_last_day,
    notice_policy, changed_at
  FROM shikaku.insurers WHERE false;
SELECT insurer_number, workplace_id, name, symbol, postal_code, address, contact, changed_at FROM shikaku.workplaces WHERE false;
SELECT name_other_kana, household_head, workplace_id, individual_number_last4, imported_digest FROM shikaku.members WHERE false;
SELECT name_other_kana, household_head, workplace_id, individual_number_last4, imported_digest FROM shikaku.members_history WHERE false;
SELECT limit_id, member_key, insurer_number, category, certificate, valid, long_stay_from, known_from FROM shikaku.limits WHERE false;
SELECT disease_id, member_key, insurer_number, category, self_pay, valid, known_from FROM shikaku.specific_diseases WHERE false;
SELECT known_until FROM shikaku.limits_history WHERE false;
SELECT known_until FROM shikaku.specific_diseases_history WHERE false;
SELECT member_key, sealed, received_at, attempts, next_try_at FROM shikaku.pending_numbers WHERE false;

DO $$
DECLARE
  walled text;
BEGIN
  FOREACH walled IN ARRAY ARRAY['insurers', 'workplaces', 'members', 'members_history', 'memberships', 'memberships_history', 'ratios',
    'ratios_history', 'limits', 'limits_history', 'specific_diseases', 'specific_diseases_history', 'links', 'links_history',
    'pending_numbers', 'eligibility_certificates', 'eligibility_certificates_history']
  LOOP
    IF NOT (SELECT relrowsecurity FROM pg_catalog.pg_class WHERE oid = format('shikaku.%I', walled)::regclass)
        OR NOT EXISTS (SELECT FROM pg_catalog.pg_policy
          WHERE polrelid = format('shikaku.%I', walled)::regclass AND polname = 'the_insurers_own') THEN
      RAISE EXCEPTION 'nothing keeps insurers apart in %', walled;
    END IF;
    IF has_table_privilege('shikaku_service', format('shikaku.%I', walled), 'INSERT, UPDATE, DELETE, TRUNCATE') THEN
      RAISE EXCEPTION 'shikaku_service may write % past its functions', walled;
    END IF;
  END LOOP;
  IF has_table_privilege('shikaku_service', 'shikaku.pending_numbers', 'SELECT') THEN
    RAISE EXCEPTION 'shikaku_service may read numbers past its functions';
  END IF;
END
$$;

ROLLBACK;
