import type { AdminCommand, Command, ConnectCommand, Entrypoint, SessionFacts } from '../../contract/command.ts';
import type { PostgresCommand } from '../../contract/command-postgres.ts';
import type { SshCommand } from '../../contract/command-ssh.ts';
import { SallyportError } from '../../contract/errors.ts';
import { asId, type RequestId, type SessionId } from '../../contract/ids.ts';
import type { SessionFrame } from '../../contract/ports.ts';
import { readAnswer } from './answer.ts';
import type { Engine } from './engine.ts';
import { entrypointOf } from './entrypoints.ts';
import { nowFacts } from './now.ts';
import { partNames } from './projection.ts';

/** Turns for each entrypoint: the engine's machine code is ready before the first command needs it. */
const turns = 20;

/**
 * Asks a new engine about commands that nobody sent, before it judges real ones: each entrypoint has to give an answer that can be read,
 * and must not let through an input in which there is nothing.
 * @throws SallyportError `bundle-invalid`
 */
export function flyCanaries(engine: Engine): void {
  for (const entrypoint of Object.keys(entrypointOf) as Entrypoint[]) {
    // the keys of a const table
    try {
      for (let i = 0; i < turns; i++) answered(engine, commands[entrypoint], i);
      if (!refusesNothing(engine, entrypoint)) throw new TypeError('an empty input is not denied');
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new SallyportError('bundle-invalid', `canary for ${entrypointOf[entrypoint]}: ${why}`, { cause });
    }
  }
}

function answered(engine: Engine, command: Command, turn: number): void {
  const requestId = asId<RequestId>(`canary-${turn}`);
  const projection = engine.projection(command.protocol);
  const around = { session, now: nowFacts(0), approval: undefined };
  const parts = partNames.flatMap((name) => {
    const json = projection.part(name, frame);
    return json === undefined ? [] : [engine.retain(name, json)];
  });
  try {
    const text = engine.evaluate(command.protocol, projection.input(command, requestId, around), parts);
    readAnswer(text, requestId, engine.revision, undefined);
  } finally {
    for (const part of parts) engine.release(part);
  }
}

/** An input in which there is nothing special, for cases to be laid over. */
export function plainInput(entrypoint: Entrypoint): Readonly<Record<string, unknown>> {
  const { principal, client, target } = frame;
  const command = commands[entrypoint];
  return { v: 1, request_id: 'canary', now: nowFacts(0), principal, client, target, session, command };
}

/** No answer, or a deny: both refuse. */
function refusesNothing(engine: Engine, entrypoint: Entrypoint): boolean {
  const requestId = asId<RequestId>('canary');
  const text = engine.evaluate(entrypoint, '{"v":1,"request_id":"canary"}', []);
  return text === '[]' || readAnswer(text, requestId, engine.revision, undefined).effect === 'deny';
}

const frame: SessionFrame = {
  id: asId<SessionId>('canary'),
  principal: {
    id: 'canary',
    kind: 'human',
    issuer: '',
    groups: ['canary'],
    claims: {},
    acts_for: [],
    auth: { method: 'jwt', at: '1970-01-01T00:00:00.000Z' },
  },
  target: { name: 'canary', protocol: 'postgres', labels: {} },
  client: { ip: '192.0.2.1', application: 'canary' },
  startedAtMs: 0,
};

const session: SessionFacts = {
  id: 'canary',
  started_at: '1970-01-01T00:00:00.000Z',
  commands: 0,
  rows_returned: 0,
  denials: 0,
  labels_read: [],
  lookups: 0,
};

const analysis = { complete: true, reasons: [] } as const;

const select: PostgresCommand = {
  protocol: 'postgres',
  action: 'read',
  effects: ['read'],
  text: 'select 1',
  labels: [],
  analysis,
  kind: 'select',
  relations: [],
  output: [],
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
  fingerprint: '',
};

const exec: SshCommand = {
  protocol: 'ssh',
  action: 'run',
  effects: ['run'],
  text: 'true',
  labels: [],
  analysis,
  request: 'exec',
  pty: false,
  line: 'true',
  parse_error: null,
  kind: 'builtin',
  name: 'true',
  argv: ['true'],
  env: [],
  redirects: [],
  position: { index: 0, count: 1 },
  pipeline: { index: 0, names: ['true'] },
  wrapped_by: [],
  substitution: null,
  dynamic: [],
  transfer: null,
  file: null,
  forward: null,
  subsystem: null,
  signal: null,
};

const connect: ConnectCommand = {
  protocol: 'session',
  action: 'connect',
  effects: ['connect'],
  text: '',
  labels: [],
  analysis,
  user: 'canary',
};

const call: AdminCommand = {
  protocol: 'admin',
  action: 'policy.status',
  effects: ['policy.status'],
  text: '',
  labels: [],
  analysis,
  resource: { kind: 'policy', id: '', owner: '' },
};

const commands = { postgres: select, ssh: exec, session: connect, admin: call } as const satisfies Record<
  Entrypoint,
  Command
>;
