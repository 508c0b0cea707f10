import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { play } from './player.ts';
import { printable, Renderer } from './render.ts';
import type { Frame } from './render.ts';
import type { RecordingEvent } from './format.ts';

const decisions: readonly RecordingEvent[] = [
  {
    type: 'decision',
    n: 1,
    decision: {
      effect: 'mask',
      revision: 'r1',
      masks: { 'pii.ssn': 'partial' },
      limits: {},
      findings: [{ kind: 'mask', id: 'PG-200', msg: 'masked' }],
    },
  },
  {
    type: 'decision',
    n: 2,
    decision: {
      effect: 'deny',
      revision: 'r1',
      masks: {},
      limits: {},
      findings: [
        { kind: 'deny', id: 'PG-002', msg: 'delete on every row of public.customers', hint: 'Add a WHERE clause.' },
        { kind: 'deny', id: 'PG-002', msg: 'delete on every row of public.orders', hint: 'Add a WHERE clause.' },
        { kind: 'mask', id: 'PG-200', msg: 'masked' },
        { kind: 'mask', id: 'PG-200', msg: 'masked' },
      ],
    },
  },
  {
    type: 'decision',
    n: 3,
    decision: {
      effect: 'require_approval',
      revision: 'r1',
      masks: {},
      limits: {},
      findings: [{ kind: 'approve', id: 'PG-100', msg: 'schema change' }],
    },
  },
];

const recording: readonly RecordingEvent[] = [
  {
    type: 'header',
    v: 1,
    session: '01J0SESSION',
    principal: {
      id: 'billing-bot',
      kind: 'agent',
      issuer: 'https://id.example',
      groups: [],
      acts_for: ['ana'],
      auth: { method: 'jwt', at: '' },
    },
    target: { name: 'crm', protocol: 'postgres', labels: {} },
    client: { ip: '127.0.0.1', application: 'psql' },
    started_at: '2026-11-21T09:00:00.000Z',
    audit: 'log',
  },
  ...decisions,
  { type: 'text', n: 4, text: 'SELECT id, name, ssn\nFROM customers WHERE city = $1' },
  { type: 'fields', n: 5, names: ['id', 'name', 'ssn'] },
  { type: 'command', t: 100, command: 1, request: 'R1', text: 4, params: ['Bern'], action: 'read', decision: 1 },
  { type: 'columns', t: 105, command: 1, fields: 5 },
  {
    type: 'rows',
    t: 105,
    command: 1,
    rows: [
      ['1', 'Ana Ruiz', '***-**-1234'],
      ['12', null, '***-**-5678'],
    ],
  },
  { type: 'omitted', t: 105, command: 1, rows: 3, bytes: 90, sha256: 'aa' },
  { type: 'message', t: 106, command: 1, severity: 'notice', code: '01004', text: 'result cut by policy after 5 rows' },
  { type: 'end', t: 107, command: 1, ok: true, tag: 'SELECT 5', rows: 5, bytes: 200 },
  { type: 'command', t: 900, command: 2, request: 'R2', text: 'DELETE FROM customers', action: 'delete', decision: 2 },
  {
    type: 'command',
    t: 2000,
    command: 3,
    request: 'R3',
    text: 'ALTER TABLE customers ADD note text',
    action: 'ddl',
    decision: 3,
  },
  { type: 'hold', t: 2001, command: 3, hold: 'H1' },
  { type: 'hold', t: 60_000, command: 3, hold: 'H1', resolution: 'approved', by: ['bo'] },
  { type: 'end', t: 60_010, command: 3, ok: true, tag: 'ALTER TABLE', rows: 0, bytes: 0 },
  { type: 'command', t: 61_000, command: 4, request: 'R4', text: 'SELECT 1/0', action: 'read', decision: 1 },
  { type: 'end', t: 61_001, command: 4, ok: false, code: '22012', text: 'division by zero', rows: 0, bytes: 0 },
  { type: 'close', t: 62_000, reason: 'client left' },
];

function framesOf(events: readonly RecordingEvent[]): readonly Frame[] {
  const renderer = new Renderer();
  return events.flatMap((event) => renderer.render(event) ?? []);
}

