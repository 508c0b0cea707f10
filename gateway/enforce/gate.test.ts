import { describe, expect, test } from 'vitest';
import type { Decided } from '../contract/decided.ts';
import type { Decision } from '../contract/decision.ts';
import type { AuditEvent } from '../contract/event.ts';
import type { Deliver, Denial, Exchange, HoldNotice } from '../contract/exchange.ts';
import { asId, type HoldId, type RequestId, type Revision } from '../contract/ids.ts';
import type { CellMask } from '../contract/mask.ts';
import { mintPermit, type Permit, redeemPermit } from '../contract/permit.ts';
import type { HoldResolution, PolicySession } from '../contract/ports.ts';
import type { ResultPart, RowBatch } from '../contract/result.ts';
import { frame, statement } from '../testing/commands.ts';
import { type GatePorts, SessionGate } from './gate.ts';
import { LookUps } from './look-ups.ts';
import { openIds } from './request-id.ts';

const revision = asId<Revision>('r1');
const no: Decision = {
  effect: 'deny',
  revision,
  findings: [{ kind: 'deny', id: 'PG-2', msg: 'no', hint: 'Ask.' }],
  masks: {},
  approval: null,
  limits: {},
};
const yes: Decision = {
  effect: 'allow',
  revision,
  findings: [{ kind: 'allow', id: 'PG-5', msg: 'ok' }],
  masks: {},
  approval: null,
  limits: {},
};
const masked: Decision = { ...yes, effect: 'mask', masks: { 'pii.ssn': 'redact' } };
const terms = { rules: ['PG-1'], groups: ['dba'], quorum: 1, ttl_s: 60, scope: 'once' as const };
const held: Decision = {
  ...yes,
  effect: 'require_approval',
  findings: [{ kind: 'approve', id: 'PG-1', msg: 'ask' }],
  approval: terms,
};

function command(text: string) {
  return statement({
    text,
    labels: ['pii.ssn'],
    lookups: text.split(' = $').length - 1,
    relations: [],
    output: [
      { name: 'name', sources: ['public.c.name'], transform: 'plain', labels: [] },
      { name: 'ssn', sources: ['public.c.ssn'], transform: 'plain', labels: ['pii.ssn'] },
    ],
  });
}

class Rows implements RowBatch {
  readonly cells: readonly (readonly string[])[];
  constructor(cells: readonly (readonly string[])[]) {
    this.cells = cells;
  }
  get rows() {
    return this.cells.length;
  }
  get bytes() {
    return this.cells.flat().join('').length;
  }
  masked(masks: readonly (CellMask | undefined)[]) {
    return new Rows(this.cells.map((row) => row.map((cell, i) => (masks[i] ? `<${masks[i].method}>` : cell))));
  }
  first(n: number) {
    return new Rows(this.cells.slice(0, n));
  }
  texts() {
    return this.cells;
  }
  wire() {
    return Buffer.from(this.cells.flat().join(' '));
  }
}

const fields: ResultPart = {
  kind: 'fields',
  fields: [
    { name: 'name', shape: 'text' },
    { name: 'ssn', shape: 'text' },
  ],
};
const rows = (...cells: string[][]): ResultPart => ({ kind: 'rows', batch: new Rows(cells) });
const end: ResultPart = { kind: 'end', outcome: { ok: true, tag: 'SELECT 1' } };
const ann = ['ann', '078-05-1120'];

interface Setup {
  readonly texts?: readonly string[];
  readonly result?: readonly ResultPart[];
  readonly resolution?: HoldResolution | 'never' | 'echo';
  readonly audit?: (event: AuditEvent) => void;
  readonly record?: (what: string) => void;
  readonly changes?: boolean;
  readonly scope?: 'once' | 'session';
}

