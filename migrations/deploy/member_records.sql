-- Deploy shikaku:member_records to pg
-- All that an insurer keeps of itself, its workplaces and its members; and the wall between insurers.
--
-- The functions that serve an insurer belong to shikaku_insurer. They begin with
--
--   PERFORM shikaku.enter_insurer(insurer_number);
--
-- and row-level security shows them the rows of that insurer alone, until the transaction ends or another is entered: a fault in
-- their own WHERE cannot show or change somebody else's members.

BEGIN;

-- The insurer's own record. What papers need: 交付者名, 所在地, 都道府県名, seal (R15); when papers go out (R9.1) and until when
-- certificates are valid (R10.2).
ALTER TABLE shikaku.insurers
  ADD COLUMN issuer_name shikaku.line,   -- 交付者名, where another than the insurer's name
  ADD COLUMN prefecture shikaku.line,    -- 都道府県名
  ADD COLUMN postal_code text CONSTRAINT postal_code_form CHECK (postal_code ~ '^[0-9]{3}-[0-9]{4}$'),
  ADD COLUMN address shikaku.line,
  ADD COLUMN contact shikaku.line,       -- what members may call or write to
  ADD COLUMN seal bytea                  -- PNG
    CONSTRAINT seal_is_a_small_png CHECK (octet_length(seal) <= 65536 AND substr(seal, 1, 8) = '\x89504e470d0a1a0a'),
  ADD COLUMN certificate_form text       -- R15.2 to R15.4
    CONSTRAINT certificate_form_values CHECK (certificate_form IN ('employees', 'national', 'late_elderly')),
  ADD COLUMN certificate_months smallint NOT NULL DEFAULT 60
    CONSTRAINT certificate_months_range CHECK (certificate_months BETWEEN 1 AND 60),
  ADD COLUMN certificate_last_day text   -- MM-DD: certificates end on such a day (国保: 07-31)
    CONSTRAINT certificate_last_day_form CHECK (certificate_last_day ~ '^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$'),
  ADD COLUMN notice_policy text NOT NULL DEFAULT 'linked'
    CONSTRAINT notice_policy_values CHECK (notice_policy IN ('all', 'linked')),
  ADD COLUMN changed_at shikaku.moment NOT NULL DEFAULT '2026-11-01T00:00:00Z';

-- 事業所: where papers of its people go (R11.2).
CREATE TABLE shikaku.workplaces (
  insurer_number text NOT NULL REFERENCES shikaku.insurers,
  workplace_id text NOT NULL, -- the insurer's own key
  name shikaku.line NOT NULL,
  symbol shikaku.printed_identifier, -- 記号 of its people, where they share one
  postal_code text,
  address shikaku.line,
  contact shikaku.line,
  changed_at shikaku.moment NOT NULL,
  PRIMARY KEY (insurer_number, workplace_id),
  CONSTRAINT workplace_id_form CHECK (char_length(workplace_id) BETWEEN 1 AND 64 AND workplace_id !~ '[[:cntrl:][:space:]/]'),
  CONSTRAINT postal_code_form CHECK (postal_code ~ '^[0-9]{3}-[0-9]{4}$')
);

ALTER TABLE shikaku.members
  ADD COLUMN name_other_kana shikaku.line,
  ADD COLUMN household_head shikaku.line,        -- 世帯主
  ADD COLUMN workplace_id text,
  ADD COLUMN individual_number_last4 text CONSTRAINT individual_number_last4_form CHECK (individual_number_last4 ~ '^[0-9]{4}$'),
  -- SHA-256 of the import line that made the record what it is; NULL when something else did. The same line again changes nothing.
  ADD COLUMN imported_digest shikaku.sha256,
  ADD CONSTRAINT workplace_of_the_same_insurer FOREIGN KEY (insurer_number, workplace_id) REFERENCES shikaku.workplaces;
CREATE INDEX members_workplace ON shikaku.members (insurer_number, workplace_id) WHERE workplace_id IS NOT NULL;
ALTER TABLE shikaku.members_history
  ADD COLUMN name_other_kana shikaku.line,
  ADD COLUMN household_head shikaku.line,
  ADD COLUMN workplace_id text,
  ADD COLUMN individual_number_last4 text,
  ADD COLUMN imported_digest shikaku.sha256;

