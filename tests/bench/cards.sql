-- The cards of tests/bench/card_load for members of demo/fill, from standard input, in place of the rows that fill.sql invented.

\set ON_ERROR_STOP on
SET client_min_messages = warning;

BEGIN;
SET LOCAL shikaku.standings = 'deferred';
SET LOCAL synchronous_commit = off;

CREATE TEMPORARY TABLE made (
  register_code text NOT NULL,
  certificate_digest bytea NOT NULL,
  issuer_key_identifier bytea NOT NULL,
  serial bytea NOT NULL,
  not_before timestamptz NOT NULL,
  not_after timestamptz NOT NULL,
  public_key bytea NOT NULL,
  medium text NOT NULL
) ON COMMIT DROP;
\copy made FROM pstdin
CREATE TEMPORARY TABLE held ON COMMIT DROP AS
  SELECT p.person_id, made.* FROM made JOIN shikaku.persons AS p USING (register_code);
ANALYZE held;

DELETE FROM shikaku.cards AS c USING held WHERE c.person_id = held.person_id;
INSERT INTO shikaku.cards (person_id, medium, certificate_digest, issuer_key_identifier, serial, not_before, not_after, public_key)
  SELECT person_id, medium, certificate_digest, issuer_key_identifier, serial, not_before, not_after, public_key FROM held;

SELECT shikaku.refresh_standings(ARRAY(
  SELECT ms.membership_id
    FROM held JOIN shikaku.members AS m USING (person_id) JOIN shikaku.memberships AS ms USING (member_key))) \g /dev/null

COMMIT;
