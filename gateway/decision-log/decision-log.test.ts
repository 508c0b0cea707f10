import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import type { Decided } from '../contract/decided.ts';
import type { Decision } from '../contract/decision.ts';
import { asId, type RequestId, type Revision } from '../contract/ids.ts';
import { nowFacts } from '../policy/engine/now.ts';
import { decided as decidedSo, facts, frame, statement } from '../testing/commands.ts';
import { someTimeMs } from '../policy/fixtures.ts';
import { settled } from '../testing/settled.ts';
import { decisionEvent } from './event.ts';
import { type DecisionLogOptions, openDecisionLog, type RemoteOptions } from './index.ts';
import { otlpBody } from './otlp.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sallyport-decisions-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const allow: Decision = {
  effect: 'allow',
  revision: asId<Revision>('r1'),
  findings: [{ kind: 'allow', id: 'T-1', msg: 'yes: 078-05-1120', hint: 'or 078-05-1120' }],
  masks: {},
  approval: null,
  limits: {},
};

const decided = (id: string, changes: Partial<Decided> = {}) =>
  decidedSo(allow, { requestId: asId<RequestId>(id), tookMs: 0.0205, ...changes });

const canary = '078-05-1120';
const labels = { id: 'gw', version: '1' };
const event = (changes: Partial<Decided>) => decisionEvent(decided('A', changes), nowFacts(someTimeMs), labels);

describe('an event', () => {
  test('has the fields that OPA’s decision log has', () => {
    expect(event({})).toEqual({
      labels,
      decision_id: 'A',
      bundles: { policy: { revision: 'r1' } },
      path: 'sallyport/postgres/decision',
      input: {
        v: 1,
        request_id: 'A',
        now: nowFacts(someTimeMs),
        principal: frame().principal,
        client: frame().client,
        target: frame().target,
        session: facts,
        command: statement(),
      },
      result: {
        v: 1,
        request_id: 'A',
        effect: 'allow',
        findings: allow.findings,
        masks: {},
        approval: null,
        limits: {},
      },
      requested_by: '192.0.2.7',
      timestamp: '2026-01-05T12:34:56.000Z',
      metrics: { timer_rego_query_eval_ns: 20_500 },
    });
  });

  const texts = { text: `select ssn from c where id = $1 and n = '${canary}'`, params: [canary], outline: `… n = '…'` };
  const quoting = { text: texts.text, params: [canary], set: [{ name: 's', value: canary }] };
  const ssn = ['pii.ssn'];
  test.each([
    ['the command', { labels: ssn }],
    ['a relation', { relations: [{ ...statement().relations[0]!, labels: ssn }] }],
    ['an output column', { output: [{ name: 'x', sources: [], transform: 'plain' as const, labels: ssn }] }],
    ['a filter', { filters: [{ column: 'public.c.ssn', use: 'where' as const, labels: ssn }] }],
    ['nobody knows what', { analysis: { complete: false, reasons: ['DO'] } }],
  ])('has no literal and no parameter where labels touch %s', (_what, touching) => {
    const found = event({ command: statement({ ...quoting, ...touching }), texts });
    expect(JSON.stringify(found)).not.toContain(canary);
    expect(found).toMatchObject({
      input: { command: { text: `… n = '…'`, fingerprint: '0000000000000000', set: [{ name: 's' }] } },
      result: { findings: [{ kind: 'allow', id: 'T-1' }] },
      masked: ['/input/command/text'],
      erased: [
        '/input/command/params',
        '/input/command/set/0/value',
        '/result/findings/0/msg',
        '/result/findings/0/hint',
      ],
    });
  });

  test('has what the record has where the text holds a secret of its own', () => {
    const command = statement({ ...quoting, text: `alter role a password '${canary}'` });
    const blanked = { text: `alter role a password '…'`, params: ['[masked]'], outline: '' };
    const found = event({ command, texts: blanked });
    expect(JSON.stringify(found)).not.toContain(canary);
    expect(found).toMatchObject({
      input: { command: { text: blanked.text, params: ['[masked]'] } },
      masked: ['/input/command/text', '/input/command/params/0'],
    });
  });

  test('keeps texts and parameters of what touches no label', () => {
    const command = statement({ text: "select 'x'", params: ['7'] });
    const found = event({ command, texts: { text: command.text, params: ['7'], outline: "select '…'" } });
    expect(found).toMatchObject({ input: { command: { text: "select 'x'", params: ['7'] } } });
    expect(found).not.toHaveProperty('erased');
    expect(found).not.toHaveProperty('masked');
  });
});

