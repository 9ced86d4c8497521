-- Deploy shikaku:high_cost_limits to pg
-- 高額療養費: the amounts by category and care month, the months that reached a ceiling, and categories and specific diseases in the read
-- model (R7.2, R7.8, R7.11).

BEGIN;

-- What holds from one month to another. Nothing is overwritten: a table that is replaced or taken back before it begins stays, withdrawn.
CREATE TABLE shikaku.limit_tables (
  table_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  first_month date NOT NULL,
  last_month date, -- NULL: until another begins
  version integer NOT NULL DEFAULT 1, -- of those that begin with this month
  source shikaku.line NOT NULL,
  note text,
  registered_at shikaku.moment NOT NULL,
  registered_by bigint REFERENCES shikaku.tokens, -- NULL: came with the service
  withdrawn_at shikaku.moment,
  withdrawn_by bigint REFERENCES shikaku.tokens,
  CONSTRAINT first_month_is_a_month CHECK (first_month >= '2015-01-01' AND extract(day FROM first_month) = 1),
  CONSTRAINT last_month_is_a_month CHECK (last_month <= '9999-11-01' AND extract(day FROM last_month) = 1),
  CONSTRAINT months_in_order CHECK (last_month >= first_month),
  CONSTRAINT version_range CHECK (version >= 1),
  CONSTRAINT note_length CHECK (char_length(note) BETWEEN 1 AND 2000),
  CONSTRAINT withdrawn_after_registered CHECK (withdrawn_at >= registered_at),
  CONSTRAINT withdrawn_by_somebody CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL)),
  CONSTRAINT limit_tables_do_not_overlap EXCLUDE USING gist (daterange(first_month, last_month, '[]') WITH &&) WHERE (withdrawn_at IS NULL),
  CONSTRAINT version_is_one_of_its_month UNIQUE (first_month, version)
);

-- Whole yen.
CREATE TABLE shikaku.limit_amounts (
  table_id bigint REFERENCES shikaku.limit_tables,
  category text,
  base integer NOT NULL,
  threshold integer NOT NULL,
  rate_percent smallint NOT NULL,
  multiple integer,          -- 多数回
  outpatient integer,        -- 外来（個人）, from 70 on
  annual integer,            -- these three are information (R7.10)
  annual_low_income integer,
  outpatient_annual integer,
  PRIMARY KEY (table_id, category),
  CONSTRAINT category_values CHECK (category ~ '^(A0[1-6]|B0[1-9]|B10)$'),
  CONSTRAINT amounts_range CHECK (base BETWEEN 1 AND 100000000 AND threshold BETWEEN 0 AND 100000000 AND multiple BETWEEN 1 AND base
    AND outpatient BETWEEN 1 AND base AND annual BETWEEN 1 AND 100000000 AND outpatient_annual BETWEEN 1 AND 100000000),
  CONSTRAINT annual_low_income_is_the_less CHECK (annual_low_income IS NULL OR (annual IS NOT NULL AND annual_low_income BETWEEN 1 AND annual)),
  CONSTRAINT rate_values CHECK (rate_percent BETWEEN 0 AND 10 AND (rate_percent = 0) = (threshold = 0)),
  -- Else a halved month could cost more than a full one (R7.5).
  CONSTRAINT threshold_fits_the_base CHECK (threshold::bigint * rate_percent <= base::bigint * 100),
  -- Only those of 70 and above have an 外来 ceiling, and B01 to B03 have none (R7.4).
  CONSTRAINT outpatient_fits_the_category CHECK ((outpatient IS NULL OR category ~ '^(B0[4-9]|B10)$')
    AND (outpatient_annual IS NULL OR outpatient IS NOT NULL))
);

-- Published amounts (facts 4.1, 4.2). A holds from 2015-01, B from 2025-10 (R7.2). 2027-08 is not law yet: it is left out.
DO $$
DECLARE
  of_under_70 bigint;
  until_2026_07 bigint;
  from_2026_08 bigint;
  before CONSTANT text := '高額療養費算定基準額（平成27年1月から令和8年7月まで）';
  after CONSTANT text := '高額療養費算定基準額（令和8年8月から）';
