-- Deploy shikaku:jobs to pg
-- Work that takes longer than a request: a row, claimed by any process of the service, kept by a lease, taken over when the lease
-- runs out.

BEGIN;

CREATE TABLE shikaku.jobs (
  job_id uuid PRIMARY KEY,
  kind text NOT NULL,
  insurer_number text REFERENCES shikaku.insurers, -- whose it is; NULL: the service's own
  state text NOT NULL,
  created_at shikaku.moment NOT NULL,
  created_by bigint REFERENCES shikaku.tokens,     -- NULL: the command line, or the service itself
  started_at shikaku.moment,
  ended_at shikaku.moment,
  runner uuid,                                     -- the process that has it
  lease_until shikaku.moment,
  attempts integer NOT NULL DEFAULT 0,
  not_before shikaku.moment NOT NULL,              -- back-off
  cancel_requested boolean NOT NULL DEFAULT false,
  failure text,                                    -- a code, when it failed
  CONSTRAINT kind_form CHECK (kind ~ '^[a-z_]{1,32}$'),
  -- receiving: its input still comes in, by the process that has the lease.
  CONSTRAINT state_values CHECK (state IN ('receiving', 'queued', 'running', 'succeeded', 'failed', 'cancelled')),
  CONSTRAINT ended_when_over CHECK ((state IN ('succeeded', 'failed', 'cancelled')) = (ended_at IS NOT NULL)),
  CONSTRAINT leased_while_worked_on CHECK ((state IN ('receiving', 'running')) = (runner IS NOT NULL AND lease_until IS NOT NULL)),
  CONSTRAINT failure_when_failed CHECK ((state = 'failed') = (failure IS NOT NULL)),
  CONSTRAINT failure_form CHECK (failure ~ '^[a-z_]{1,64}$'),
  CONSTRAINT attempts_range CHECK (attempts >= 0)
);
CREATE INDEX jobs_to_do ON shikaku.jobs (not_before) WHERE state = 'queued';
CREATE INDEX jobs_leases ON shikaku.jobs (lease_until) WHERE state IN ('receiving', 'running');
CREATE INDEX jobs_of_an_insurer ON shikaku.jobs (insurer_number, created_at DESC) WHERE insurer_number IS NOT NULL;
-- One import of an insurer at a time.
CREATE UNIQUE INDEX jobs_one_import_of_an_insurer ON shikaku.jobs (insurer_number)
  WHERE kind = 'import' AND state IN ('receiving', 'queued', 'running');

GRANT SELECT ON shikaku.jobs TO shikaku_service;

COMMIT;
