-- name: forget_used_challenges
-- A challenge that expired some time ago ($1) is refused for that: who used it need not be known any more.
DELETE FROM shikaku.used_challenges u WHERE u.expires_at < $1::timestamptz