BEGIN
  INSERT INTO shikaku.limit_tables (first_month, last_month, source, note, registered_at)
    VALUES ('2015-01-01', '2025-09-01', before,
      '保険者の公表資料などの二次資料による。70歳未満の区分だけで、70歳以上は令和7年10月からの表にある。', '2026-11-26Z')
    RETURNING table_id INTO of_under_70;
  INSERT INTO shikaku.limit_tables (first_month, last_month, source, note, registered_at)
    VALUES ('2025-10-01', '2026-07-01', before, '保険者の公表資料などの二次資料による。', '2026-11-26Z')
    RETURNING table_id INTO until_2026_07;
  INSERT INTO shikaku.limit_tables (first_month, last_month, source, note, registered_at)
    VALUES ('2026-08-01', '2027-07-01', after,
      '二次資料（厚生労働省の資料を引く計算例、報道）による。政令の条文は未確認。令和9年8月以降は未確定のため含まない。', '2026-11-26Z')
    RETURNING table_id INTO from_2026_08;

  INSERT INTO shikaku.limit_amounts (table_id, category, base, threshold, rate_percent, multiple, outpatient, outpatient_annual)
    SELECT t.table_id, a.category, a.base, a.threshold, a.rate_percent, a.multiple, a.outpatient, a.outpatient_annual
      FROM (VALUES
        ('A01', 252600, 842000, 1, 140100, NULL::integer, NULL::integer),
        ('A02', 167400, 558000, 1, 93000, NULL, NULL),
        ('A03', 80100, 267000, 1, 44400, NULL, NULL),
        ('A04', 57600, 0, 0, 44400, NULL, NULL),
        ('A05', 35400, 0, 0, 24600, NULL, NULL),
        ('A06', 35400, 0, 0, 24600, NULL, NULL),
        ('B01', 252600, 842000, 1, 140100, NULL, NULL),
        ('B02', 167400, 558000, 1, 93000, NULL, NULL),
        ('B03', 80100, 267000, 1, 44400, NULL, NULL),
        ('B04', 57600, 0, 0, 44400, 18000, 144000),
        ('B05', 24600, 0, 0, NULL, 8000, NULL),
        ('B06', 15000, 0, 0, NULL, 8000, NULL),
        ('B07', 15000, 0, 0, NULL, 8000, NULL),
        ('B08', 15000, 0, 0, NULL, 8000, NULL),
        ('B09', 57600, 0, 0, 44400, 18000, 144000),
        ('B10', 57600, 0, 0, 44400, 18000, 144000)
      ) AS a (category, base, threshold, rate_percent, multiple, outpatient, outpatient_annual)
      CROSS JOIN (VALUES (of_under_70, 'A'), (until_2026_07, 'AB')) AS t (table_id, letters)
      WHERE strpos(t.letters, left(a.category, 1)) > 0;

  INSERT INTO shikaku.limit_amounts VALUES
    (from_2026_08, 'A01', 270300, 901000, 1, 140100, NULL, 1680000, NULL, NULL),
    (from_2026_08, 'A02', 179100, 597000, 1, 93000, NULL, 1110000, NULL, NULL),
    (from_2026_08, 'A03', 85800, 286000, 1, 44400, NULL, 530000, NULL, NULL),
    (from_2026_08, 'A04', 61500, 0, 0, 44400, NULL, 530000, 410000, NULL),
    (from_2026_08, 'A05', 36900, 0, 0, 24600, NULL, 290000, NULL, NULL),
    (from_2026_08, 'A06', 36900, 0, 0, 24600, NULL, 290000, NULL, NULL),
    (from_2026_08, 'B01', 270300, 901000, 1, 140100, NULL, 1680000, NULL, NULL),
    (from_2026_08, 'B02', 179100, 597000, 1, 93000, NULL, 1110000, NULL, NULL),
    (from_2026_08, 'B03', 85800, 286000, 1, 44400, NULL, 530000, NULL, NULL),
    (from_2026_08, 'B04', 61500, 0, 0, 44400, 22000, 530000, 410000, 216000),
    (from_2026_08, 'B05', 25700, 0, 0, 24600, 11000, 290000, NULL, 96000),
    (from_2026_08, 'B06', 15700, 0, 0, NULL, 8000, 180000, NULL, NULL),
    (from_2026_08, 'B07', 15700, 0, 0, NULL, 8000, 180000, NULL, NULL),
    (from_2026_08, 'B08', 15700, 0, 0, NULL, 8000, 180000, NULL, NULL),
    (from_2026_08, 'B09', 61500, 0, 0, 44400, 22000, 530000, 410000, 216000),
    (from_2026_08, 'B10', 61500, 0, 0, 44400, 22000, 530000, 410000, 216000);
