-- Deploy shikaku:job_functions to pg
-- How jobs are taken, kept, given back and ended, and how an import's file comes in. The service calls these and writes no job
-- itself. A process that no longer has a job is told so and must leave everything of it undone.

BEGIN;

-- How far the work is, in hundredths.
ALTER TABLE shikaku.jobs
  ADD COLUMN percent smallint NOT NULL DEFAULT 0,
  ADD CONSTRAINT percent_range CHECK (percent BETWEEN 0 AND 100);

-- A larger file is merged in slices of so many lines, each whole or not at all by itself.
ALTER TABLE shikaku.imports
  ADD COLUMN slice_rows integer NOT NULL DEFAULT 5000000,
  ADD CONSTRAINT slice_rows_range CHECK (slice_rows >= 1);

-- Empties a slot. false: whoever was filling it holds it still; it is emptied before it is filled again.
CREATE FUNCTION shikaku.empty_slot(slot smallint) RETURNS boolean
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  of_slot CONSTANT text := format('shikaku.staged_members_%s', slot);
BEGIN
  IF pg_catalog.pg_relation_size(of_slot::regclass) > 0 THEN
    EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE NOWAIT', of_slot);
    EXECUTE format('TRUNCATE %s', of_slot);
  END IF;
  RETURN true;
EXCEPTION WHEN lock_not_available THEN
  RETURN false;
END
$$;

-- An ended import keeps no rows of people.
CREATE FUNCTION shikaku.free_slot(import_id uuid) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
  freed smallint;
BEGIN
  SELECT i.slot INTO freed FROM shikaku.imports AS i WHERE i.import_id = free_slot.import_id FOR NO KEY UPDATE;
  IF freed IS NOT NULL THEN
    UPDATE shikaku.imports AS i SET slot = NULL WHERE i.import_id = free_slot.import_id;
    PERFORM shikaku.empty_slot(freed);
  END IF;
END
$$;

-- Ends a job that somebody has locked. failure: only with 'failed'.
CREATE FUNCTION shikaku.finish_job(job_id uuid, ended_at timestamptz, state text, failure text) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
  UPDATE shikaku.jobs AS j
    SET state = finish_job.state, ended_at = finish_job.ended_at, failure = finish_job.failure, runner = NULL, lease_until = NULL,
        percent = CASE finish_job.state WHEN 'succeeded' THEN 100 ELSE j.percent END
    WHERE j.job_id = finish_job.job_id;
  PERFORM shikaku.free_slot(finish_job.job_id);
END
$$;

-- An Idempotency-Key whose request was never answered with an import can be used again.
CREATE FUNCTION shikaku.forget_import_key(import_id uuid) RETURNS void
LANGUAGE sql SET search_path = '' AS $$ UPDATE shikaku.imports AS i SET key_digest = NULL WHERE i.import_id = $1 $$;

-- Begins an import: its job, receiving, and an empty slot for its rows. outcome:
--
--   opened             the import and its slot
--   replayed           the same Idempotency-Key began that import
--   running            another import of this insurer is under way: that one
--   busy               no slot is free
--   no_such_insurer
CREATE FUNCTION shikaku.open_import(new_import_id uuid, insurer_number text, asked_at timestamptz, token_id bigint, runner uuid,
  lease_until timestamptz, mode text, keep_good_rows boolean, end_missing boolean, missing_max_percent numeric, missing_lost_on date,
  format text, encoding text, key_digest bytea)
