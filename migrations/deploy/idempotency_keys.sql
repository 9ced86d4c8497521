-- Deploy shikaku:idempotency_keys to pg
-- A request that creates a record may carry an Idempotency-Key: sent again, because its answer was lost, it gets that answer and
-- creates nothing. The key belongs to the token that sent it. Keys and requests are kept as digests: either may name a person.
--
-- A function that writes calls, before anything else and in the one statement of its request,
--
--   known := shikaku.find_idempotent(token_id, key_digest, request_digest, asked_at);
--
-- and answers `known.answer` where known.state is 'kept', refuses where it is 'reused', and otherwise does its work and ends with
--
--   PERFORM shikaku.keep_idempotent(token_id, key_digest, route, request_digest, outcome, answer, asked_at);
--
-- What was refused has changed nothing and is not kept: its key may be used again. Without a key both do nothing.

BEGIN;

CREATE TABLE shikaku.idempotency_keys (
  token_id bigint NOT NULL REFERENCES shikaku.tokens,
  key_digest shikaku.sha256 NOT NULL,
  route text NOT NULL, -- the template, for whoever looks
  request_digest shikaku.sha256 NOT NULL,
  outcome text NOT NULL, -- what the function said, by which the status is known
  answer jsonb NOT NULL,
  created_at shikaku.moment NOT NULL,
  expires_at shikaku.moment NOT NULL,
  PRIMARY KEY (token_id, key_digest),
  CONSTRAINT route_form CHECK (route ~ '^/[!-~]{1,199}$'),
  CONSTRAINT outcome_form CHECK (outcome ~ '^[a-z_]{1,64}$'),
  CONSTRAINT answer_is_an_object CHECK (jsonb_typeof(answer) = 'object'),
  CONSTRAINT expires_after_created CHECK (expires_at > created_at)
);
CREATE INDEX idempotency_keys_expires_at ON shikaku.idempotency_keys (expires_at);

-- state: 'new', 'kept' (the same request: `outcome` and `answer` are its), or 'reused' (another request came with this key). Two at
-- once: the second waits here until the first is stored or has failed, and looks on a snapshot taken after that.
CREATE FUNCTION shikaku.find_idempotent(token_id bigint, key_digest bytea, request_digest bytea, asked_at timestamptz,
  OUT state text, OUT outcome text, OUT answer jsonb)
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  kept shikaku.idempotency_keys;
BEGIN
  state := 'new';
  IF key_digest IS NULL THEN
    RETURN;
  END IF;
  -- Two keys with one lock only wait for each other.
  PERFORM pg_advisory_xact_lock(hashtextextended('shikaku.idempotency_keys ' || find_idempotent.token_id || ' '
    || encode(find_idempotent.key_digest, 'hex'), 0));
  SELECT * INTO kept FROM shikaku.idempotency_keys AS k
    WHERE k.token_id = find_idempotent.token_id AND k.key_digest = find_idempotent.key_digest AND k.expires_at > asked_at;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  IF kept.request_digest <> find_idempotent.request_digest THEN
    state := 'reused';
    RETURN;
  END IF;
  state := 'kept';
  outcome := kept.outcome;
  answer := kept.answer;
END
$$;

-- For 24 hours, in the place of one that has expired.
CREATE FUNCTION shikaku.keep_idempotent(token_id bigint, key_digest bytea, route text, request_digest bytea, outcome text, answer jsonb,
  asked_at timestamptz) RETURNS void
LANGUAGE sql SET search_path = '' AS $$
  INSERT INTO shikaku.idempotency_keys (token_id, key_digest, route, request_digest, outcome, answer, created_at, expires_at)
    SELECT $1, $2, $3, $4, $5, $6, $7, $7 + interval '24 hours' WHERE $2 IS NOT NULL
    ON CONFLICT ON CONSTRAINT idempotency_keys_pkey DO UPDATE SET
      route = excluded.route, request_digest = excluded.request_digest, outcome = excluded.outcome, answer = excluded.answer,
      created_at = excluded.created_at, expires_at = excluded.expires_at
$$;

-- Deletes what has expired; how many there were. Any number of sessions may call it at once.
CREATE FUNCTION shikaku.forget_idempotency_keys(asked_at timestamptz) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
  WITH expired AS (
    SELECT k.token_id, k.key_digest FROM shikaku.idempotency_keys AS k WHERE k.expires_at <= asked_at FOR UPDATE SKIP LOCKED
  ), forgotten AS (
    DELETE FROM shikaku.idempotency_keys AS k USING expired AS e
      WHERE k.token_id = e.token_id AND k.key_digest = e.key_digest AND k.expires_at <= asked_at
      RETURNING 1
  )
  SELECT count(*) FROM forgotten
$$;

GRANT EXECUTE ON FUNCTION shikaku.forget_idempotency_keys(timestamptz) TO shikaku_service;

COMMIT;
