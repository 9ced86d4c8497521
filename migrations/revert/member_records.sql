-- Revert shikaku:member_records from pg

BEGIN;

DO $$
DECLARE
  walled text;
BEGIN
  FOREACH walled IN ARRAY ARRAY['insurers', 'members', 'members_history', 'memberships', 'memberships_history', 'ratios',
    'ratios_history', 'links', 'links_history', 'eligibility_certificates', 'eligibility_certificates_history']
  LOOP
    EXECUTE format('DROP POLICY the_insurers_own ON shikaku.%I', walled);
    EXECUTE format('DROP POLICY the_desk_reads_all ON shikaku.%I', walled);
    EXECUTE format('ALTER TABLE shikaku.%I DISABLE ROW LEVEL SECURITY', walled);
  END LOOP;
END
$$;

DROP TABLE shikaku.pending_numbers, shikaku.specific_diseases_history, shikaku.specific_diseases, shikaku.limits_history, shikaku.limits;
DROP FUNCTION shikaku.enter_insurer(text);
ALTER TABLE shikaku.members_history
  DROP COLUMN name_other_kana, DROP COLUMN household_head, DROP COLUMN workplace_id, DROP COLUMN individual_number_last4,
  DROP COLUMN imported_digest;
ALTER TABLE shikaku.members
  DROP COLUMN name_other_kana, DROP COLUMN household_head, DROP COLUMN workplace_id, DROP COLUMN individual_number_last4,
  DROP COLUMN imported_digest;
DROP TABLE shikaku.workplaces;
ALTER TABLE shikaku.insurers
  DROP COLUMN issuer_name, DROP COLUMN prefecture, DROP COLUMN postal_code, DROP COLUMN address, DROP COLUMN contact, DROP COLUMN seal,
  DROP COLUMN certificate_form, DROP COLUMN certificate_months, DROP COLUMN certificate_last_day, DROP COLUMN notice_policy,
  DROP COLUMN changed_at;

GRANT INSERT, UPDATE ON
  shikaku.insurers, shikaku.persons, shikaku.members, shikaku.memberships, shikaku.ratios, shikaku.links, shikaku.use_registrations,
  shikaku.eligibility_certificates
  TO shikaku_service;
GRANT DELETE ON shikaku.ratios TO shikaku_service;
REVOKE ALL ON ALL TABLES IN SCHEMA shikaku FROM shikaku_insurer;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA shikaku FROM shikaku_insurer;
REVOKE USAGE ON SCHEMA shikaku FROM shikaku_insurer;
UPDATE shikaku.schema_version SET version = 2, oldest_service = 1;

COMMIT;
