-- Revert shikaku:grants from pg

BEGIN;

REVOKE ALL ON ALL TABLES IN SCHEMA shikaku FROM shikaku_service;
REVOKE ALL (label, rate_per_second, burst, expires_at, revoked_at) ON shikaku.tokens FROM shikaku_service;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA shikaku FROM shikaku_service;
REVOKE ALL ON SCHEMA shikaku FROM shikaku_service;

COMMIT;
