-- Deploy shikaku:standings to pg
-- The read model: one row a membership with all that an answer needs, kept in the same transaction as what it is made of.
--
--   standings_source        what a row should be
--   refresh_standings(ids)  makes the rows of these memberships so
--   rebuild_standings()     all rows; compare_standings() counts the rows that differ
--
-- A row is made of its membership, its person (siblings, registration, cards) and its insured person. Whoever changes one of these
-- first locks those persons, in order, and computes in a later statement, on a snapshot taken after the wait; otherwise two
-- sessions would each write a row without the other's part. Only READ COMMITTED takes such a snapshot; the others are refused.

BEGIN;

CREATE SEQUENCE shikaku.standings_version;

CREATE TABLE shikaku.standings (
  membership_id bigint PRIMARY KEY,
  person_id bigint NOT NULL,
  sibling_person_id bigint,                  -- person_id where the person has another membership
  insurer_number text NOT NULL,
  number_key text NOT NULL,
  symbol_key text,
  branch_number text,
  symbol text,
  number text NOT NULL,
  birth_date date NOT NULL,
  relationship text NOT NULL,
  name text NOT NULL,
  name_kana text NOT NULL,
  name_other text,
  sex text NOT NULL,
  sex_on_face text,
  address text,
  insured_name text NOT NULL,                -- one's own when insured
  insured_birth_date date,                   -- these two of a dependant's insured person only
  insured_lost_on date,
  acquired_on date NOT NULL,
  lost_on date,
  loss_reason text,
  ratio_percents smallint[] NOT NULL,        -- these three in one order
  ratio_from date[] NOT NULL,
  ratio_until date[] NOT NULL,               -- last day; a NULL element is open
  link_state text NOT NULL,
  registered boolean NOT NULL,
  cards_state smallint NOT NULL,             -- 0 none known, 1 some usable, 2 none but some only suspended, 3 all revoked
  certificate_state smallint NOT NULL,       -- of the newest: 0 none, 1 issued or past its last day, 2 returned, 3 revoked
  certificate_valid_until date,
  non_disclosure boolean NOT NULL,
  self_information_stopped boolean NOT NULL,
  data_version bigint NOT NULL
) WITH (fillfactor = 90);
CREATE INDEX standings_keys ON shikaku.standings (insurer_number, number_key, birth_date);
CREATE INDEX standings_person_id ON shikaku.standings (person_id);

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

-- Makes the rows of these memberships what they should be. The caller holds the locks. Rows that are right are not written.
-- Plans are made anew each time: one made on almost empty tables would be kept long after a load.
CREATE FUNCTION shikaku.write_standings(membership_ids bigint[]) RETURNS void
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

CREATE FUNCTION shikaku.standings_need_read_committed() RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'what standings are made of is written at READ COMMITTED only' USING ERRCODE = 'invalid_transaction_state';
  END IF;
END
$$;