describe('a replay', () => {
  test('looks as the session did', () => {
    expect(
      framesOf(recording)
        .map((frame) => frame.text)
        .join(''),
    ).toMatchInlineSnapshot(`
      "-- session 01J0SESSION: billing-bot for ana (agent) on crm with psql at 127.0.0.1, 2026-11-21T09:00:00.000Z

      crm=> SELECT id, name, ssn
            FROM customers WHERE city = $1
      -- $1 = 'Bern'
      -- mask [PG-200]
      NOTICE:  result cut by policy after 5 rows (01004)
       id |   name   |     ssn
      ----+----------+-------------
        1 | Ana Ruiz | ***-**-1234
       12 |          | ***-**-5678
      -- 3 more rows were returned and not kept
      (5 rows)

      crm=> DELETE FROM customers
      -- deny [PG-002] [PG-200]
      ERROR:  denied by policy: delete on every row of public.customers [PG-002]; delete on every row of public.orders [PG-002]
      HINT:  Add a WHERE clause.

      crm=> ALTER TABLE customers ADD note text
      -- require_approval [PG-100]
      -- held, waiting for approval H1
      -- hold H1: approved by bo
      ALTER TABLE

      crm=> SELECT 1/0
      -- mask [PG-200]
      ERROR:  division by zero (22012)

      -- session ended: client left
      "
    `);
  });

  test('keeps the times', () => {
    expect(framesOf(recording).map((frame) => frame.atMs)).toEqual([
      0, 100, 106, 107, 900, 2000, 2001, 60_000, 60_010, 61_000, 61_001, 62_000,
    ]);
  });

  test.each([
    ['a cleared screen', '\u001b[2J', '\\x1b[2J'],
    ['a window title', '\u001b]0;root\u0007', '\\x1b]0;root\\x07'],
    ['an eight-bit escape', '\u009b31m', '\\x9b31m'],
    ['a return to the line start', 'safe\rEVIL', 'safe\\x0dEVIL'],
    ['writing turned round', 'a\u202eb', 'a\\u{202e}b'],
    ['a backspace', 'ab\b', 'ab\\x08'],
    ['lines, tabs and letters', 'é\n\t名', 'é\n\t名'],
  ])('shows %s as text', (_name, hostile, shown) => expect(printable(hostile)).toBe(shown));

  test('lets no control character of any recorded text through', () => {
    const evil = 'x\u001b[31m\u0007\r\u009b';
    const hostile = JSON.parse(JSON.stringify(recording), (key, value: unknown) =>
      typeof value === 'string' && !['type', 'effect', 'kind', 'severity', 'started_at'].includes(key)
        ? `${value}${evil}`
        : value,
    ) as readonly RecordingEvent[]; // only texts were changed
    const shown = framesOf(hostile)
      .map((frame) => frame.text)
      .join('');
    expect(shown).toContain('\\x1b[31m');
    expect(shown.match(/[^\n\t\P{Cc}]/u)).toBeNull();
  });
});

describe('the player', () => {
  const frames: readonly Frame[] = [0, 1000, 61_000].map((atMs, at) => ({ atMs, text: `${at}` }));

  /** Plays with time that passes at once, and keys pressed while it waits. */
  async function played(options: { speed?: number; maxWaitMs?: number }, pressed: readonly string[] = []) {
    const keys = new PassThrough();
    const output = new PassThrough();
    const waits: number[] = [];
    const left = [...pressed];
    await play(frames, {
      ...options,
      output,
      keys,
      async sleep(ms, signal) {
        waits.push(Math.round(ms));
        const key = left.shift();
        if (key === undefined) return;
        keys.emit('data', key);
        signal.throwIfAborted();
      },
    });
    output.end();
    return { waits, shown: (await output.toArray()).join('') };
  }

  test.each([
    [{}, [1000, 60_000]],
    [{ speed: 4 }, [250, 15_000]],
    [{ maxWaitMs: 2000 }, [1000, 2000]],
    [{ speed: 10, maxWaitMs: 500 }, [100, 500]],
  ])('with %j waits %j ms', async (options, waits) => {
    expect(await played(options)).toEqual({ waits, shown: '012' });
  });

  test.each([
    ['q', '0'],
    ['\u0003', '0'],
  ])('ends with the key %j', async (key, shown) => {
    expect((await played({}, [key])).shown).toBe(shown);
  });

  test('goes twice as fast after ">" and twice as slow after "<"', async () => {
    const faster = await played({}, ['>']);
    expect(faster.waits.at(-1)).toBe(30_000);
    const slower = await played({}, ['<']);
    expect(slower.waits.at(-1)).toBe(120_000);
  });

  test('a pause lasts until the next space, and "." shows one frame of it', async () => {
    const { waits, shown } = await played({}, [' ', '.', ' ']);
    expect(waits[1]).toBe(2 ** 31 - 1);
    expect(shown).toBe('012');
  });

  test('ends when it is told to', async () => {
    const output = new PassThrough();
    await play(frames, { output, signal: AbortSignal.abort(), sleep: () => Promise.resolve() });
    expect(output.read()).toBeNull();
  });
});
