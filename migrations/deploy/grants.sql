-- Deploy shikaku:grants to pg
-- What the running service may do: read all, write what its cases write, and only add to the evidence.

BEGIN;

GRANT USAGE ON SCHEMA shikaku TO shikaku_service;

GRANT SELECT ON
  shikaku.schema_version, shikaku.insurers, shikaku.institutions, shikaku.persons, shikaku.members, shikaku.memberships,
  shikaku.ratios, shikaku.links, shikaku.use_registrations, shikaku.cards, shikaku.eligibility_certificates, shikaku.tokens,
  shikaku.checks, shikaku.standings, shikaku.members_history, shikaku.memberships_history, shikaku.ratios_history,
  shikaku.links_history, shikaku.eligibility_certificates_history
  TO shikaku_service;

GRANT INSERT, UPDATE ON
  shikaku.insurers, shikaku.institutions, shikaku.persons, shikaku.members, shikaku.memberships, shikaku.ratios, shikaku.links,
  shikaku.use_registrations, shikaku.cards, shikaku.eligibility_certificates
  TO shikaku_service;

-- A registered ratio may be withdrawn; the history keeps it.
GRANT DELETE ON shikaku.ratios TO shikaku_service;

-- A token's digest, scope and owner never change.
GRANT INSERT, UPDATE (label, rate_per_second, burst, expires_at, revoked_at) ON shikaku.tokens TO shikaku_service;

GRANT INSERT ON shikaku.checks TO shikaku_service;

GRANT EXECUTE ON FUNCTION shikaku.keep_check_partitions(date), shikaku.compare_standings() TO shikaku_service;

COMMIT;