/** A gate with every port watched, and one exchange for it. */
function setUp(decide: PolicySession['decide'], setup: Setup = {}) {
  const seen = {
    upstream: [] as string[],
    client: [] as unknown[],
    audit: [] as AuditEvent[],
    flushed: [] as string[],
    recorded: [] as unknown[],
    order: [] as string[],
    decided: [] as Decided[],
  };
  const ports: GatePorts = {
    policy: { decide, minuteMs: 0, [Symbol.dispose]: () => undefined },
    audit: {
      append(event, durability) {
        setup.audit?.(event);
        seen.audit.push(event);
        seen.order.push(`audit ${event.effect}`);
        if (durability === 'flushed') seen.flushed.push(event.type);
        return undefined;
      },
    },
    recorder: {
      command: (entry) => {
        setup.record?.('command');
        seen.recorded.push(entry.text);
      },
      result: (_id, part) => {
        setup.record?.('result');
        seen.recorded.push(part.kind === 'rows' ? part.batch.texts(1e6) : part);
        return undefined;
      },
      end: (_id, outcome, { rows: count }) => void seen.recorded.push({ outcome, count }),
      hold: () => undefined,
      close: async () => undefined,
    },
    approvals: {
      async open(request) {
        return {
          id: asId<HoldId>('h1'),
          expiresAtMs: 1,
          resolution: async (signal) => {
            const fact = { id: 'h1', rules: ['PG-1'], approvers: ['dora'], scope: setup.scope ?? 'once' };
            if (setup.resolution === 'never') {
              if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
              return { outcome: 'cancelled', by: [], reason: 'client gave up' };
            }
            if (setup.resolution === 'echo' || !setup.resolution)
              return { outcome: 'approved', fact, digest: request.digest, reason: 'ticket 4711' };
            return setup.resolution;
          },
        };
      },
    },
    masks: { cellMask: (method) => ({ method, room: (n) => n, write: () => -1 }) },
    notify: { send: (channel) => void seen.client.push({ notified: channel }) },
    clock: { now: () => 1_000 },
    nextId: openIds(() => 1_000),
    lookUps: new LookUps(),
    decided: (decided) => void seen.decided.push(decided),
  };
  const [first = 'select name, ssn from c', ...others] = setup.texts ?? [];
  const commands = [command(first), ...others.map(command)] as const;
  const abort = new AbortController();
  const x: Exchange = {
    commands,
    results: 'rows',
    key: (i) => String(i),
    changes: () => setup.changes ?? false,
    tally: () => x,
    recordText: (i) => ({ text: commands[i]?.text ?? '', params: [], outline: '', facts: {}, place: {}, erased: [] }),
    deny: (denial: Denial) => void seen.client.push({ denied: denial.message, code: denial.code, hint: denial.hint }),
    holding: (notice: HoldNotice) => void seen.client.push({ holding: notice.message }),
    signal: abort.signal,
    forward(permit: Permit, deliver: Deliver) {
      seen.order.push('forward');
      for (const c of redeemPermit(permit).commands) seen.upstream.push(c.text);
      for (const part of setup.result ?? [fields, rows(ann), end]) void deliver(0, part);
      return undefined;
    },
    reply: (_i, part) => void seen.client.push(part.kind === 'rows' ? part.batch.texts(1e6) : part),
    breakOff: (denial) => void seen.client.push({ broken: denial.code }),
  };
  return { gate: new SessionGate(frame(), ports), x, seen, abort };
}

describe('who watches decisions', () => {
  test('is told of each one that was recorded, with what the session had done before it, for ever', async () => {
    const { gate, x, seen } = setUp(() => yes);
    await gate.offer(x);
    await gate.offer(x);
    expect(seen.decided.map((d) => [d.effect, d.command, d.around.session.commands])).toEqual([
      ['allow', x.commands[0], 0],
      ['allow', x.commands[0], 1],
    ]);
    expect(seen.decided[0]).toMatchObject({
      requestId: seen.audit[0]?.request,
      decision: yes,
      around: { approval: undefined },
    });
  });
  test('is not told of one that could not be recorded: it never took effect', async () => {
    const { gate, x, seen } = setUp(() => yes, {
      audit: () => {
        throw new Error('full');
      },
    });
    await gate.offer(x);
    expect(seen.decided).toEqual([]);
  });
});

