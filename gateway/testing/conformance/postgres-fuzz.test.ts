import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SallyportError } from '../../contract/errors.ts';
import { asId, type SessionId } from '../../contract/ids.ts';
import { MaskImpossible } from '../../contract/result.ts';
import { openSqlAnalyzer, type SqlAnalyzer } from '../../facts/sql/index.ts';
import { encodeParameterStatus } from '../../protocols/postgres/codec/backend.ts';
import { Framer } from '../../protocols/postgres/codec/frames.ts';
import { SessionCatalog } from '../../protocols/postgres/catalog/session-catalog.ts';
import { TargetCatalog } from '../../protocols/postgres/index.ts';
import { PgSession } from '../../protocols/postgres/session/session.ts';
import { clientMessage, deniedMark, dice, ScriptedTarget } from './postgres-script.ts';
import { fuzzSeed } from '../seed.ts';
import { quietCatalog } from '../quiet-catalog.ts';
import { openWorld } from './world.ts';

const budgetMs = Number(process.env['SALLYPORT_FUZZ_MS'] ?? 5_000);
/** A session that has not ended by then hangs: nothing in it waits for a clock. */
const hangMs = 8_000;
const searchPath = ['pg_catalog', 'public'];

let analyzer: SqlAnalyzer;
beforeAll(() => {
  analyzer = openSqlAnalyzer();
});
afterAll(() => analyzer[Symbol.asyncDispose]());

test(
  'whatever both sides send, nothing denied goes upstream and the session ends on both sides',
  { timeout: budgetMs + 60_000 },
  async () => {
    const until = performance.now() + budgetMs;
    let runs = 0;
    for (let seed = fuzzSeed; runs === 0 || performance.now() < until; seed++, runs++) {
      const outcome = await run(seed);
      expect(outcome, `seed ${seed}`).toEqual({ ended: true, leaked: false, strange: [], closed: [true, true] });
    }
    console.log(`fuzz: ${runs} sessions from seed ${fuzzSeed}`);
  },
);

/** One session from first byte to last. */
async function run(seed: number) {
  const roll = dice(seed);
  const { world, admission } = openWorld('crm', 'pii.ssn');
  world.say(deniedMark, 'deny');
  world.say('ssn', 'mask');
  const admitted = await admission.admit({
    id: asId<SessionId>(`fuzz ${seed}`),
    login: {
      principal: {
        ...{ id: 'ana', kind: 'human', issuer: 'i', groups: [], claims: {}, acts_for: [] },
        auth: { method: 'jwt', at: '' },
      },
      expiresAtMs: Date.now() + 3_600_000,
    },
    protocol: 'postgres',
    target: 'crm',
    user: 'app',
    client: { ip: '127.0.0.1', application: '' },
  });
  if (!admitted.ok) throw new Error(admitted.message);
  const [client, clientEnd] = await socketPair();
  const [target, targetEnd] = await socketPair();
  const strange: string[] = [];
  const session = new PgSession({
    client: clientEnd,
    server: targetEnd,
    gate: admitted.gate,
    catalog: new SessionCatalog(
      new TargetCatalog({
        target: 'crm',
        analyzer,
        reader: {
          read: async (previous) => previous ?? { version: 1, relations: [], functions: [], operators: [], enums: [] },
          state: '',
          isUnchanged: async () => true,
          [Symbol.asyncDispose]: async () => undefined,
        },
        ...quietCatalog,
      }),
      'fuzz',
    ),
    major: 18,
    standing: { searchPath, role: 'app' },
    searchPathEpoch: 0,
    maxMessageBytes: 65_536,
    maxBufferBytes: 1_048_576,
    keepAliveMs: 60_000,
    cancelUpstream: () => Promise.resolve(),
    pinned: new Map([['client_encoding', 'UTF8']]),
    heartbeat: encodeParameterStatus('client_encoding', 'UTF8'),
    log: (why, error) => {
      // Whatever a peer sends has a name among our errors; anything else is a flaw of ours.
      const known = error instanceof SallyportError || error instanceof MaskImpossible;
      if (!known) strange.push(`${why}: ${error instanceof Error ? error.stack : 'no error at all'}`);
    },
  });
  const received = answerBy(new ScriptedTarget(roll, roll(2) === 0), target);
  const ended = session.run(new AbortController().signal).then(() => true);

  const bytes = Buffer.concat(Array.from({ length: 1 + roll(25) }, () => clientMessage(roll)));
  for (let at = 0; at < bytes.length && client.writable;) {
    const end = Math.min(bytes.length, at + 1 + roll(120));
    client.write(bytes.subarray(at, end));
    at = end;
    if (roll(2) === 0) await turn();
  }
  for (let i = roll(30); i > 0; i--) await turn();
  if (roll(2) === 0) client.end();
  else client.destroy();

  const late = Promise.withResolvers<false>();
  const timer = setTimeout(() => late.resolve(false), hangMs);
  const finished = await Promise.race([ended, late.promise]);
  // A write that failed marks its socket at once and destroys it in the next tick: this may still be the same one.
  await turn();
  const outcome = {
    ended: finished,
    leaked: Buffer.concat(received).includes(deniedMark),
    strange,
    closed: [clientEnd, targetEnd].map((socket) => socket.writableEnded || socket.destroyed),
  };
  clearTimeout(timer);
  await admitted.gate.end('fuzz');
  for (const socket of [client, clientEnd, target, targetEnd]) socket.destroy();
  return outcome;
}

/** @returns everything that arrives */
function answerBy(script: ScriptedTarget, socket: Socket): readonly Buffer[] {
  const received: Buffer[] = [];
  const framer = new Framer(() => 1 << 20);
  socket.on('data', (chunk: Buffer) => {
    received.push(chunk);
    framer.push(chunk);
    while (framer.next()) {
      const answer = script.answer(String.fromCharCode(framer.tag));
      if (!answer) return void socket.destroy();
      if (socket.writable) socket.write(answer);
    }
  });
  return received;
}

async function socketPair(): Promise<readonly [Socket, Socket]> {
  const accepted = Promise.withResolvers<Socket>();
  const server = createServer(accepted.resolve);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP listener has a port');
  const near = connect({ port: address.port, host: '127.0.0.1', noDelay: true });
  const far = await accepted.promise;
  server.close();
  for (const socket of [near, far]) socket.on('error', () => undefined);
  return [near, far];
}