CREATE FUNCTION shikaku.refresh_standings(membership_ids bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET plan_cache_mode = force_custom_plan SET jit = off AS $$
BEGIN
  PERFORM shikaku.standings_need_read_committed();
  PERFORM FROM shikaku.persons
    WHERE person_id IN (
      SELECT m.person_id
        FROM shikaku.memberships AS ms JOIN shikaku.members AS m USING (member_key)
        WHERE ms.membership_id = ANY (membership_ids)
      UNION
      SELECT insured_m.person_id
        FROM shikaku.memberships AS ms
        JOIN shikaku.memberships AS insured_ms ON insured_ms.membership_id = ms.insured_membership_id
        JOIN shikaku.members AS insured_m ON insured_m.member_key = insured_ms.member_key
        WHERE ms.membership_id = ANY (membership_ids))
    ORDER BY person_id
    FOR NO KEY UPDATE;
  PERFORM shikaku.write_standings(membership_ids);
END
$$;

-- All that can depend on these persons: their memberships, those of their dependants, and rows left without a membership.
CREATE FUNCTION shikaku.refresh_standings_of_persons(person_ids bigint[], gone_membership_ids bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' SET plan_cache_mode = force_custom_plan SET jit = off AS $$
BEGIN
  PERFORM shikaku.standings_need_read_committed();
  PERFORM FROM shikaku.persons
    WHERE person_id IN (
      SELECT unnest(person_ids)
      UNION
      SELECT insured_m.person_id
        FROM shikaku.members AS m
        JOIN shikaku.memberships AS ms USING (member_key)
        JOIN shikaku.memberships AS insured_ms ON insured_ms.membership_id = ms.insured_membership_id
        JOIN shikaku.members AS insured_m ON insured_m.member_key = insured_ms.member_key
        WHERE m.person_id = ANY (person_ids)
      UNION
      SELECT dependent_m.person_id
        FROM shikaku.members AS m
        JOIN shikaku.memberships AS ms USING (member_key)
        JOIN shikaku.memberships AS dependent_ms ON dependent_ms.insured_membership_id = ms.membership_id
        JOIN shikaku.members AS dependent_m ON dependent_m.member_key = dependent_ms.member_key
        WHERE m.person_id = ANY (person_ids))
    ORDER BY person_id
    FOR NO KEY UPDATE;
  -- Read after the wait: a dependant that came meanwhile is seen, and whoever changes one waits for us at the insured person.
  PERFORM shikaku.write_standings(gone_membership_ids || ARRAY(
    SELECT ms.membership_id
      FROM shikaku.members AS m JOIN shikaku.memberships AS ms USING (member_key)
      WHERE m.person_id = ANY (person_ids)
    UNION
    SELECT dependent_ms.membership_id
      FROM shikaku.members AS m
      JOIN shikaku.memberships AS ms USING (member_key)
      JOIN shikaku.memberships AS dependent_ms ON dependent_ms.insured_membership_id = ms.membership_id
      WHERE m.person_id = ANY (person_ids)));
END
$$;

-- Called after each statement on what standings are made of. Argument: the column by which the table knows its person.
-- A bulk load of the owner's sets shikaku.standings to 'deferred' and refreshes afterwards; the service cannot.
CREATE FUNCTION shikaku.keep_standings() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  touched CONSTANT text := CASE TG_OP
    WHEN 'INSERT' THEN 'new_rows' WHEN 'DELETE' THEN 'old_rows' ELSE '(TABLE old_rows UNION ALL TABLE new_rows)' END;
  person_ids bigint[];
  gone_membership_ids bigint[] := '{}';
BEGIN
  IF current_setting('shikaku.standings', true) = 'deferred' AND pg_has_role(session_user, current_user, 'MEMBER') THEN
    RETURN NULL;
  END IF;
  CASE TG_ARGV[0]
    WHEN 'person_id' THEN
      EXECUTE format('SELECT array_agg(DISTINCT person_id) FROM %s AS t', touched) INTO person_ids;
    WHEN 'member_key' THEN
      EXECUTE format('SELECT array_agg(DISTINCT m.person_id) FROM %s AS t JOIN shikaku.members AS m USING (member_key)', touched)
        INTO person_ids;
    WHEN 'membership_id' THEN
      EXECUTE format('SELECT array_agg(DISTINCT m.person_id) FROM %s AS t JOIN shikaku.memberships AS ms USING (membership_id)
        JOIN shikaku.members AS m ON m.member_key = ms.member_key', touched) INTO person_ids;
  END CASE;
  IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'memberships' THEN
    EXECUTE 'SELECT coalesce(array_agg(membership_id), ''{}'') FROM old_rows' INTO gone_membership_ids;
  END IF;
  IF person_ids IS NOT NULL THEN
    PERFORM shikaku.refresh_standings_of_persons(person_ids, gone_membership_ids);
  END IF;
  RETURN NULL;
END
$$;

DO $$
DECLARE
  source record;
BEGIN
  FOR source IN SELECT * FROM (VALUES
    ('members', 'person_id'), ('memberships', 'member_key'), ('ratios', 'member_key'), ('links', 'member_key'),
    ('use_registrations', 'person_id'), ('cards', 'person_id'), ('eligibility_certificates', 'membership_id')
    ) AS s (table_name, person_by)
  LOOP
    EXECUTE format('CREATE TRIGGER c_standings_of_inserts AFTER INSERT ON shikaku.%I REFERENCING NEW TABLE AS new_rows
      FOR EACH STATEMENT EXECUTE FUNCTION shikaku.keep_standings(%L)', source.table_name, source.person_by);
    EXECUTE format('CREATE TRIGGER c_standings_of_updates AFTER UPDATE ON shikaku.%I
      REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
      FOR EACH STATEMENT EXECUTE FUNCTION shikaku.keep_standings(%L)', source.table_name, source.person_by);
    EXECUTE format('CREATE TRIGGER c_standings_of_deletions AFTER DELETE ON shikaku.%I REFERENCING OLD TABLE AS old_rows
      FOR EACH STATEMENT EXECUTE FUNCTION shikaku.keep_standings(%L)', source.table_name, source.person_by);
  END LOOP;
END
$$;
-- These two have no history that would refuse it, and a TRUNCATE would leave the standings behind.
CREATE TRIGGER c_standings_are_not_left_behind BEFORE TRUNCATE ON shikaku.use_registrations
  FOR EACH STATEMENT EXECUTE FUNCTION shikaku.refuse();
CREATE TRIGGER c_standings_are_not_left_behind BEFORE TRUNCATE ON shikaku.cards
  FOR EACH STATEMENT EXECUTE FUNCTION shikaku.refuse();

-- All rows anew; rows that are right are not written. Stops the writers of base tables meanwhile, not the readers.
CREATE FUNCTION shikaku.rebuild_standings() RETURNS void
LANGUAGE plpgsql SET search_path = '' SET plan_cache_mode = force_custom_plan SET jit = off AS $$
BEGIN
  PERFORM shikaku.standings_need_read_committed();
  LOCK TABLE shikaku.members, shikaku.memberships, shikaku.ratios, shikaku.links, shikaku.use_registrations, shikaku.cards,
    shikaku.eligibility_certificates IN SHARE ROW EXCLUSIVE MODE;
  PERFORM shikaku.write_standings(ARRAY(
    SELECT membership_id FROM shikaku.memberships UNION SELECT membership_id FROM shikaku.standings));
END
$$;

-- How many rows differ from what they should be: missing, left behind, or wrong. `doctor` asks.
CREATE FUNCTION shikaku.compare_standings() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' SET jit = off AS $$
  SELECT count(*)
    FROM shikaku.standings_source AS s
    FULL JOIN shikaku.standings AS t ON t.membership_id = s.membership_id
    WHERE s.membership_id IS NULL OR t.membership_id IS NULL
      OR ROW(s.*, t.data_version)::shikaku.standings IS DISTINCT FROM t
$$;

-- What is there already.
SELECT shikaku.rebuild_standings();

COMMIT;