describe('the gate', () => {
  test('a denied command never reaches the upstream, and the client reads the rule and its hint', async () => {
    const { gate, x, seen } = setUp(() => no);
    await gate.offer(x);
    expect(seen.upstream).toEqual([]);
    expect(seen.client).toEqual([{ denied: 'denied by policy: no [PG-2]', code: 'policy', hint: 'Ask.' }]);
  });

  test('one denied statement keeps everything that travels with it from running', async () => {
    const { gate, x, seen } = setUp((c) => (c.text.includes('drop') ? no : yes), {
      texts: ['select 1', 'drop table c'],
    });
    await gate.offer(x);
    expect(seen.upstream).toEqual([]);
    expect(seen.audit.map((e) => [e.effect, e.detail])).toEqual([
      ['deny', { own_effect: 'allow' }],
      ['deny', {}],
    ]);
  });

  test('the decision is in the log before anything is sent', async () => {
    const { gate, x, seen } = setUp(() => yes);
    await gate.offer(x);
    expect(seen.order).toEqual(['audit allow', 'forward']);
  });

  test('a command that changes something is flushed to disk first', async () => {
    const { gate, x, seen } = setUp(() => yes, { changes: true });
    await gate.offer(x);
    expect(seen.flushed).toEqual(['decision']);
  });

  test.each(['audit', 'record'] as const)('when the %s cannot be written, nothing runs', async (what) => {
    const full = () => {
      throw new Error('disk full');
    };
    const { gate, x, seen } = setUp(() => yes, what === 'audit' ? { audit: full } : { record: full });
    await gate.offer(x);
    expect(seen.upstream).toEqual([]);
    expect(seen.client).toMatchObject([{ code: 'not_recorded' }]);
  });

  test('a masked value reaches neither the client nor the recording', async () => {
    const { gate, x, seen } = setUp(() => masked);
    await gate.offer(x);
    expect(JSON.stringify([seen.client, seen.recorded])).not.toContain('078-05');
    expect(seen.client).toContainEqual([['ann', '<redact>']]);
  });

  test('under masks the text of errors and notices is withheld, of their code the class stays', async () => {
    const message = {
      severity: 'notice',
      code: '22P02',
      text: 'invalid input: "078-05-1120"',
      detail: '078-05-1120',
    } as const;
    const failed: ResultPart = {
      kind: 'end',
      outcome: { ok: false, code: '22P02', text: 'invalid input: "078-05-1120"' },
    };
    const { gate, x, seen } = setUp(() => masked, { result: [{ kind: 'message', message }, failed] });
    await gate.offer(x);
    expect(JSON.stringify([seen.client, seen.recorded])).not.toContain('078-05');
    expect(JSON.stringify(seen.client)).toContain('"22000"');
  });

  test('a result of another shape than the analysis foretold is broken off, not guessed at', async () => {
    const one: ResultPart = { kind: 'fields', fields: [{ name: 'ssn', shape: 'text' }] };
    const { gate, x, seen } = setUp(() => masked, { result: [one, rows(['078-05-1120']), end] });
    await gate.offer(x);
    expect(seen.client).toEqual([{ broken: 'obligation' }]);
    expect(JSON.stringify(seen.recorded)).not.toContain('078-05');
  });

  test('rows that come without a description do not pass under masks', async () => {
    const { gate, x, seen } = setUp(() => masked, { result: [rows(ann), end] });
    await gate.offer(x);
    expect(seen.client).toEqual([{ broken: 'obligation' }]);
  });

  test('a row limit cuts across parts and says so', async () => {
    const limited: Decision = { ...yes, limits: { rows: 3 } };
    const result = [fields, rows(ann, ann), rows(ann, ann), rows(ann), end];
    const { gate, x, seen } = setUp(() => limited, { result });
    await gate.offer(x);
    const sent = seen.client.filter(Array.isArray).flat();
    expect(sent).toHaveLength(3);
    expect(JSON.stringify(seen.client)).toContain('result cut by policy after 3 rows');
  });

  test('a held command runs after an approval, under the decision policy gives then', async () => {
    const { gate, x, seen } = setUp((_c, _k, _r, _s, approval) => (approval ? masked : held));
    await gate.offer(x);
    expect(seen.audit.map((e) => `${e.type} ${e.effect}`)).toEqual([
      'decision require_approval',
      'hold.opened require_approval',
      'hold.resolved approved',
      'decision mask',
    ]);
    expect(seen.client[0]).toEqual({ holding: 'ask [PG-1]' });
    expect(seen.client).toContainEqual([['ann', '<redact>']]);
  });

  test.each([
    ['refused', 'approval_refused'],
    ['expired', 'approval_expired'],
  ] as const)('a held command whose approval is %s does not run', async (outcome, code) => {
    const { gate, x, seen } = setUp(() => held, { resolution: { outcome, by: ['dora'], reason: '' } });
    await gate.offer(x);
    expect(seen.upstream).toEqual([]);
    expect(seen.client.at(-1)).toMatchObject({ code });
  });

  const anothers = {
    outcome: 'approved',
    fact: { id: 'h1', rules: ['PG-1'], approvers: ['dora'], scope: 'once' },
    digest: 'of another statement',
    reason: '',
  } as const;
  test('an approval of something else releases nothing', async () => {
    const { gate, x, seen } = setUp((_c, _k, _r, _s, a) => (a ? yes : held), { resolution: anothers });
    await gate.offer(x);
    expect(seen.upstream).toEqual([]);
  });

  const elsewhere: Decision = { ...held, approval: { ...terms, groups: ['security'] } };
  test.each([
    ['is refused', ['a'], { outcome: 'refused', by: ['dora'], reason: '' }],
    ['is approved as something else', ['a'], anothers],
    ['no single group may approve', ['a', 'b'], 'never'],
  ] as const)('a hold that %s is counted as a denial', async (_how, texts, resolution) => {
    const { gate, x, seen } = setUp((c) => (c.text === 'a' ? held : elsewhere), { texts, resolution });
    await gate.offer(x);
    await gate.end('closed');
    expect(seen.audit.at(-1)).toMatchObject({ type: 'session.end', detail: { denials: 1 } });
  });

  test('policy that no longer wants it after the approval has the last word', async () => {
    const { gate, x, seen } = setUp((_c, _k, _r, _s, approval) => (approval ? no : held));
    await gate.offer(x);
    expect(seen.upstream).toEqual([]);
    expect(seen.client.at(-1)).toMatchObject({ code: 'policy' });
  });

  test('hanging up during a hold cancels it', async () => {
    const { gate, x, seen, abort } = setUp(() => held, { resolution: 'never' });
    const offered = gate.offer(x);
    abort.abort();
    await offered;
    expect(seen.upstream).toEqual([]);
    expect(seen.client.at(-1)).toMatchObject({ code: 'approval_cancelled' });
  });

  test('statements that no single group may approve together are refused, not held for ever', async () => {
    const { gate, x, seen } = setUp((c) => (c.text === 'a' ? held : elsewhere), { texts: ['a', 'b'] });
    await gate.offer(x);
    expect(seen.client).toMatchObject([{ code: 'approval_impossible' }]);
  });

  test.each([
    ['once', 2],
    ['session', 1],
  ] as const)('an approval with scope %s is asked for %i times in two runs', async (scope, times) => {
    const asking: Decision = { ...held, approval: { ...terms, scope } };
    let holds = 0;
    const { gate, x, seen } = setUp((_c, _k, _r, _s, approval) => (approval ? yes : asking), {
      scope,
      audit: (event) => void (holds += event.type === 'hold.opened' ? 1 : 0),
    });
    await gate.offer(x);
    await gate.offer(x);
    expect(holds).toBe(times);
    expect(seen.upstream).toHaveLength(2);
  });

  test('a session that has ended releases nothing more', async () => {
    const { gate, x, seen } = setUp(() => yes);
    gate.terminate('session ended: the token has expired');
    await gate.offer(x);
    expect(seen.upstream).toEqual([]);
    expect(seen.client).toMatchObject([{ code: 'session_ended' }]);
  });

  test('declaring a statement tells the no at once and records only what takes effect', async () => {
    const denied = setUp(() => no);
    await denied.gate.declare(denied.x);
    expect(denied.seen.upstream).toEqual([]);
    expect(denied.seen.audit).toHaveLength(1);
    const allowed = setUp(() => held, { result: [] });
    await allowed.gate.declare(allowed.x);
    expect(allowed.seen.upstream).toHaveLength(1);
    expect(allowed.seen.audit).toHaveLength(0);
  });

  test('a permit is good for one use, and a forged one for none', () => {
    const permit = mintPermit([command('x')], [asId<RequestId>('q')]);
    redeemPermit(permit);
    expect(() => redeemPermit(permit)).toThrow('already spent');
    expect(() =>
      redeemPermit({ commands: [command('x')], requestIds: [], judgesLines: false, masksContents: false }),
    ).toThrow('forged');
  });

  test('request ids sort in the order in which they were given', () => {
    const next = openIds(() => 5);
    const ids = Array.from({ length: 1_000 }, () => String(next()));
    expect([...ids].sort()).toEqual(ids);
    expect(ids[0]).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
  });
});

