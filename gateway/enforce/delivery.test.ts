import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Decision, Limits, MaskMethod } from '../contract/decision.ts';
import { asId, type Revision } from '../contract/ids.ts';
import type { CellMask } from '../contract/mask.ts';
import { MaskImpossible, type RowBatch } from '../contract/result.ts';
import { connecting, noMasks, statement } from '../testing/commands.ts';
import { Delivery, Tallies } from './delivery.ts';

/** Rows of which each is one text. */
class Texts implements RowBatch {
  readonly cells: readonly string[];
  constructor(cells: readonly string[]) {
    this.cells = cells;
  }
  get rows() {
    return this.cells.length;
  }
  get bytes() {
    return this.cells.join('').length;
  }
  masked(): never {
    throw new MaskImpossible('texts are not masked here');
  }
  first(n: number) {
    return new Texts(this.cells.slice(0, n));
  }
  texts() {
    return this.cells.map((cell) => [cell]);
  }
  wire() {
    return Buffer.from(this.cells.join(''));
  }
}

function decision(limits: Limits, masked: Decision['masks'] = {}): Decision {
  return { effect: 'allow', revision: asId<Revision>('r1'), findings: [], masks: masked, approval: null, limits };
}

/** Sends a result in these groups, each of them through a delivery of its own when `pieces` says so. @returns the rows that left */
function deliver(groups: readonly (readonly string[])[], limits: Limits, pieces: boolean) {
  const tallies = new Tallies();
  const portal = {};
  const open = () => new Delivery(connecting, decision(limits), noMasks, portal, tallies);
  let delivery = open();
  const left: string[] = [];
  for (const group of groups) {
    if (pieces) delivery = open();
    const part = delivery.apply({ kind: 'rows', batch: new Texts(group) });
    if (part?.kind === 'rows') left.push(...part.batch.texts(Infinity).map(([cell]) => cell ?? ''));
  }
  return { left, told: delivery.rest() };
}

const rows = fc.array(fc.string({ minLength: 1, maxLength: 12 }), { maxLength: 30 });
const limits = fc.record({ rows: fc.nat(35), bytes: fc.nat(200) }, { requiredKeys: [] });

/** Cuts an array at random places. */
const grouped = fc.tuple(rows, fc.array(fc.nat(30))).map(([all, cuts]) => {
  const at = [0, ...cuts.map((cut) => Math.min(cut, all.length)).sort((a, b) => a - b), all.length];
  return { all, groups: at.slice(1).map((end, i) => all.slice(at[i], end)) };
});

test('what leaves is the beginning of the result, within both limits and as long as they allow', () => {
  fc.assert(
    fc.property(grouped, limits, fc.boolean(), ({ all, groups }, given, pieces) => {
      const { left } = deliver(groups, given, pieces);
      expect(left).toEqual(all.slice(0, left.length));
      expect(left.length).toBeLessThanOrEqual(given.rows ?? Infinity);
      expect(left.join('').length).toBeLessThanOrEqual(given.bytes ?? Infinity);
      const next = all.slice(0, left.length + 1);
      const nextFits = next.length <= (given.rows ?? Infinity) && next.join('').length <= (given.bytes ?? Infinity);
      expect(nextFits && next.length > left.length).toBe(false);
    }),
  );
});

test('how the network groups the rows, or a client fetches them, changes nothing', () => {
  fc.assert(
    fc.property(grouped, limits, ({ all, groups }, given) => {
      const whole = deliver([all], given, false).left;
      expect(deliver(groups, given, false).left).toEqual(whole);
      expect(deliver(groups, given, true).left).toEqual(whole);
    }),
  );
});

test('the client is told exactly when something was cut', () => {
  fc.assert(
    fc.property(grouped, limits, ({ all, groups }, given) => {
      const { left, told } = deliver(groups, given, false);
      expect(told).toHaveLength(left.length < all.length ? 1 : 0);
    }),
  );
});

test('results that nobody knows how to mask do not leave under masks', () => {
  const delivery = new Delivery(connecting, decision({}, { 'pii.ssn': 'redact' }), noMasks, {}, new Tallies());
  const fields = [{ name: 'ssn', shape: 'text' }] as const;
  expect(() => delivery.apply({ kind: 'fields', fields })).toThrow(MaskImpossible);
  expect(() => delivery.apply({ kind: 'rows', batch: new Texts(['078-05-1120']) })).toThrow(MaskImpossible);
});

describe('a column that the target describes as another one', () => {
  const output = [{ name: 'v', sources: [], transform: 'plain', labels: [] }] as const;
  const select = statement({ labels: ['pii.ssn'], relations: [], output });

  function methodOf(doubt: readonly string[] | undefined, masked: Decision['masks']): MaskMethod | undefined {
    let asked: MaskMethod | undefined;
    const cell: CellMask = { method: 'redact', room: () => 0, write: () => 0 };
    const remembering = { cellMask: (method: MaskMethod) => ((asked = method), cell) };
    const delivery = new Delivery(select, decision({}, masked), remembering, {}, new Tallies());
    delivery.apply({ kind: 'fields', fields: [{ name: 'v', shape: 'text', ...(doubt ? { doubt } : {}) }] });
    return asked;
  }

  test.each<[doubt: readonly string[] | undefined, masks: Decision['masks'], method: MaskMethod | undefined]>([
    [undefined, { 'pii.ssn': 'partial' }, undefined],
    [['pii.ssn'], { 'pii.ssn': 'partial' }, 'redact'],
    [['pii.ssn'], { 'pii.ssn': 'null' }, 'null'],
    // Policy was asked about the label, and this principal may read it.
    [['pii.ssn'], {}, undefined],
    // Only streams are searched by patterns.
    [['pii.ssn'], { 'pattern:[0-9]+': 'redact' }, undefined],
    // Policy was not asked.
    [['pci.pan'], {}, 'redact'],
    [['pii.ssn', 'pci.pan'], {}, 'redact'],
    [[], {}, 'redact'],
    [[], { 'pii.ssn': 'tokenize' }, 'redact'],
  ])('%j under %j is masked by %s', (doubt, masked, method) => {
    expect(methodOf(doubt, masked)).toBe(method);
  });

  test('makes texts of that result data, too', () => {
    const cell: CellMask = { method: 'redact', room: () => 0, write: () => 0 };
    const delivery = new Delivery(select, decision({}), { cellMask: () => cell }, {}, new Tallies());
    delivery.apply({ kind: 'fields', fields: [{ name: 'v', shape: 'text', doubt: ['pii.ssn'] }] });
    const part = delivery.apply({ kind: 'end', outcome: { ok: false, code: '22P02', text: '"078-05-1120"' } });
    expect(part).toMatchObject({ outcome: { code: '22000', text: expect.not.stringContaining('078') as string } });
  });
});
