import { expect, test } from 'vitest';
import type { Decision } from '../../contract/decision.ts';
import { asId } from '../../contract/ids.ts';
import { trialMarkdown, trialText, type TrialAbout } from './report.ts';
import { Tally, type TriedCommand } from './tally.ts';

const finding = (kind: 'allow' | 'deny', id: string) => ({ kind, id, msg: id });
const allow: Decision = {
  effect: 'allow',
  revision: asId('r'),
  findings: [finding('allow', 'A')],
  masks: {},
  approval: null,
  limits: {},
};
const deny: Decision = { ...allow, effect: 'deny', findings: [finding('deny', 'D')] };
const otherWords: Decision = { ...allow, findings: [{ ...finding('allow', 'A'), msg: 'in other words' }] };

const command = (request: string, more: Partial<TriedCommand> = {}): TriedCommand => ({
  request,
  atMs: 0,
  principal: 'ana',
  target: 'crm',
  fingerprint: 'f1',
  text: 'select 1',
  ...more,
});

function filled(): Tally {
  const tally = new Tally(1);
  tally.add(command('R1'), allow, allow);
  tally.add(command('R2'), allow, otherWords);
  tally.add(command('R3', { principal: 'bo', text: 'delete from `a|b`' }), deny, allow);
  tally.add(command('R4', { principal: 'bo' }), deny, allow);
  tally.add(command('R5', { fingerprint: 'f2', text: 'select 2' }), allow, deny);
  return tally;
}

const about: TrialAbout = {
  old: 'r1',
  new: 'r2',
  recordings: 3,
  unjudged: { 'no facts': 2 },
  notes: ['labels differ'],
};

test('what changes is counted by rule, principal, target and fingerprint; what is only said otherwise is not', () => {
  const report = filled().report();
  expect(report).toMatchObject({
    commands: 5,
    directions: { same: 1, reworded: 1, loosened: 2, tightened: 1, mixed: 0 },
    effects: [
      { before: 'deny', after: 'allow', commands: 2 },
      { before: 'allow', after: 'deny', commands: 1 },
    ],
    rules: [
      { name: 'A', commands: 3, loosened: 2, tightened: 1 },
      { name: 'D', commands: 3, loosened: 2, tightened: 1 },
    ],
    principals: [
      { name: 'bo', commands: 2, loosened: 2, tightened: 0 },
      { name: 'ana', commands: 1, loosened: 0, tightened: 1 },
    ],
    targets: [{ name: 'crm', commands: 3 }],
    fingerprints: [
      { name: 'f1', commands: 2, text: 'delete from `a|b`' },
      { name: 'f2', commands: 1, text: 'select 2' },
    ],
  });
});

test('of commands that change in the same way as many are kept as were asked for, what opens something first', () => {
  const tally = new Tally(1);
  tally.add(command('R1'), allow, deny);
  tally.add(command('R2'), deny, allow);
  tally.add(command('R3'), deny, allow);
  expect(tally.report().examples.map(({ request, change }) => `${request} ${change.direction}`)).toEqual([
    'R2 loosened',
    'R1 tightened',
  ]);
  const none = new Tally(0);
  none.add(command('R1'), deny, allow);
  expect(none.report().examples).toEqual([]);
});

test('a person reads the counts, the groups, the examples and what to keep in mind', () => {
  const text = trialText(filled().report(), about);
  expect(text).toMatch(
    /^5 commands of 3 recordings, r1 against r2: 2 loosened, 1 tightened, 1 the same in other words, 1 the same\.\n/,
  );
  expect(text).toContain('note: left out: 2 commands, because no facts\nnote: labels differ\n');
  expect(text).toMatch(/by rule\n {2}A +3 +2 loosened +1 tightened\n/);
  expect(text).toContain('deny -> allow (loosened): bo on crm, request R3\n    delete from `a|b`\n    findings D -> A');
});

test('nothing in a command is markup in the comment of a pull request', () => {
  const tally = new Tally(9);
  const text = '</details><img src=x> ``` | [x](y) @everyone #1';
  tally.add(command('R1', { principal: '@team <b>', text }), deny, allow);
  const markdown = trialMarkdown(tally.report(), about);
  expect(markdown).toContain('| deny → allow | ```` </details><img src=x> ``` \\| [x](y) @everyone #1 ```` |');
  const outside = markdown.replaceAll(/````.*?````/g, '').replaceAll(/<\/?(details|summary)>/g, '');
  expect(outside).not.toMatch(/<|@|\]\(/);
});

test('a change without consequences says so, in every format', () => {
  const tally = new Tally(2);
  tally.add(command('R1'), allow, otherWords);
  expect(trialText(tally.report(), about)).toContain('Nothing would have been decided otherwise.');
  expect(trialMarkdown(tally.report(), about)).toContain('Nothing would have been decided otherwise.');
});
