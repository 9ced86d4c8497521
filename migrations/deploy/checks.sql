-- Deploy shikaku:checks to pg
-- Evidence: a row for every answer, before the answer leaves (R13.1), chained (R13.2). A partition a month of Japan, and a DEFAULT
-- so that a row never fails for want of one. No foreign keys, one index, no trigger on the way in: this is the hot path. Wide
-- columns stand first, so that a row has no padding.

BEGIN;

CREATE TABLE shikaku.checks (
  checked_at timestamptz NOT NULL,
  known_at timestamptz,
  token_id bigint NOT NULL,
  reasons bigint NOT NULL,      -- a bit each, by position in the service's list
  membership_id bigint,
  data_version bigint,          -- of the read model's row that was answered from
  check_id uuid NOT NULL,
  chain_id uuid NOT NULL,
  chain_position integer NOT NULL,
  visit_date date NOT NULL,
  presented smallint NOT NULL,
  setting smallint NOT NULL,
  validity smallint NOT NULL,   -- 1 to 5, as the national code
  with_card boolean NOT NULL,
  accepted boolean NOT NULL,
  digest bytea NOT NULL,        -- of this record and its predecessor's digest
  answer_digest bytea NOT NULL, -- of the answer's bytes
  keys_digest bytea NOT NULL,   -- of the normalised keys: on record even when they matched nobody
  follows bytea,                -- the head that this chain follows
  owner text NOT NULL,          -- 医療機関コード
  CONSTRAINT checked_at_is_finite CHECK (isfinite(checked_at)),
  CONSTRAINT known_at_is_finite CHECK (isfinite(known_at)),
  CONSTRAINT chain_position_range CHECK (chain_position >= 0),
  CONSTRAINT presented_values CHECK (presented BETWEEN 1 AND 5),
  CONSTRAINT setting_values CHECK (setting IN (0, 1)),
  CONSTRAINT validity_values CHECK (validity BETWEEN 1 AND 5),
  CONSTRAINT accepted_only_when_valid CHECK (NOT accepted OR validity = 1),
  CONSTRAINT digests_are_32_bytes
    CHECK (octet_length(digest) = 32 AND octet_length(answer_digest) = 32 AND octet_length(keys_digest) = 32),
  CONSTRAINT follows_only_at_the_first CHECK (follows IS NULL OR (chain_position = 0 AND octet_length(follows) = 32)),
  CONSTRAINT owner_is_10_digits CHECK (octet_length(owner) = 10 AND owner !~ '[^0-9]')
) PARTITION BY RANGE (checked_at);
CREATE INDEX checks_check_id ON shikaku.checks (check_id);

-- Partitions inherit this one; TRUNCATE is refused partition by partition.
CREATE TRIGGER checks_stay BEFORE UPDATE OR DELETE ON shikaku.checks
  FOR EACH ROW EXECUTE FUNCTION shikaku.refuse();
CREATE TRIGGER checks_are_not_truncated BEFORE TRUNCATE ON shikaku.checks
  FOR EACH STATEMENT EXECUTE FUNCTION shikaku.refuse();

CREATE TABLE shikaku.checks_default PARTITION OF shikaku.checks DEFAULT;
CREATE TRIGGER checks_are_not_truncated BEFORE TRUNCATE ON shikaku.checks_default
  FOR EACH STATEMENT EXECUTE FUNCTION shikaku.refuse();

-- Makes the partitions of the month of `today` and of the three that follow, where they are missing. Any number of sessions may
-- call it at once. A month that already has rows in the DEFAULT partition stays there: evidence is not moved.
CREATE FUNCTION shikaku.keep_check_partitions(today date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  first_day date;
  next_first_day date;
  partition_name text;
BEGIN
  IF today IS NULL OR today NOT BETWEEN '2020-01-01' AND '2999-12-31' THEN
    RAISE EXCEPTION 'no partitions for %', today USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('shikaku.keep_check_partitions', 0));
  FOR ahead IN 0..3 LOOP
    first_day := date_trunc('month', today::timestamp) + make_interval(months => ahead);
    next_first_day := first_day + interval '1 month';
    partition_name := 'checks_' || to_char(first_day, 'YYYY_MM');
    CONTINUE WHEN to_regclass('shikaku.' || partition_name) IS NOT NULL;
    BEGIN
      -- Made apart and attached: that takes no lock which would stop the inserts.
      EXECUTE format('CREATE TABLE shikaku.%I (LIKE shikaku.checks INCLUDING CONSTRAINTS)', partition_name);
      EXECUTE format('CREATE TRIGGER checks_are_not_truncated BEFORE TRUNCATE ON shikaku.%I
        FOR EACH STATEMENT EXECUTE FUNCTION shikaku.refuse()', partition_name);
      EXECUTE format('ALTER TABLE shikaku.checks ATTACH PARTITION shikaku.%I FOR VALUES FROM (%L) TO (%L)', partition_name,
        first_day || ' 00:00:00+09', next_first_day || ' 00:00:00+09');
    EXCEPTION WHEN check_violation THEN
      RAISE WARNING 'checks of % are in the DEFAULT partition and stay there', to_char(first_day, 'YYYY-MM');
    END;
  END LOOP;
END
$$;

-- Deploying is no record of domain time: the clock's month will do.
SELECT shikaku.keep_check_partitions((now() AT TIME ZONE 'Asia/Tokyo')::date);

COMMIT;
