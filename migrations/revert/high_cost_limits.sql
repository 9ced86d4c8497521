-- Revert shikaku:high_cost_limits from pg
-- Records that name a month would not verify without it, and who counted months would be counted no more: evidence, so this stops where
-- there are any.

BEGIN;

DO $$
BEGIN
  IF EXISTS (SELECT FROM shikaku.checks WHERE care_month IS NOT NULL) THEN
    RAISE EXCEPTION 'records of checks name a month of care: what their digests hold is not taken away'
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  IF EXISTS (SELECT FROM shikaku.ceiling_months) THEN
    RAISE EXCEPTION 'ceiling months were reported: they are not taken away' USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
END
$$;

UPDATE shikaku.schema_version SET version = 3;
DO $$
DECLARE
  source text;
  happening text;
BEGIN
  FOREACH source IN ARRAY ARRAY['limits', 'specific_diseases'] LOOP
    FOREACH happening IN ARRAY ARRAY['inserts', 'updates', 'deletions'] LOOP
      EXECUTE format('DROP TRIGGER %I ON shikaku.%I', 'c_standings_of_' || happening, source);
    END LOOP;
  END LOOP;
END
$$;
DROP VIEW shikaku.standings_kept, shikaku.standings_source;
ALTER TABLE shikaku.standings
  DROP COLUMN limit_categories, DROP COLUMN limit_certificates, DROP COLUMN limit_from, DROP COLUMN limit_until,
  DROP COLUMN limit_long_stay_from, DROP COLUMN disease_categories, DROP COLUMN disease_self_pays, DROP COLUMN disease_from,
  DROP COLUMN disease_until;
CREATE VIEW shikaku.standings_source AS
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
  m.self_information_stopped
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
) AS ec ON true;

CREATE OR REPLACE FUNCTION shikaku.write_standings(membership_ids bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = force_custom_plan SET jit = off AS $$
BEGIN
  DELETE FROM shikaku.standings AS t
    WHERE t.membership_id = ANY (membership_ids)
      AND NOT EXISTS (SELECT FROM shikaku.memberships AS ms WHERE ms.membership_id = t.membership_id);

  INSERT INTO shikaku.standings
    SELECT s.*, nextval('shikaku.standings_version')
      FROM shikaku.standings_source AS s
      LEFT JOIN shikaku.standings AS t ON t.membership_id = s.membership_id
      WHERE s.membership_id = ANY (membership_ids)
        AND (t.membership_id IS NULL OR ROW(s.*, t.data_version)::shikaku.standings IS DISTINCT FROM t)
    ON CONFLICT (membership_id) DO UPDATE SET (
      person_id, sibling_person_id, insurer_number, number_key, symbol_key, branch_number, symbol, number, birth_date, relationship,
      name, name_kana, name_other, sex, sex_on_face, address, insured_name, insured_birth_date, insured_lost_on, acquired_on,
      lost_on, loss_reason, ratio_percents, ratio_from, ratio_until, link_state, registered, cards_state, certificate_state,
      certificate_valid_until, non_disclosure, self_information_stopped, data_version
    ) = ROW (
      excluded.person_id, excluded.sibling_person_id, excluded.insurer_number, excluded.number_key, excluded.symbol_key,
      excluded.branch_number, excluded.symbol, excluded.number, excluded.birth_date, excluded.relationship, excluded.name,
      excluded.name_kana, excluded.name_other, excluded.sex, excluded.sex_on_face, excluded.address, excluded.insured_name,
      excluded.insured_birth_date, excluded.insured_lost_on, excluded.acquired_on, excluded.lost_on, excluded.loss_reason,
      excluded.ratio_percents, excluded.ratio_from, excluded.ratio_until, excluded.link_state, excluded.registered,
      excluded.cards_state, excluded.certificate_state, excluded.certificate_valid_until, excluded.non_disclosure,
      excluded.self_information_stopped, excluded.data_version
    );
END
$$;

CREATE OR REPLACE FUNCTION shikaku.compare_standings() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' SET jit = off AS $$
  SELECT count(*)
    FROM shikaku.standings_source AS s
    FULL JOIN shikaku.standings AS t ON t.membership_id = s.membership_id
    WHERE s.membership_id IS NULL OR t.membership_id IS NULL
      OR ROW(s.*, t.data_version)::shikaku.standings IS DISTINCT FROM t
$$;

CREATE OR REPLACE FUNCTION shikaku.rebuild_standings() RETURNS void
LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = force_custom_plan SET jit = off AS $$
BEGIN
  PERFORM shikaku.standings_need_read_committed();
  LOCK TABLE shikaku.members, shikaku.memberships, shikaku.ratios, shikaku.links, shikaku.use_registrations, shikaku.cards,
    shikaku.eligibility_certificates IN SHARE ROW EXCLUSIVE MODE;
  PERFORM shikaku.write_standings(ARRAY(
    SELECT membership_id FROM shikaku.memberships UNION SELECT membership_id FROM shikaku.standings));
END
$$;

CREATE OR REPLACE FUNCTION shikaku.merge_standings() RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  membership_ids bigint[];
BEGIN
  INSERT INTO shikaku.standings
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

ALTER TABLE shikaku.checks DROP COLUMN care_month;
DROP TABLE shikaku.ceiling_months, shikaku.limit_amounts, shikaku.limit_tables;

COMMIT;
