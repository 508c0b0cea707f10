/**
 * Every step from an empty file to today's tables, in order. A step that was released is never changed: add one.
 * `schema.ts` describes the outcome.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    principal TEXT NOT NULL,
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    protocol TEXT NOT NULL,
    client_ip TEXT NOT NULL,
    client_application TEXT NOT NULL,
    frame TEXT NOT NULL,
    started_ms INTEGER NOT NULL,
    ended_ms INTEGER,
    end_reason TEXT,
    commands INTEGER NOT NULL DEFAULT 0,
    denials INTEGER NOT NULL DEFAULT 0,
    rows_returned INTEGER NOT NULL DEFAULT 0,
    recording TEXT,
    recording_digest TEXT,
    recording_bytes INTEGER
  ) STRICT;
  CREATE INDEX sessions_started ON sessions (started_ms);
  CREATE INDEX sessions_principal ON sessions (principal, started_ms);

  CREATE TABLE holds (
    id TEXT PRIMARY KEY,
    session TEXT NOT NULL,
    request TEXT NOT NULL,
    requester TEXT NOT NULL,
    target TEXT NOT NULL,
    frame TEXT NOT NULL,
    actions TEXT NOT NULL,
    texts TEXT NOT NULL,
    messages TEXT NOT NULL,
    digest TEXT NOT NULL,
    terms TEXT NOT NULL,
    revision TEXT NOT NULL,
    opened_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    status TEXT NOT NULL,
    resolved_ms INTEGER,
    resolved_by TEXT NOT NULL DEFAULT '[]',
    reason TEXT NOT NULL DEFAULT ''
  ) STRICT;
  CREATE INDEX holds_status ON holds (status, expires_ms);

  CREATE TABLE hold_approvals (
    hold TEXT NOT NULL REFERENCES holds (id),
    approver TEXT NOT NULL,
    reason TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (hold, approver)
  ) STRICT, WITHOUT ROWID;
  `,
];
