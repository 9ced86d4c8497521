-- name: find_lost_heads
-- Chains whose predecessor's head is not on record any more: the end of a chain was removed, or all of it (R13.2).
SELECT c.check_id, c.chain_id
  FROM shikaku.checks c
 WHERE c.follows IS NOT NULL
   AND NOT EXISTS (SELECT FROM shikaku.checks head WHERE head.digest = c.follows)
 ORDER BY c.chain_id