RETURNS TABLE (outcome text, import_id uuid, slot smallint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
#variable_conflict use_column
DECLARE
  asked_id CONSTANT uuid := open_import.new_import_id;
  other uuid;
  free smallint;
BEGIN
  PERFORM FROM shikaku.insurers AS i WHERE i.insurer_number = open_import.insurer_number;
  IF NOT FOUND THEN
    RETURN QUERY SELECT 'no_such_insurer', NULL::uuid, NULL::smallint;
    RETURN;
  END IF;
  SELECT i.import_id INTO other FROM shikaku.imports AS i JOIN shikaku.jobs AS j ON j.job_id = i.import_id
    WHERE i.insurer_number = open_import.insurer_number AND i.key_digest = open_import.key_digest AND j.state <> 'receiving';
  IF FOUND THEN
    RETURN QUERY SELECT 'replayed', other, NULL::smallint;
    RETURN;
  END IF;

  INSERT INTO shikaku.jobs (job_id, kind, insurer_number, state, created_at, created_by, started_at, runner, lease_until, not_before)
    VALUES (asked_id, 'import', open_import.insurer_number, 'receiving', open_import.asked_at, open_import.token_id,
      open_import.asked_at, open_import.runner, open_import.lease_until, open_import.asked_at)
    ON CONFLICT (insurer_number) WHERE kind = 'import' AND state IN ('receiving', 'queued', 'running') DO NOTHING;
  IF NOT FOUND THEN
    SELECT j.job_id INTO other FROM shikaku.jobs AS j
      WHERE j.insurer_number = open_import.insurer_number AND j.kind = 'import' AND j.state IN ('receiving', 'queued', 'running');
    RETURN QUERY SELECT 'running', other, NULL::smallint;
    RETURN;
  END IF;

  PERFORM pg_advisory_xact_lock(hashtextextended('shikaku.imports', 0));
  FOR free IN SELECT n FROM generate_series(0, 7) AS n
    WHERE NOT EXISTS (SELECT FROM shikaku.imports AS i WHERE i.slot = n) ORDER BY n
  LOOP
    EXIT WHEN shikaku.empty_slot(free);
    free := NULL;
  END LOOP;
  IF free IS NULL THEN
    DELETE FROM shikaku.jobs AS j WHERE j.job_id = asked_id;
    RETURN QUERY SELECT 'busy', NULL::uuid, NULL::smallint;
    RETURN;
  END IF;
  INSERT INTO shikaku.imports (import_id, insurer_number, slot, mode, keep_good_rows, end_missing, missing_max_percent,
      missing_lost_on, format, encoding, key_digest)
    VALUES (asked_id, open_import.insurer_number, free, open_import.mode, open_import.keep_good_rows, open_import.end_missing,
      open_import.missing_max_percent, open_import.missing_lost_on, open_import.format, open_import.encoding, open_import.key_digest);
  RETURN QUERY SELECT 'opened', asked_id, free;
END
$$;

-- Keeps an import whose file still comes in, and says how far it is: kept; cancelled, when somebody asked for that; lost, when this
-- process no longer has it.
CREATE FUNCTION shikaku.renew_import(import_id uuid, runner uuid, lease_until timestamptz, bytes_read bigint, rows_read bigint,
  rows_valid bigint)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
#variable_conflict use_column
DECLARE
  wanted boolean;
BEGIN
  UPDATE shikaku.jobs AS j SET lease_until = renew_import.lease_until
    WHERE j.job_id = renew_import.import_id AND j.runner = renew_import.runner AND j.state = 'receiving'
    RETURNING NOT j.cancel_requested INTO wanted;
  IF NOT FOUND THEN
    RETURN 'lost';
  END IF;
  UPDATE shikaku.imports AS i
    SET bytes_read = renew_import.bytes_read, rows_read = renew_import.rows_read, rows_valid = renew_import.rows_valid
    WHERE i.import_id = renew_import.import_id;
  RETURN CASE WHEN wanted THEN 'kept' ELSE 'cancelled' END;
END
$$;

-- Lists these errors, as far as there is room in the list.
CREATE FUNCTION shikaku.list_import_errors(import_id uuid, lines bigint[], fields text[], value_classes text[], reasons text[])
RETURNS void
LANGUAGE sql SET search_path = '' AS $$
  INSERT INTO shikaku.import_errors (import_id, line, field, value_class, reason)
    SELECT $1, e.line, e.field, e.value_class, e.reason
      FROM unnest($2, $3, $4, $5) AS e (line, field, value_class, reason)
      LIMIT greatest(0, 10000 - (SELECT count(*) FROM shikaku.import_errors AS listed WHERE listed.import_id = $1))
$$;

CREATE FUNCTION shikaku.add_import_errors(import_id uuid, runner uuid, lines bigint[], fields text[], value_classes text[],
  reasons text[])
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  PERFORM FROM shikaku.jobs AS j
    WHERE j.job_id = add_import_errors.import_id AND j.runner = add_import_errors.runner AND j.state = 'receiving' FOR KEY SHARE;
  IF FOUND THEN
    PERFORM shikaku.list_import_errors(add_import_errors.import_id, lines, fields, value_classes, reasons);
  END IF;
END
$$;

-- The file is in: called in the transaction that brought its last row. queued; or failed, when it is all or nothing and a row was
-- refused; or cancelled; or lost, and then the caller must roll back.
CREATE FUNCTION shikaku.close_import(import_id uuid, runner uuid, at timestamptz, bytes_read bigint, rows_read bigint,
  rows_valid bigint, rows_failed bigint, errors bigint)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
#variable_conflict use_column
DECLARE
  wanted boolean;
  said text := 'queued';
BEGIN
  SELECT NOT j.cancel_requested INTO wanted FROM shikaku.jobs AS j
    WHERE j.job_id = close_import.import_id AND j.runner = close_import.runner AND j.state = 'receiving' FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN 'lost';
  END IF;
  UPDATE shikaku.imports AS i
    SET bytes_read = close_import.bytes_read, rows_read = close_import.rows_read, rows_valid = close_import.rows_valid,
        rows_failed = close_import.rows_failed, errors = close_import.errors,
        slices = greatest(1, ceil(close_import.rows_read::numeric / i.slice_rows))
    WHERE i.import_id = close_import.import_id;
  IF NOT wanted THEN
    said := 'cancelled';
  ELSIF close_import.errors > 0
      AND NOT (SELECT i.keep_good_rows FROM shikaku.imports AS i WHERE i.import_id = close_import.import_id) THEN
    said := 'failed';
  END IF;
  IF said = 'queued' THEN
    UPDATE shikaku.jobs AS j SET state = 'queued', not_before = close_import.at, runner = NULL, lease_until = NULL
      WHERE j.job_id = close_import.import_id;
  ELSE
    PERFORM shikaku.finish_job(close_import.import_id, close_import.at, said, CASE said WHEN 'failed' THEN 'rows_refused' END);
  END IF;
  RETURN said;
END
$$;

-- The file did not come in whole: nothing of it is merged. failure 'cancelled': because somebody asked for that. Nothing, when this
-- process no longer has it.
CREATE FUNCTION shikaku.fail_import(import_id uuid, runner uuid, at timestamptz, failure text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  PERFORM FROM shikaku.jobs AS j
    WHERE j.job_id = fail_import.import_id AND j.runner = fail_import.runner AND j.state = 'receiving' FOR NO KEY UPDATE;
  IF FOUND THEN
    PERFORM shikaku.finish_job(fail_import.import_id, fail_import.at,
      CASE fail_import.failure WHEN 'cancelled' THEN 'cancelled' ELSE 'failed' END, nullif(fail_import.failure, 'cancelled'));
    PERFORM shikaku.forget_import_key(fail_import.import_id);
  END IF;
END
$$;

-- What processes left behind whose lease ran out: a file that was coming in is cut off; work is queued again, five times at most.
CREATE FUNCTION shikaku.take_over_jobs(at timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  left_behind shikaku.jobs;
  taken integer := 0;
BEGIN
  FOR left_behind IN SELECT j.* FROM shikaku.jobs AS j
    WHERE j.state IN ('receiving', 'running') AND j.lease_until < take_over_jobs.at
    ORDER BY j.lease_until FOR UPDATE SKIP LOCKED
  LOOP
    taken := taken + 1;
    IF left_behind.state = 'receiving' THEN
      PERFORM shikaku.forget_import_key(left_behind.job_id);
    END IF;
    IF left_behind.cancel_requested THEN
      PERFORM shikaku.finish_job(left_behind.job_id, take_over_jobs.at, 'cancelled', NULL);
    ELSIF left_behind.state = 'receiving' OR left_behind.attempts >= 5 THEN
      PERFORM shikaku.finish_job(left_behind.job_id, take_over_jobs.at, 'failed', 'interrupted');
    ELSE
      UPDATE shikaku.jobs AS j SET state = 'queued', not_before = take_over_jobs.at, runner = NULL, lease_until = NULL
        WHERE j.job_id = left_behind.job_id;
    END IF;
  END LOOP;
  RETURN taken;
END
$$;

-- Takes the job of these kinds that has waited longest. No row: there is nothing to do.
CREATE FUNCTION shikaku.claim_job(runner uuid, kinds text[], at timestamptz, lease_until timestamptz)
RETURNS TABLE (job_id uuid, kind text, insurer_number text, attempts integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
#variable_conflict use_column
DECLARE
  claimed uuid;
BEGIN
  PERFORM shikaku.take_over_jobs(claim_job.at);
  SELECT j.job_id INTO claimed FROM shikaku.jobs AS j
    WHERE j.state = 'queued' AND j.not_before <= claim_job.at AND j.kind = ANY (claim_job.kinds)
    ORDER BY j.not_before, j.job_id LIMIT 1 FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  UPDATE shikaku.imports AS i SET merge_started_at = coalesce(i.merge_started_at, claim_job.at) WHERE i.import_id = claimed;
  RETURN QUERY UPDATE shikaku.jobs AS j
    SET state = 'running', runner = claim_job.runner, lease_until = claim_job.lease_until, attempts = j.attempts + 1,
        started_at = coalesce(j.started_at, claim_job.at)
    WHERE j.job_id = claimed
    RETURNING j.job_id, j.kind, j.insurer_number, j.attempts;
END
$$;

-- Keeps a job, and says how far it is: kept, cancelled or lost, as renew_import does.
CREATE FUNCTION shikaku.renew_job(job_id uuid, runner uuid, lease_until timestamptz, percent integer) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  wanted boolean;
BEGIN
  UPDATE shikaku.jobs AS j
    SET lease_until = renew_job.lease_until, percent = least(100, greatest(j.percent, renew_job.percent))
    WHERE j.job_id = renew_job.job_id AND j.runner = renew_job.runner AND j.state = 'running'
    RETURNING NOT j.cancel_requested INTO wanted;
  RETURN CASE WHEN wanted IS NULL THEN 'lost' WHEN wanted THEN 'kept' ELSE 'cancelled' END;
END
$$;

-- state: succeeded; failed, with a failure; cancelled. false: this process no longer has it.
CREATE FUNCTION shikaku.end_job(job_id uuid, runner uuid, at timestamptz, state text, failure text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
  PERFORM FROM shikaku.jobs AS j
    WHERE j.job_id = end_job.job_id AND j.runner = end_job.runner AND j.state = 'running' FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  PERFORM shikaku.finish_job(end_job.job_id, end_job.at, end_job.state, end_job.failure);
  RETURN true;
END
$$;

-- Gives a job back: somebody tries again later, 2, 4, 8 and 16 seconds; the fifth attempt was the last, and the job failed by this
-- failure. NULL: nothing went wrong, this process is stopping; the attempt does not count. What came of it: queued, failed,
-- cancelled or lost.
CREATE FUNCTION shikaku.retry_job(job_id uuid, runner uuid, at timestamptz, failure text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  job shikaku.jobs;
BEGIN
  SELECT j.* INTO job FROM shikaku.jobs AS j
    WHERE j.job_id = retry_job.job_id AND j.runner = retry_job.runner AND j.state = 'running' FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN 'lost';
  ELSIF job.cancel_requested THEN
    PERFORM shikaku.finish_job(retry_job.job_id, retry_job.at, 'cancelled', NULL);
    RETURN 'cancelled';
  ELSIF retry_job.failure IS NOT NULL AND job.attempts >= 5 THEN
    PERFORM shikaku.finish_job(retry_job.job_id, retry_job.at, 'failed', retry_job.failure);
    RETURN 'failed';
  END IF;
  UPDATE shikaku.jobs AS j
    SET state = 'queued', runner = NULL, lease_until = NULL,
        attempts = CASE WHEN retry_job.failure IS NULL THEN j.attempts - 1 ELSE j.attempts END,
        not_before = CASE WHEN retry_job.failure IS NULL THEN retry_job.at
          ELSE retry_job.at + interval '1 second' * 2 ^ j.attempts END
    WHERE j.job_id = retry_job.job_id;
  RETURN 'queued';
END
$$;

-- outcome: cancelled, at once; cancelling, when a process has it and will stop; ended, when there was nothing left to cancel;
-- no_such_job, also when it is another insurer's.
CREATE FUNCTION shikaku.cancel_job(insurer_number text, job_id uuid, at timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
  job shikaku.jobs;
BEGIN
  SELECT j.* INTO job FROM shikaku.jobs AS j
    WHERE j.job_id = cancel_job.job_id AND j.insurer_number = cancel_job.insurer_number FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN 'no_such_job';
  ELSIF job.state IN ('succeeded', 'failed', 'cancelled') THEN
    RETURN 'ended';
  ELSIF job.state = 'queued' THEN
    PERFORM shikaku.finish_job(job.job_id, cancel_job.at, 'cancelled', NULL);
    RETURN 'cancelled';
  END IF;
  UPDATE shikaku.jobs AS j SET cancel_requested = true WHERE j.job_id = job.job_id;
  RETURN 'cancelling';
END
$$;

GRANT EXECUTE ON FUNCTION
  shikaku.open_import(uuid, text, timestamptz, bigint, uuid, timestamptz, text, boolean, boolean, numeric, date, text, text, bytea),
  shikaku.renew_import(uuid, uuid, timestamptz, bigint, bigint, bigint),
  shikaku.add_import_errors(uuid, uuid, bigint[], text[], text[], text[]),
  shikaku.close_import(uuid, uuid, timestamptz, bigint, bigint, bigint, bigint, bigint),
  shikaku.fail_import(uuid, uuid, timestamptz, text),
  shikaku.take_over_jobs(timestamptz),
  shikaku.claim_job(uuid, text[], timestamptz, timestamptz),
  shikaku.renew_job(uuid, uuid, timestamptz, integer),
  shikaku.end_job(uuid, uuid, timestamptz, text, text),
  shikaku.retry_job(uuid, uuid, timestamptz, text),
  shikaku.cancel_job(text, uuid, timestamptz)
  TO shikaku_service;

COMMIT;
