import { describe, expect, test } from 'vitest';
import { parseCast } from '../testing/asciicast.ts';
import { asciicast } from './asciicast.ts';
import type { RecordingEvent } from './format.ts';

const header: RecordingEvent = {
  ...({ type: 'header', v: 2, session: '01J0SESSION', audit: 'log', started_at: '2026-11-21T09:00:00.000Z' } as const),
  principal: { id: 'olga', kind: 'human', issuer: 'i', groups: [], acts_for: [], auth: { method: 'jwt', at: '' } },
  target: { name: 'web1', protocol: 'ssh', labels: {} },
  client: { ip: '127.0.0.1', application: 'OpenSSH' },
};
const command = (t: number, number: number, text: string | number): RecordingEvent => ({
  ...({ type: 'command', t, command: number, request: `R${number}`, text, action: 'shell', decision: 1 } as const),
});
const printed = (t: number, number: number, text: string | Buffer): RecordingEvent => ({
  ...({ type: 'bytes', t, command: number, stream: 'stdout' } as const),
  ...(typeof text === 'string' ? { text } : { base64: text.toString('base64') }),
});
const screen = (t: number, number: number, cols: number, rows: number): RecordingEvent => ({
  ...({ type: 'screen', t, command: number, cols, rows, term: 'xterm-256color' } as const),
});
const end = (t: number, number: number, how: { ok: boolean; code?: string }): RecordingEvent => ({
  ...({ type: 'end', t, command: number, rows: 0, bytes: 0 } as const),
  ...how,
});

async function* all(events: readonly RecordingEvent[]) {
  yield* events;
}
async function castOf(events: readonly RecordingEvent[], wanted?: number) {
  const lines: string[] = [];
  for await (const line of asciicast(all(events), wanted)) lines.push(`${line}\n`);
  return lines.length === 0 ? undefined : parseCast(lines.join(''));
}

const session: readonly RecordingEvent[] = [
  header,
  { type: 'text', n: 5, text: 'shell' },
  command(10, 1, 'uptime'),
  printed(20, 1, 'up 3 days\n'),
  command(1_000, 2, 5),
  screen(1_500, 2, 80, 24),
  printed(1_750, 2, '$ '),
  command(1_800, 3, 'vim'),
  screen(1_900, 3, 100, 30),
  printed(2_000, 2, Buffer.from('é').subarray(0, 1)),
  printed(2_000, 3, 'vim'),
  printed(2_250, 2, Buffer.from('é').subarray(1)),
  screen(3_000, 2, 120, 40),
  {
    type: 'message',
    t: 3_100,
    command: 2,
    severity: 'notice',
    code: '01004',
    text: 'result cut by policy after 5 bytes',
  },
  end(3_350, 2, { ok: false, code: 'exit 7' }),
  end(4_000, 3, { ok: false, code: 'SIGTERM' }),
];

describe('asciicast', () => {
  test('has the first terminal: what it printed and when, its sizes, its exit', async () => {
    expect(await castOf(session)).toEqual({
      header: {
        version: 3,
        term: { cols: 80, rows: 24, type: 'xterm-256color' },
        timestamp: Date.parse('2026-11-21T09:00:01Z') / 1_000,
        command: 'shell',
        title: 'olga on web1, session 01J0SESSION',
      },
      events: [
        [0.25, 'o', '$ '],
        [0.5, 'o', 'é'],
        [0.75, 'r', '120x40'],
        [0.1, 'o', 'sallyport: result cut by policy after 5 bytes\r\n'],
        [0.25, 'x', '7'],
      ],
      output: '$ ésallyport: result cut by policy after 5 bytes\r\n',
    });
  });

  test('has another terminal where it is asked for', async () => {
    const cast = await castOf(session, 3);
    expect(cast?.header.term).toMatchObject({ cols: 100, rows: 30 });
    expect(cast?.events).toEqual([
      [0.1, 'o', 'vim'],
      [2, 'x', '143'],
    ]);
  });

  test('is nothing where there was no terminal', async () => {
    expect(await castOf(session, 1)).toBeUndefined();
    expect(await castOf(session.slice(0, 4))).toBeUndefined();
  });

  test('ends without an exit where the recording does', async () => {
    expect((await castOf(session.slice(0, 7)))?.events).toEqual([[0.25, 'o', '$ ']]);
  });
});