const eventShape = z.looseObject({ decision_id: z.string() });
const ids = (lines: readonly unknown[]) => lines.map((line) => eventShape.parse(line).decision_id);
const names = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `D${from + i}`);

/** Options that wait for nothing longer than they must, and what was said and counted. */
function setUp(more: Partial<DecisionLogOptions>) {
  const said: string[] = [];
  const counts = { delivered: 0, lost: 0 };
  const options: DecisionLogOptions = {
    labels,
    spoolDir: join(dir, 'spool'),
    nowFacts,
    say: (sink, level, message) => void said.push(`${level} ${sink}: ${message}`),
    count: (_sink, outcome, events) => void (counts[outcome] += events),
    retryMs: 10,
    ...more,
  };
  return { options, said, counts };
}

const remote = (url: string, more: Partial<RemoteOptions> = {}): RemoteOptions => ({
  url,
  headers: async () => ({ authorization: 'Bearer t' }),
  spoolBytes: 10_000_000,
  batchBytes: 4_000,
  delayMs: 10,
  firstPauseMs: 5,
  longestPauseMs: 20,
  closeMs: 20_000,
  ...more,
});

interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly got: string[];
  readonly headers: IncomingHttpHeaders[];
  /** What it answers: 200 and takes it, unless told. */
  answer: (response: ServerResponse, events: readonly unknown[]) => boolean;
}