-- 限度額適用区分 as the insurer registered it (R7.8, R7.13; facts 1.7, tables 011 and 012). What depends on the age is the
-- writer's to check.
CREATE TABLE shikaku.limits (
  limit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  member_key bigint NOT NULL,
  insurer_number text NOT NULL,
  category text NOT NULL,
  certificate text, -- 01 限度額適用認定証, 02 with 標準負担額減額, 03 標準負担額減額認定証
  valid daterange NOT NULL,
  long_stay_from shikaku.day, -- 長期入院該当年月日
  known_from shikaku.moment NOT NULL,
  FOREIGN KEY (member_key, insurer_number) REFERENCES shikaku.members (member_key, insurer_number),
  CONSTRAINT category_values CHECK (category ~ '^(A0[1-6]|B0[1-9]|B10)$'),
  CONSTRAINT category_fits_the_insurer CHECK (
    CASE WHEN insurer_number LIKE '39%' THEN category NOT LIKE 'A%' AND category <> 'B04' ELSE category NOT IN ('B09', 'B10') END),
  CONSTRAINT certificate_values CHECK (certificate IN ('01', '02', '03')),
  CONSTRAINT valid_has_days CHECK (NOT isempty(valid)),
  CONSTRAINT valid_has_a_first_day CHECK (NOT lower_inf(valid) AND lower(valid) >= '1868-01-25'),
  CONSTRAINT valid_last_day_can_be_printed CHECK (upper_inf(valid) OR upper(valid) <= '9999-12-31'),
  CONSTRAINT limits_do_not_overlap EXCLUDE USING gist ((member_key + 0) WITH =, valid WITH &&)
);
CREATE INDEX limits_member_key ON shikaku.limits (member_key);

-- 特定疾病 (R7.6; facts 1.7, table 013).
CREATE TABLE shikaku.specific_diseases (
  disease_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  member_key bigint NOT NULL,
  insurer_number text NOT NULL,
  category text NOT NULL,
  self_pay integer, -- yen a month; NULL: as the rules say
  valid daterange NOT NULL,
  known_from shikaku.moment NOT NULL,
  FOREIGN KEY (member_key, insurer_number) REFERENCES shikaku.members (member_key, insurer_number),
  CONSTRAINT category_values CHECK (category IN ('1', '2', '3')),
  CONSTRAINT self_pay_range CHECK (self_pay BETWEEN 0 AND 1000000),
  CONSTRAINT valid_has_days CHECK (NOT isempty(valid)),
  CONSTRAINT valid_has_a_first_day CHECK (NOT lower_inf(valid) AND lower(valid) >= '1868-01-25'),
  CONSTRAINT valid_last_day_can_be_printed CHECK (upper_inf(valid) OR upper(valid) <= '9999-12-31'),
  CONSTRAINT specific_diseases_do_not_overlap EXCLUDE USING gist ((member_key + 0) WITH =, category WITH =, valid WITH &&)
);
CREATE INDEX specific_diseases_member_key ON shikaku.specific_diseases (member_key);

CREATE TABLE shikaku.limits_history (LIKE shikaku.limits, known_until shikaku.moment NOT NULL, CHECK (known_until > known_from));
CREATE INDEX limits_history_member_key ON shikaku.limits_history (member_key);
CREATE TABLE shikaku.specific_diseases_history
  (LIKE shikaku.specific_diseases, known_until shikaku.moment NOT NULL, CHECK (known_until > known_from));
CREATE INDEX specific_diseases_history_member_key ON shikaku.specific_diseases_history (member_key);

DO $$
DECLARE
  versioned record;
