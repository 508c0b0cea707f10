import type { ConnectCommand, SessionFacts } from '../contract/command.ts';
import type { PostgresCommand } from '../contract/command-postgres.ts';
import type { Decided } from '../contract/decided.ts';
import { asId, type RequestId, type SessionId } from '../contract/ids.ts';
import type { Masks, SessionFrame } from '../contract/ports.ts';
import { someTimeMs } from '../policy/fixtures.ts';

/** What tests of any room start from: a request, a session and its counts, a statement. */
export const requestId = asId<RequestId>('01JTEST');

/** Ana, a reader, on the shop. */
export function frame(principal: Partial<SessionFrame['principal']> = {}, target = 'crm'): SessionFrame {
  return {
    id: asId<SessionId>('s1'),
    principal: {
      id: 'ana',
      kind: 'human',
      issuer: 'https://id.example',
      groups: ['readers'],
      claims: {},
      acts_for: [],
      auth: { method: 'jwt', at: '2026-01-01T00:00:00Z' },
      ...principal,
    },
    target: { name: target, protocol: 'postgres', labels: { env: 'prod' } },
    client: { ip: '192.0.2.7', application: 'psql' },
    startedAtMs: someTimeMs,
  };
}

/** Of a session that has done nothing yet. */
export const facts: SessionFacts = {
  id: 's1',
  started_at: '2026-01-01T00:00:00Z',
  commands: 0,
  rows_returned: 0,
  denials: 0,
  labels_read: [],
  lookups: 0,
};

/** `select id from orders`, but for what is told. */
export function statement(changes: Partial<PostgresCommand> = {}): PostgresCommand {
  return {
    protocol: 'postgres',
    action: 'read',
    effects: ['read'],
    text: 'select id from orders',
    labels: [],
    analysis: { complete: true, reasons: [] },
    kind: 'select',
    relations: [{ schema: 'public', name: 'orders', kind: 'table', access: 'read', columns: ['id'], labels: [] }],
    output: [{ name: 'id', sources: ['public.orders.id'], transform: 'plain', labels: [] }],
    filters: [],
    lookups: 0,
    functions: [],
    copies: [],
    measures: [],
    quotes: [],
    unfiltered: false,
    limit: null,
    into: null,
    copy: null,
    set: [],
    transaction: { in: false, failed: false },
    batch: { index: 0, count: 1 },
    params: [],
    fingerprint: '0000000000000000',
    ...changes,
  };
}

/** A log-in as `app`: a command whose results nobody masks. */
export const connecting: ConnectCommand = {
  protocol: 'session',
  action: 'connect',
  effects: ['connect'],
  text: '',
  labels: [],
  analysis: { complete: true, reasons: [] },
  user: 'app',
};

/** For results in which no mask may be asked for. */
export const noMasks: Masks = {
  cellMask: () => {
    throw new Error('nothing is masked here');
  },
};

/** That `statement()` was decided so. */
export function decided(decision: Decided['decision'], changes: Partial<Decided> = {}): Decided {
  return {
    frame: frame(),
    requestId,
    command: statement(),
    key: 'k',
    around: { session: facts, minuteMs: someTimeMs, approval: undefined },
    decision,
    effect: decision.effect,
    texts: { text: 'select id from orders', params: [], outline: 'select id from orders' },
    atMs: someTimeMs,
    tookMs: 0,
    ...changes,
  };
}