END
$$;

GRANT SELECT ON shikaku.limit_tables, shikaku.limit_amounts TO shikaku_service;

-- Months in which care of a member reached a ceiling, as an insurer or an institution says. They are counted by 記号・番号, not by member
-- (R7.11).
CREATE TABLE shikaku.ceiling_months (
  ceiling_month_id uuid PRIMARY KEY,
  member_key bigint NOT NULL,
  insurer_number text NOT NULL,
  symbol_key shikaku.identifier_key,
  number_key shikaku.identifier_key NOT NULL,
  month date NOT NULL,
  institution_code shikaku.institution_code, -- NULL: the insurer says so of no one institution
  counts_from shikaku.moment, -- NULL: only the 外来 ceiling was reached, which does not count
  reported_at shikaku.moment NOT NULL,
  reported_by bigint NOT NULL REFERENCES shikaku.tokens,
  FOREIGN KEY (member_key, insurer_number) REFERENCES shikaku.members (member_key, insurer_number),
  CONSTRAINT month_is_a_month CHECK (month >= '2015-01-01' AND month <= '9999-11-01' AND extract(day FROM month) = 1),
  CONSTRAINT counts_after_reported CHECK (counts_from >= reported_at),
  CONSTRAINT ceiling_month_is_reported_once UNIQUE NULLS NOT DISTINCT (member_key, month, institution_code)
);
CREATE INDEX ceiling_months_keys ON shikaku.ceiling_months (insurer_number, number_key, month);
ALTER TABLE shikaku.ceiling_months ENABLE ROW LEVEL SECURITY;
CREATE POLICY the_insurers_own ON shikaku.ceiling_months TO shikaku_insurer
  USING (insurer_number = current_setting('shikaku.insurer', true));
CREATE POLICY the_desk_reads_all ON shikaku.ceiling_months FOR SELECT TO shikaku_service USING (true);
GRANT SELECT ON shikaku.ceiling_months TO shikaku_insurer, shikaku_service;

-- Which month a question was about; NULL: a check of cover. Part of a record's digest where it has a value (R13.2).
ALTER TABLE shikaku.checks
  ADD COLUMN care_month date
    CONSTRAINT care_month_is_a_month CHECK (extract(day FROM care_month) = 1);

-- The read model. NULL where nothing is registered, as with almost everyone: such a column costs a look-up nothing.
ALTER TABLE shikaku.standings
  ADD COLUMN limit_categories text[],          -- these five in one order
  ADD COLUMN limit_certificates text[],
  ADD COLUMN limit_from date[],
  ADD COLUMN limit_until date[],               -- last day; a NULL element is open
  ADD COLUMN limit_long_stay_from date[],
  ADD COLUMN disease_categories text[],        -- these four in one order
  ADD COLUMN disease_self_pays integer[],
  ADD COLUMN disease_from date[],
  ADD COLUMN disease_until date[];

