-- Deploy shikaku:card_proofs to pg
-- What proves that a card was at the desk (R5): the key under which challenges are made, the challenges that were used, and the
-- way in which a card becomes known.

BEGIN;

-- The key of the HMAC over challenges. One row, made here and nowhere else: every process of every replica reads the same. 244
-- random bits of the server's strong generator. A new key (UPDATE) ends all challenges under way within a second.
CREATE TABLE shikaku.challenge_keys (
  key shikaku.sha256 NOT NULL,
  made_at shikaku.moment NOT NULL
);
CREATE UNIQUE INDEX challenge_keys_has_one_row ON shikaku.challenge_keys ((true));
INSERT INTO shikaku.challenge_keys (key, made_at)
  SELECT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), now(); -- deploying is no domain time
CREATE TRIGGER challenge_keys_keeps_its_row BEFORE DELETE OR TRUNCATE ON shikaku.challenge_keys
  FOR EACH STATEMENT EXECUTE FUNCTION shikaku.refuse();

-- A challenge is good for one use, in whichever process: whoever writes its row first. Only uses are written; rows go some time
-- after their challenge has expired. `nonce` is the challenge's 16 random bytes. Logged, because a crash must not make it new.
CREATE TABLE shikaku.used_challenges (
  expires_at timestamptz NOT NULL,
  nonce uuid NOT NULL,
  check_id uuid NOT NULL, -- who used it: a set may hold the same challenge twice
  CONSTRAINT expires_at_is_finite CHECK (isfinite(expires_at))
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_cost_delay = 0);
CREATE UNIQUE INDEX used_challenges_nonce ON shikaku.used_challenges (nonce);

-- A card that may not be used says nothing of a membership: validity 0 is "not judged" (R5.3).
ALTER TABLE shikaku.checks DROP CONSTRAINT validity_values;
ALTER TABLE shikaku.checks ADD CONSTRAINT validity_values CHECK (validity BETWEEN 0 AND 5);
ALTER TABLE shikaku.checks ADD CONSTRAINT not_judged_only_by_card CHECK (validity <> 0 OR (presented = 1 AND membership_id IS NULL));

COMMENT ON COLUMN shikaku.cards.public_key IS
  'R, 4 bytes exponent, modulus (RSA); or P, uncompressed point (65 bytes P-256, 97 bytes P-384)';

-- Locks a person with those whose standings hang together with theirs, in the order in which the standings' own triggers do, for
-- whoever will write several of their rows: two who took them in another order would wait for each other.
CREATE FUNCTION shikaku.lock_family(who bigint) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  PERFORM FROM shikaku.persons AS p
    WHERE p.person_id IN (
      SELECT who
      UNION
      SELECT insured_m.person_id
        FROM shikaku.members AS m
        JOIN shikaku.memberships AS ms USING (member_key)
        JOIN shikaku.memberships AS insured_ms ON insured_ms.membership_id = ms.insured_membership_id
        JOIN shikaku.members AS insured_m ON insured_m.member_key = insured_ms.member_key
        WHERE m.person_id = who
      UNION
      SELECT dependent_m.person_id
        FROM shikaku.members AS m
        JOIN shikaku.memberships AS ms USING (member_key)
        JOIN shikaku.memberships AS dependent_ms ON dependent_ms.insured_membership_id = ms.membership_id
        JOIN shikaku.members AS dependent_m ON dependent_m.member_key = dependent_ms.member_key
        WHERE m.person_id = who)
    ORDER BY p.person_id
    FOR NO KEY UPDATE;
END
$$;

-- Makes a card known that was validated in full, as a person's, and registers its use (利用登録) where a channel is given (R5.6).
-- The person by the resident register's code, or by an insurer's key of a member. Answers in a word: registered, known (nothing
-- to do), no_person, other_person (the certificate is known as somebody else's), other_certificate (issuer and serial are known
-- with other bytes), not_registrable (R14).
CREATE FUNCTION shikaku.register_card(person_code text, of_insurer text, of_member text, its_medium text, its_digest bytea,
  its_issuer bytea, its_serial bytea, its_first_moment timestamptz, its_last_moment timestamptz, its_key bytea, by_channel text,
  at timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  who bigint;
  known record;
  changed boolean := false;
BEGIN
  IF person_code IS NOT NULL THEN
    SELECT p.person_id INTO who FROM shikaku.persons AS p WHERE p.register_code = person_code;
  ELSE
    SELECT m.person_id INTO who FROM shikaku.members AS m WHERE m.insurer_number = of_insurer AND m.member_id = of_member;
  END IF;
  IF who IS NULL THEN
    RETURN 'no_person';
  END IF;
  PERFORM shikaku.lock_family(who);
  IF by_channel IS NOT NULL
      AND EXISTS (SELECT FROM shikaku.members AS m WHERE m.person_id = who AND m.self_information_stopped) THEN
    RETURN 'not_registrable';
  END IF;

  INSERT INTO shikaku.cards (person_id, medium, certificate_digest, issuer_key_identifier, serial, not_before, not_after, public_key)
    VALUES (who, its_medium, its_digest, its_issuer, its_serial, its_first_moment, its_last_moment, its_key)
    ON CONFLICT DO NOTHING;
  IF FOUND THEN
    changed := true;
  ELSE
    SELECT c.person_id, c.certificate_digest INTO known FROM shikaku.cards AS c
      WHERE c.issuer_key_identifier = its_issuer AND c.serial = its_serial;
    IF known.certificate_digest IS DISTINCT FROM its_digest THEN
      RETURN 'other_certificate';
    ELSIF known.person_id <> who THEN
      RETURN 'other_person';
    END IF;
  END IF;

  IF by_channel IS NOT NULL THEN
    INSERT INTO shikaku.use_registrations AS u (person_id, registered_at, channel) VALUES (who, at, by_channel)
      ON CONFLICT (person_id) DO UPDATE SET registered_at = excluded.registered_at, channel = excluded.channel, cancelled_at = NULL
        WHERE u.cancelled_at IS NOT NULL;
    changed := changed OR FOUND;
  END IF;
  RETURN CASE WHEN changed THEN 'registered' ELSE 'known' END;
END
$$;

GRANT SELECT ON shikaku.challenge_keys TO shikaku_service;
GRANT SELECT, INSERT, DELETE ON shikaku.used_challenges TO shikaku_service;
-- Cards come and change by functions only.
REVOKE INSERT, UPDATE ON shikaku.cards FROM shikaku_service;
GRANT EXECUTE ON FUNCTION
  shikaku.register_card(text, text, text, text, bytea, bytea, bytea, timestamptz, timestamptz, bytea, text, timestamptz)
  TO shikaku_service;

-- Services of version 1 ask nothing of this and go on working.
UPDATE shikaku.schema_version SET version = 2;

COMMIT;