BEGIN
  FOR versioned IN SELECT * FROM (VALUES ('limits', 'limit_id'), ('specific_diseases', 'disease_id')) AS v (table_name, key_column)
  LOOP
    EXECUTE format('CREATE TRIGGER b_history_of_updates AFTER UPDATE ON shikaku.%I REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
      FOR EACH STATEMENT EXECUTE FUNCTION shikaku.keep_history(%L)', versioned.table_name, versioned.key_column);
    EXECUTE format('CREATE TRIGGER b_history_of_deletions AFTER DELETE ON shikaku.%I REFERENCING OLD TABLE AS old_rows
      FOR EACH STATEMENT EXECUTE FUNCTION shikaku.keep_history(%L)', versioned.table_name, versioned.key_column);
    EXECUTE format('CREATE TRIGGER b_history_is_not_truncated BEFORE TRUNCATE ON shikaku.%I
      FOR EACH STATEMENT EXECUTE FUNCTION shikaku.refuse()', versioned.table_name);
    EXECUTE format('CREATE TRIGGER b_history_is_not_truncated BEFORE TRUNCATE ON shikaku.%I
      FOR EACH STATEMENT EXECUTE FUNCTION shikaku.refuse()', versioned.table_name || '_history');
  END LOOP;
END
$$;

-- マイナンバー while the resident register has not said yet (R2.4, R8): sealed by the service under a key that the database never
-- sees, erased with the decision. No history.
CREATE TABLE shikaku.pending_numbers (
  member_key bigint PRIMARY KEY REFERENCES shikaku.members,
  sealed bytea NOT NULL,
  received_at shikaku.moment NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  next_try_at shikaku.moment NOT NULL,
  CONSTRAINT sealed_length CHECK (octet_length(sealed) BETWEEN 29 AND 128),
  CONSTRAINT attempts_range CHECK (attempts >= 0)
);
CREATE INDEX pending_numbers_next_try_at ON shikaku.pending_numbers (next_try_at);

-- Whose rows the functions of shikaku_insurer see.
CREATE FUNCTION shikaku.enter_insurer(insurer_number text) RETURNS void
LANGUAGE sql SET search_path = '' AS $$ SELECT set_config('shikaku.insurer', coalesce($1, ''), true) $$;
GRANT EXECUTE ON FUNCTION shikaku.enter_insurer(text) TO shikaku_insurer;

DO $$
DECLARE
  walled record;
BEGIN
  FOR walled IN SELECT * FROM (VALUES
    ('insurers', true), ('workplaces', true), ('members', true), ('members_history', true), ('memberships', true),
    ('memberships_history', true), ('ratios', true), ('ratios_history', true), ('limits', true), ('limits_history', true),
    ('specific_diseases', true), ('specific_diseases_history', true), ('links', false), ('links_history', false),
    ('pending_numbers', false)) AS w (table_name, has_insurer)
  LOOP
    EXECUTE format('ALTER TABLE shikaku.%I ENABLE ROW LEVEL SECURITY', walled.table_name);
    EXECUTE format('CREATE POLICY the_insurers_own ON shikaku.%I TO shikaku_insurer USING (%s)', walled.table_name,
      CASE WHEN walled.has_insurer THEN 'insurer_number = current_setting(''shikaku.insurer'', true)'
        ELSE format('EXISTS (SELECT FROM shikaku.members AS m WHERE m.member_key = %I.member_key)', walled.table_name) END);
    -- The desk asks about members of all insurers.
    EXECUTE format('CREATE POLICY the_desk_reads_all ON shikaku.%I FOR SELECT TO shikaku_service USING (true)', walled.table_name);
    EXECUTE format('GRANT SELECT ON shikaku.%I TO shikaku_insurer', walled.table_name);
  END LOOP;
END
$$;

GRANT USAGE ON SCHEMA shikaku TO shikaku_insurer;
GRANT INSERT ON shikaku.persons TO shikaku_insurer;
GRANT SELECT (person_id) ON shikaku.persons TO shikaku_insurer;
GRANT SELECT ON shikaku.eligibility_certificates, shikaku.eligibility_certificates_history TO shikaku_insurer;
ALTER TABLE shikaku.eligibility_certificates ENABLE ROW LEVEL SECURITY;
ALTER TABLE shikaku.eligibility_certificates_history ENABLE ROW LEVEL SECURITY;
CREATE POLICY the_insurers_own ON shikaku.eligibility_certificates TO shikaku_insurer
  USING (EXISTS (SELECT FROM shikaku.memberships AS ms WHERE ms.membership_id = eligibility_certificates.membership_id));
CREATE POLICY the_insurers_own ON shikaku.eligibility_certificates_history TO shikaku_insurer
  USING (EXISTS (SELECT FROM shikaku.memberships AS ms WHERE ms.membership_id = eligibility_certificates_history.membership_id));
CREATE POLICY the_desk_reads_all ON shikaku.eligibility_certificates FOR SELECT TO shikaku_service USING (true);
CREATE POLICY the_desk_reads_all ON shikaku.eligibility_certificates_history FOR SELECT TO shikaku_service USING (true);
GRANT UPDATE ON shikaku.insurers TO shikaku_insurer;
GRANT INSERT, UPDATE ON
  shikaku.workplaces, shikaku.members, shikaku.memberships, shikaku.ratios, shikaku.limits, shikaku.specific_diseases, shikaku.links,
  shikaku.eligibility_certificates, shikaku.pending_numbers
  TO shikaku_insurer;
-- What was registered by mistake is withdrawn; the history keeps it.
GRANT DELETE ON shikaku.workplaces, shikaku.memberships, shikaku.ratios, shikaku.limits, shikaku.specific_diseases, shikaku.pending_numbers
  TO shikaku_insurer;
GRANT EXECUTE ON FUNCTION shikaku.find_idempotent(bigint, bytea, bytea, timestamptz),
  shikaku.keep_idempotent(bigint, bytea, text, bytea, text, jsonb, timestamptz) TO shikaku_insurer;
GRANT SELECT, INSERT, UPDATE ON shikaku.idempotency_keys TO shikaku_insurer;

-- The service reads these; it writes by functions only.
GRANT SELECT ON shikaku.workplaces, shikaku.limits, shikaku.limits_history, shikaku.specific_diseases, shikaku.specific_diseases_history
  TO shikaku_service;
DROP POLICY the_desk_reads_all ON shikaku.pending_numbers;
REVOKE INSERT, UPDATE, DELETE ON
  shikaku.insurers, shikaku.persons, shikaku.members, shikaku.memberships, shikaku.ratios, shikaku.links, shikaku.use_registrations,
  shikaku.eligibility_certificates
  FROM shikaku_service;

UPDATE shikaku.schema_version SET version = 3, oldest_service = 2;

COMMIT;