async function receiver(port = 0): Promise<Receiver> {
  const made: Receiver = {
    url: '',
    got: [],
    headers: [],
    answer: (response) => Boolean(response.writeHead(200).end()),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const events = z.array(z.unknown()).parse(JSON.parse(gunzipSync(Buffer.concat(chunks)).toString()));
      made.headers.push(request.headers);
      if (made.answer(response, events)) made.got.push(...ids(events));
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo; // of a listening TCP server
  return Object.assign(made, { url: `http://127.0.0.1:${address.port}/logs` });
}

test('without a place to go to, nothing is made of a decision', async () => {
  const { options } = setUp({});
  await using log = await openDecisionLog(options);
  let read = 0;
  const watched = new Proxy(decided('D1'), { get: (...asked) => (read++, Reflect.get(...asked)) as unknown });
  log.decided(watched);
  await turn();
  expect(read).toBe(0);
});

describe('over HTTP', () => {
  test('decisions arrive as OPA sends them: gzipped arrays by POST, with the credential', async () => {
    await using to = await receiver();
    const { options, counts } = setUp({ http: remote(to.url) });
    await using log = await openDecisionLog(options);
    for (const name of names(1, 3)) log.decided(decided(name));
    await vi.waitFor(() => expect(to.got).toEqual(names(1, 3)), settled);
    expect(to.headers[0]).toMatchObject({
      'content-type': 'application/json',
      'content-encoding': 'gzip',
      authorization: 'Bearer t',
    });
    await vi.waitFor(() => expect(counts).toEqual({ delivered: 3, lost: 0 }), settled);
    await vi.waitFor(() => expect(log.waiting()).toEqual([['http', 0]]), settled);
  });

  test('a receiver that is down for a while gets everything, in order and once', async () => {
    await using to = await receiver();
    let tries = 0;
    to.answer = (response) => (tries++, response.writeHead(503).end(), false);
    const { options, said, counts } = setUp({ http: remote(to.url) });
    await using log = await openDecisionLog(options);
    for (const name of names(1, 20)) log.decided(decided(name));
    await vi.waitFor(() => expect(tries).toBeGreaterThan(2), settled);
    for (const name of names(21, 40)) log.decided(decided(name));
    to.answer = (response) => Boolean(response.writeHead(200).end());
    await vi.waitFor(() => expect(to.got).toEqual(names(1, 40)), settled);
    await vi.waitFor(() => expect(counts).toEqual({ delivered: 40, lost: 0 }), settled);
    expect(said).toEqual([
      'warn http: decisions are not delivered and wait on disk: the receiver answered 503',
      'info http: decisions are delivered again',
    ]);
  });

  test('what is left when the gateway stops is sent by the next one', async () => {
    const down = await receiver();
    const { url } = down;
    await down[Symbol.asyncDispose]();
    {
      const { options } = setUp({ http: remote(url) });
      await using log = await openDecisionLog(options);
      for (const name of names(1, 30)) log.decided(decided(name));
    }
    const { port } = new URL(url);
    await using to = await receiver(Number(port));
    const { options } = setUp({ http: remote(url) });
    await using log = await openDecisionLog(options);
    log.decided(decided('D31'));
    await vi.waitFor(() => expect(to.got).toEqual(names(1, 31)), settled);
  });

  test('what a killed gateway had written is sent by the next one, and a torn line is counted', async () => {
    const { options: first } = setUp({ http: remote('http://127.0.0.1:9/', { closeMs: 0 }) });
    {
      await using log = await openDecisionLog(first);
      for (const name of names(1, 3)) log.decided(decided(name));
    }
    const [segment = ''] = await readdir(join(dir, 'spool/http'));
    const path = join(dir, 'spool/http', segment);
    await truncate(path, (await readFile(path)).length - 10);
    await using to = await receiver();
    const { options, counts, said } = setUp({ http: remote(to.url) });
    await using _log = await openDecisionLog(options);
    await vi.waitFor(() => expect(counts).toEqual({ delivered: 2, lost: 1 }), settled);
    expect(to.got).toEqual(names(1, 2));
    expect(said).toEqual(['error http: 1 decisions are lost: a crash left only a piece of it']);
  });

  test('when the disk budget is spent it says so, keeps the oldest, and says how many were lost', async () => {
    await using to = await receiver();
    to.answer = (response) => (response.writeHead(503).end(), false);
    const size = JSON.stringify(decisionEvent(decided('D1'), nowFacts(someTimeMs), labels)).length + 1;
    const { options, said, counts } = setUp({ http: remote(to.url, { spoolBytes: 5 * size }) });
    await using log = await openDecisionLog(options);
    for (const name of names(1, 9)) log.decided(decided(name));
    await vi.waitFor(() => expect(counts.lost).toBe(4), settled);
    expect(said).toContain('error http: no room for more decisions: from now on they are lost');
    to.answer = (response) => Boolean(response.writeHead(200).end());
    await vi.waitFor(() => expect(to.got).toEqual(names(1, 5)), settled);
    await vi.waitFor(() => expect(log.waiting()).toEqual([['http', 0]]), settled);
    log.decided(decided('D1'));
    await vi.waitFor(() => expect(to.got).toEqual([...names(1, 5), 'D1']), settled);
    expect(said).toContain('error http: 4 decisions are lost: there was no room for them');
    expect(counts.lost).toBe(4);
  });

  test('a batch that is too large is sent in halves, and an event that is too large alone is lost aloud', async () => {
    await using to = await receiver();
    to.answer = (response, events) => {
      const fits = events.length <= 2 && !ids(events).includes('D3');
      response.writeHead(fits ? 200 : 413).end();
      return fits;
    };
    const { options, said, counts } = setUp({ http: remote(to.url, { batchBytes: 100_000 }) });
    await using log = await openDecisionLog(options);
    for (const name of names(1, 5)) log.decided(decided(name));
    await vi.waitFor(() => expect(counts).toEqual({ delivered: 4, lost: 1 }), settled);
    expect(to.got).toEqual(['D1', 'D2', 'D4', 'D5']);
    expect(said).toEqual(['error http: 1 decisions are lost: the receiver answered 413']);
  });

  test('an empty folder of somebody else’s files is left alone', async () => {
    await using to = await receiver();
    const { options } = setUp({ http: remote(to.url) });
    await (await openDecisionLog(options))[Symbol.asyncDispose]();
    await writeFile(join(dir, 'spool/http/notes.txt'), 'mine');
    await using log = await openDecisionLog(options);
    log.decided(decided('D1'));
    await vi.waitFor(() => expect(to.got).toEqual(['D1']), settled);
    expect(await readdir(join(dir, 'spool/http'))).toContain('notes.txt');
  });
});

describe('in a file', () => {
  const read = async (name: string) =>
    ids(
      (await readFile(join(dir, name), 'utf8'))
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    );

  test('decisions are lines of JSON; a full file makes room, and the oldest go', async () => {
    const path = join(dir, 'decisions.ndjson');
    const size = JSON.stringify(decisionEvent(decided('D1'), nowFacts(someTimeMs), labels)).length + 1;
    const { options, counts } = setUp({ file: { path, maxBytes: 2 * size, keep: 2 } });
    await using log = await openDecisionLog(options);
    for (const [i, name] of names(1, 7).entries()) {
      log.decided(decided(name));
      await vi.waitFor(() => expect(counts.delivered).toBe(i + 1), settled);
    }
    expect(await read('decisions.ndjson')).toEqual(['D7']);
    expect(await read('decisions.ndjson.1')).toEqual(['D5', 'D6']);
    expect(await read('decisions.ndjson.2')).toEqual(['D3', 'D4']);
    expect((await readdir(dir)).filter((name) => name.startsWith('decisions'))).toHaveLength(3);
  });

  test('a line that a crash tore does not swallow the next one', async () => {
    const path = join(dir, 'decisions.ndjson');
    await writeFile(path, '{"torn":');
    const { options } = setUp({ file: { path, maxBytes: 1e6, keep: 1 } });
    {
      await using log = await openDecisionLog(options);
      log.decided(decided('D1'));
    }
    const [torn, whole = ''] = (await readFile(path, 'utf8')).split('\n');
    expect(torn).toBe('{"torn":');
    expect(ids([JSON.parse(whole)])).toEqual(['D1']);
  });

  test('memory is bounded: what the disk does not take in time is lost aloud', async () => {
    const path = join(dir, 'decisions.ndjson');
    const { options, said, counts } = setUp({ file: { path, maxBytes: 1e6, keep: 1 }, maxWaiting: 3_000 });
    await using log = await openDecisionLog(options);
    for (const name of names(1, 9)) log.decided(decided(name)); // one turn: nothing is written meanwhile
    await vi.waitFor(() => expect(counts.lost).toBeGreaterThan(0), settled);
    await vi.waitFor(() => expect(counts.delivered + counts.lost).toBe(9), settled);
    expect(said).toContain('error file: no room for more decisions: from now on they are lost');
  });
});

describe('over OTLP', () => {
  test('a batch is a request of the protocol, with the whole event as body', () => {
    const line = JSON.stringify(event({ effect: 'deny' }));
    const request: unknown = JSON.parse(otlpBody({ ...labels, app: 'crm' }, [line]));
    const string = (key: string, stringValue: string) => ({ key, value: { stringValue } });
    expect(request).toMatchObject({
      resourceLogs: [
        {
          resource: {
            attributes: [
              string('service.name', 'sallyport'),
              string('service.version', '1'),
              string('service.instance.id', 'gw'),
              string('app', 'crm'),
            ],
          },
          scopeLogs: [
            {
              scope: { name: 'sallyport.decision_log' },
              logRecords: [
                {
                  timeUnixNano: `${someTimeMs}000000`,
                  severityNumber: 13,
                  eventName: 'sallyport.decision',
                  body: { kvlistValue: { values: expect.arrayContaining([string('decision_id', 'A')]) as unknown } },
                },
              ],
            },
          ],
        },
      ],
    });
  });

  test.each([
    ['takes them', 200, '{}', { delivered: 2, lost: 0 }],
    [
      'rejects some',
      200,
      '{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"no"}}',
      { delivered: 1, lost: 1 },
    ],
    ['refuses for ever', 400, '', { delivered: 0, lost: 2 }],
  ])('a collector that %s', async (_what, status, body, wanted) => {
    const server = createServer((request, response) => {
      request.resume().on('end', () => response.writeHead(status).end(body));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo; // of a listening TCP server
    const { options, counts } = setUp({ otlp: remote(`http://127.0.0.1:${port}/v1/logs`, { delayMs: 100 }) });
    {
      await using log = await openDecisionLog(options);
      for (const name of names(1, 2)) log.decided(decided(name));
      await vi.waitFor(() => expect(counts).toEqual(wanted), settled);
    }
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
});