CREATE OR REPLACE VIEW shikaku.standings_source AS
SELECT
  ms.membership_id,
  m.person_id,
  CASE WHEN EXISTS (
    SELECT FROM shikaku.members AS other_m
      JOIN shikaku.memberships AS other_ms USING (member_key)
      WHERE other_m.person_id = m.person_id AND other_ms.membership_id <> ms.membership_id
  ) THEN m.person_id END AS sibling_person_id,
  ms.insurer_number,
  ms.number_key::text AS number_key,
  ms.symbol_key::text AS symbol_key,
  ms.branch_number,
  ms.symbol::text AS symbol,
  ms.number::text AS number,
  m.birth_date::date AS birth_date,
  ms.relationship,
  m.name::text AS name,
  m.name_kana::text AS name_kana,
  m.name_other::text AS name_other,
  m.sex,
  m.sex_on_face,
  m.address::text AS address,
  coalesce(insured_m.name, m.name)::text AS insured_name,
  insured_m.birth_date::date AS insured_birth_date,
  insured_ms.lost_on::date AS insured_lost_on,
  ms.acquired_on::date AS acquired_on,
  ms.lost_on::date AS lost_on,
  ms.loss_reason,
  coalesce(r.percents, '{}') AS ratio_percents,
  coalesce(r.first_days, '{}') AS ratio_from,
  coalesce(r.last_days, '{}') AS ratio_until,
  coalesce(l.state, 'pending') AS link_state,
  u.person_id IS NOT NULL AND u.cancelled_at IS NULL AS registered,
  coalesce(c.state, 0)::smallint AS cards_state,
  coalesce(ec.state, 0)::smallint AS certificate_state,
  ec.valid_until::date AS certificate_valid_until,
  m.non_disclosure,
  m.self_information_stopped,
  li.categories AS limit_categories,
  li.certificates AS limit_certificates,
  li.first_days AS limit_from,
  li.last_days AS limit_until,
  li.long_stays AS limit_long_stay_from,
  d.categories AS disease_categories,
  d.self_pays AS disease_self_pays,
  d.first_days AS disease_from,
  d.last_days AS disease_until
FROM shikaku.memberships AS ms
JOIN shikaku.members AS m USING (member_key)
LEFT JOIN shikaku.memberships AS insured_ms ON insured_ms.membership_id = ms.insured_membership_id
LEFT JOIN shikaku.members AS insured_m ON insured_m.member_key = insured_ms.member_key
LEFT JOIN LATERAL (
  SELECT
    array_agg(ratios.percent ORDER BY lower(ratios.valid)) AS percents,
    array_agg(lower(ratios.valid) ORDER BY lower(ratios.valid)) AS first_days,
    array_agg(upper(ratios.valid) - 1 ORDER BY lower(ratios.valid)) AS last_days
  FROM shikaku.ratios
  WHERE ratios.member_key = m.member_key
) AS r ON true
LEFT JOIN shikaku.links AS l ON l.member_key = m.member_key
LEFT JOIN shikaku.use_registrations AS u ON u.person_id = m.person_id
LEFT JOIN LATERAL (
  SELECT min(CASE cards.state WHEN 'active' THEN 1 WHEN 'suspended' THEN 2 ELSE 3 END) AS state
  FROM shikaku.cards
  WHERE cards.person_id = m.person_id
) AS c ON true
LEFT JOIN LATERAL (
  SELECT CASE certificates.state WHEN 'returned' THEN 2 WHEN 'revoked' THEN 3 ELSE 1 END AS state, certificates.valid_until
  FROM shikaku.eligibility_certificates AS certificates
  WHERE certificates.membership_id = ms.membership_id AND certificates.state <> 'replaced'
  ORDER BY certificates.issued_on DESC, certificates.certificate_id DESC
  LIMIT 1
) AS ec ON true
LEFT JOIN LATERAL (
  SELECT
    array_agg(limits.category ORDER BY lower(limits.valid)) AS categories,
    array_agg(limits.certificate ORDER BY lower(limits.valid)) AS certificates,
    array_agg(lower(limits.valid) ORDER BY lower(limits.valid)) AS first_days,
    array_agg(upper(limits.valid) - 1 ORDER BY lower(limits.valid)) AS last_days,
    array_agg(limits.long_stay_from::date ORDER BY lower(limits.valid)) AS long_stays
  FROM shikaku.limits
  WHERE limits.member_key = m.member_key
) AS li ON true
LEFT JOIN LATERAL (
  SELECT
    array_agg(diseases.category ORDER BY lower(diseases.valid), diseases.category) AS categories,
    array_agg(diseases.self_pay ORDER BY lower(diseases.valid), diseases.category) AS self_pays,
    array_agg(lower(diseases.valid) ORDER BY lower(diseases.valid), diseases.category) AS first_days,
    array_agg(upper(diseases.valid) - 1 ORDER BY lower(diseases.valid), diseases.category) AS last_days
  FROM shikaku.specific_diseases AS diseases
  WHERE diseases.member_key = m.member_key
) AS d ON true;

