// The tables of the store and how an older file gets them. Steps only add, so that the version before can still open the
// file; a step it could not live with raises `oldestReader`.
import type { DatabaseSync } from 'node:sqlite';
import { TransshipError } from '../../../shared/errors.ts';
import { readMeta, writeMeta } from './meta.ts';

/** `seq` counts every job ever accepted: AUTOINCREMENT never gives a number twice. https://sqlite.org/autoinc.html */
const FIRST = `
CREATE TABLE job (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  dedupe_key TEXT UNIQUE,
  kind TEXT NOT NULL,
  targets TEXT NOT NULL,
  payload TEXT NOT NULL,
  priority INTEGER NOT NULL,
  state TEXT NOT NULL,
  accepted_at INTEGER NOT NULL,
  run_at INTEGER NOT NULL,
  lease_until INTEGER,
  owner TEXT,
  fence INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  max_attempts INTEGER NOT NULL,
  advanced INTEGER NOT NULL,
  cancel_requested INTEGER NOT NULL,
  checkpoint TEXT,
  result TEXT,
  problem TEXT,
  superseded_by TEXT,
  traceparent TEXT,
  finished_at INTEGER
) STRICT;
CREATE INDEX job_ready ON job (kind, priority, run_at) WHERE state = 'READY';
CREATE INDEX job_waiting ON job (targets, kind) WHERE state = 'READY' AND targets <> '[]';
CREATE INDEX job_leased ON job (lease_until) WHERE state = 'LEASED';
CREATE INDEX job_finished ON job (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX job_state ON job (state);

CREATE TABLE target_lease (target TEXT PRIMARY KEY, job_seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX target_lease_job ON target_lease (job_seq);

CREATE TABLE job_event (
  job_seq INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  at INTEGER NOT NULL,
  type TEXT NOT NULL,
  data TEXT NOT NULL,
  PRIMARY KEY (job_seq, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  job_id TEXT NOT NULL,
  type TEXT NOT NULL,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_created ON outbox (created_at);

CREATE TABLE schedule (
  id TEXT PRIMARY KEY,
  timing TEXT NOT NULL,
  job TEXT NOT NULL,
  next_at INTEGER NOT NULL
) STRICT;
CREATE INDEX schedule_next ON schedule (next_at);
`;

const SECOND = `
CREATE TABLE push (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  received_at INTEGER NOT NULL,
  receiver_id TEXT NOT NULL,
  relevant INTEGER NOT NULL,
  event TEXT NOT NULL,
  job_ids TEXT NOT NULL,
  repeated INTEGER NOT NULL
) STRICT;
CREATE INDEX push_received ON push (received_at);
CREATE INDEX push_receiver ON push (receiver_id);

CREATE TABLE written_tag (
  registry TEXT NOT NULL,
  repository TEXT NOT NULL,
  tag TEXT NOT NULL,
  digest TEXT NOT NULL,
  rule TEXT NOT NULL,
  source TEXT NOT NULL,
  written_at INTEGER NOT NULL,
  PRIMARY KEY (registry, repository, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX written_tag_rule ON written_tag (rule, registry, repository);

CREATE TABLE api_token (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  hash TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  scopes TEXT NOT NULL,
  rules TEXT,
  registries TEXT,
  created_at INTEGER NOT NULL,
  expires_at INTEGER
) STRICT;
`;

/** In place of two indices of the first step: jobs wait by their hosts, and replace each other by a key of their own. */
const THIRD = `
ALTER TABLE job ADD COLUMN coalesce_key TEXT;
ALTER TABLE job ADD COLUMN hosts TEXT NOT NULL DEFAULT '[]';
DROP INDEX job_ready;
DROP INDEX job_waiting;
CREATE INDEX job_next ON job (kind, priority, hosts, run_at) WHERE state = 'READY';
CREATE INDEX job_coalesced ON job (coalesce_key) WHERE state = 'READY' AND coalesce_key IS NOT NULL;
CREATE INDEX job_running ON job (kind, hosts) WHERE state = 'LEASED';
`;

/** The journal of grants, which nobody changes, and what its lines add up to. */
const FOURTH = `
CREATE TABLE grant_line (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  line TEXT NOT NULL
) STRICT;
CREATE TRIGGER grant_line_stays BEFORE DELETE ON grant_line
BEGIN SELECT RAISE(ABORT, 'the journal of grants is only added to'); END;
CREATE TRIGGER grant_line_as_it_is BEFORE UPDATE ON grant_line
BEGIN SELECT RAISE(ABORT, 'the journal of grants is only added to'); END;
CREATE TABLE grant_line_of (
  grant_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (grant_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE grant_record (grant_id TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE grant_entry (entry_key TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE grant_hold (
  target TEXT PRIMARY KEY,
  holder TEXT NOT NULL,
  boot_id TEXT NOT NULL,
  until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;

const STEPS: readonly string[] = [FIRST, SECOND, THIRD, FOURTH];
/** The oldest version of the tables that may open the file as these steps leave it. */
const OLDEST_READER = 1;

/** Brings the tables to this version, all steps or none. @throws TransshipError store-unavailable for a file of the future */
export function migrate(database: DatabaseSync): void {
  database.exec('CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID');
  const version = Number(readMeta(database, 'schema_version') ?? 0);
  if (Number(readMeta(database, 'oldest_reader') ?? 0) > STEPS.length) {
    throw new TransshipError('store-unavailable', 'the job store was written by a newer version of Transship', {
      hint: 'start that version, or use another data folder',
    });
  }
  if (version >= STEPS.length) return;
  for (const step of STEPS.slice(version)) database.exec(step);
  writeMeta(database, 'schema_version', String(STEPS.length));
  writeMeta(database, 'oldest_reader', String(OLDEST_READER));
}