describe('look-ups', () => {
  const one = 'select name from c where ssn = $1';
  const pair = 'select name from c where ssn = $1 and phone = $2';

  /** Offers an exchange some times and returns what policy was told of look-ups, command by command. */
  async function told(texts: readonly string[], decide: PolicySession['decide'], offers: number, setup: Setup = {}) {
    const seen: number[] = [];
    const { gate, x } = setUp(
      (command, key, requestId, session, approval) => {
        seen.push(session.lookups);
        return decide(command, key, requestId, session, approval);
      },
      { ...setup, texts },
    );
    for (let n = 0; n < offers; n += 1) await gate.offer(x);
    return { seen, gate, x };
  }

  test('are counted before the next command is judged, in the same message or not', async () => {
    expect((await told([one, one, pair, 'select 1', one], () => yes, 2)).seen).toEqual([0, 1, 2, 0, 4, 5, 6, 7, 0, 9]);
  });

  test('that are refused are not counted, nor what travels with them', async () => {
    const decide: PolicySession['decide'] = (command) => (command.text === pair ? no : yes);
    expect((await told([one, pair], decide, 2)).seen).toEqual([0, 1, 0, 1]);
  });

  test('that wait for an approval are counted once, when they run', async () => {
    const decide: PolicySession['decide'] = (_command, _key, _request, _session, approval) => (approval ? yes : held);
    expect((await told([one], decide, 2, { resolution: 'echo' })).seen).toEqual([0, 0, 1, 1]);
  });

  test('that are only declared are not counted', async () => {
    const { gate, x, seen } = await told([one], () => yes, 0);
    await gate.declare(x);
    await gate.declare(x);
    await gate.offer(x);
    expect(seen).toEqual([0, 0, 0]);
  });

  test('that cannot be recorded did not run, and count all the same: nobody gets more of them by filling a disk', async () => {
    const record = () => {
      throw new Error('disk full');
    };
    expect((await told([one], () => yes, 2, { record })).seen).toEqual([0, 1]);
  });
});