-- What is kept, column by column as in standings_source: the two are compared.
CREATE VIEW shikaku.standings_kept AS
SELECT
  membership_id, person_id, sibling_person_id, insurer_number, number_key, symbol_key, branch_number, symbol, number, birth_date, relationship,
  name, name_kana, name_other, sex, sex_on_face, address, insured_name, insured_birth_date, insured_lost_on, acquired_on, lost_on, loss_reason,
  ratio_percents, ratio_from, ratio_until, link_state, registered, cards_state, certificate_state, certificate_valid_until, non_disclosure,
  self_information_stopped, limit_categories, limit_certificates, limit_from, limit_until, limit_long_stay_from, disease_categories,
  disease_self_pays, disease_from, disease_until
FROM shikaku.standings;

-- As in standings, with these columns.
CREATE OR REPLACE FUNCTION shikaku.write_standings(membership_ids bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = force_custom_plan SET jit = off AS $$
BEGIN
  DELETE FROM shikaku.standings AS t
    WHERE t.membership_id = ANY (membership_ids)
      AND NOT EXISTS (SELECT FROM shikaku.memberships AS ms WHERE ms.membership_id = t.membership_id);

  INSERT INTO shikaku.standings AS kept (
      membership_id, person_id, sibling_person_id, insurer_number, number_key, symbol_key, branch_number, symbol, number, birth_date,
      relationship, name, name_kana, name_other, sex, sex_on_face, address, insured_name, insured_birth_date, insured_lost_on, acquired_on,
      lost_on, loss_reason, ratio_percents, ratio_from, ratio_until, link_state, registered, cards_state, certificate_state,
      certificate_valid_until, non_disclosure, self_information_stopped, limit_categories, limit_certificates, limit_from, limit_until,
      limit_long_stay_from, disease_categories, disease_self_pays, disease_from, disease_until, data_version)
    SELECT s.*, nextval('shikaku.standings_version')
      FROM shikaku.standings_source AS s
      LEFT JOIN shikaku.standings_kept AS k ON k.membership_id = s.membership_id
      WHERE s.membership_id = ANY (membership_ids)
        AND (k.membership_id IS NULL OR ROW(s.*) IS DISTINCT FROM ROW(k.*))
    ON CONFLICT (membership_id) DO UPDATE SET (
      person_id, sibling_person_id, insurer_number, number_key, symbol_key, branch_number, symbol, number, birth_date, relationship,
      name, name_kana, name_other, sex, sex_on_face, address, insured_name, insured_birth_date, insured_lost_on, acquired_on,
      lost_on, loss_reason, ratio_percents, ratio_from, ratio_until, link_state, registered, cards_state, certificate_state,
      certificate_valid_until, non_disclosure, self_information_stopped, limit_categories, limit_certificates, limit_from, limit_until,
      limit_long_stay_from, disease_categories, disease_self_pays, disease_from, disease_until, data_version
    ) = ROW (
      excluded.person_id, excluded.sibling_person_id, excluded.insurer_number, excluded.number_key, excluded.symbol_key,
      excluded.branch_number, excluded.symbol, excluded.number, excluded.birth_date, excluded.relationship, excluded.name,
      excluded.name_kana, excluded.name_other, excluded.sex, excluded.sex_on_face, excluded.address, excluded.insured_name,
      excluded.insured_birth_date, excluded.insured_lost_on, excluded.acquired_on, excluded.lost_on, excluded.loss_reason,
      excluded.ratio_percents, excluded.ratio_from, excluded.ratio_until, excluded.link_state, excluded.registered,
      excluded.cards_state, excluded.certificate_state, excluded.certificate_valid_until, excluded.non_disclosure,
      excluded.self_information_stopped, excluded.limit_categories, excluded.limit_certificates, excluded.limit_from, excluded.limit_until,
      excluded.limit_long_stay_from, excluded.disease_categories, excluded.disease_self_pays, excluded.disease_from,
      excluded.disease_until, excluded.data_version
    );
END
$$;

CREATE OR REPLACE FUNCTION shikaku.compare_standings() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' SET jit = off AS $$
  SELECT count(*)
    FROM shikaku.standings_source AS s
    FULL JOIN shikaku.standings_kept AS k ON k.membership_id = s.membership_id
    WHERE s.membership_id IS NULL OR k.membership_id IS NULL OR ROW(s.*) IS DISTINCT FROM ROW(k.*)
$$;

CREATE OR REPLACE FUNCTION shikaku.rebuild_standings() RETURNS void
LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = force_custom_plan SET jit = off AS $$
BEGIN
  PERFORM shikaku.standings_need_read_committed();
  LOCK TABLE shikaku.members, shikaku.memberships, shikaku.ratios, shikaku.links, shikaku.use_registrations, shikaku.cards,
    shikaku.eligibility_certificates, shikaku.limits, shikaku.specific_diseases IN SHARE ROW EXCLUSIVE MODE;
  PERFORM shikaku.write_standings(ARRAY(
    SELECT membership_id FROM shikaku.memberships UNION SELECT membership_id FROM shikaku.standings));
END
$$;

-- As in import_merge, with these columns.
CREATE OR REPLACE FUNCTION shikaku.merge_standings() RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  membership_ids bigint[];
BEGIN
  INSERT INTO shikaku.standings (
      membership_id, person_id, sibling_person_id, insurer_number, number_key, symbol_key, branch_number, symbol, number, birth_date,
      relationship, name, name_kana, name_other, sex, sex_on_face, address, insured_name, insured_birth_date, insured_lost_on, acquired_on,
      lost_on, loss_reason, ratio_percents, ratio_from, ratio_until, link_state, registered, cards_state, certificate_state,
      certificate_valid_until, non_disclosure, self_information_stopped, limit_categories, limit_certificates, limit_from, limit_until,
      limit_long_stay_from, disease_categories, disease_self_pays, disease_from, disease_until, data_version)
    SELECT s.*, nextval('shikaku.standings_version')
      FROM pg_temp.merging AS x JOIN shikaku.standings_source AS s ON s.membership_id = x.membership_id WHERE x.is_new;
  CREATE TEMP TABLE touched ON COMMIT DROP AS
    SELECT row_number() OVER (ORDER BY t.membership_id) AS position, t.membership_id FROM (
      SELECT ms.membership_id
        FROM pg_temp.changed AS c JOIN shikaku.members AS cm ON cm.member_key = c.member_key
        JOIN shikaku.members AS m ON m.person_id = cm.person_id
        JOIN shikaku.memberships AS ms ON ms.member_key = m.member_key
      UNION
      SELECT dms.membership_id
        FROM pg_temp.changed AS c JOIN shikaku.members AS cm ON cm.member_key = c.member_key
        JOIN shikaku.members AS m ON m.person_id = cm.person_id
        JOIN shikaku.memberships AS ms ON ms.member_key = m.member_key
        JOIN shikaku.memberships AS dms ON dms.insured_membership_id = ms.membership_id) AS t;
  FOR membership_ids IN SELECT array_agg(t.membership_id) FROM pg_temp.touched AS t GROUP BY t.position / 20000 LOOP
    PERFORM shikaku.write_standings(membership_ids);
  END LOOP;
END
$$;

DO $$
DECLARE
  source text;
BEGIN
  FOREACH source IN ARRAY ARRAY['limits', 'specific_diseases'] LOOP
    EXECUTE format('CREATE TRIGGER c_standings_of_inserts AFTER INSERT ON shikaku.%I REFERENCING NEW TABLE AS new_rows
      FOR EACH STATEMENT EXECUTE FUNCTION shikaku.keep_standings(%L)', source, 'member_key');
    EXECUTE format('CREATE TRIGGER c_standings_of_updates AFTER UPDATE ON shikaku.%I
      REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
      FOR EACH STATEMENT EXECUTE FUNCTION shikaku.keep_standings(%L)', source, 'member_key');
    EXECUTE format('CREATE TRIGGER c_standings_of_deletions AFTER DELETE ON shikaku.%I REFERENCING OLD TABLE AS old_rows
      FOR EACH STATEMENT EXECUTE FUNCTION shikaku.keep_standings(%L)', source, 'member_key');
  END LOOP;
END
$$;

-- Those who have any already.
LOCK TABLE shikaku.limits, shikaku.specific_diseases IN SHARE ROW EXCLUSIVE MODE;
SELECT shikaku.refresh_standings(ARRAY(
  SELECT ms.membership_id FROM shikaku.memberships AS ms
    WHERE ms.member_key IN (SELECT l.member_key FROM shikaku.limits AS l UNION SELECT d.member_key FROM shikaku.specific_diseases AS d)));

UPDATE shikaku.schema_version SET version = 4;

COMMIT;
