import { describe, expect, test } from 'vitest';
import { shellEvasions } from './fixtures/evasions.ts';
import { programEvasions } from './fixtures/program-evasions.ts';
import { readLine, type ShellLine } from './index.ts';

const evasions = { ...shellEvasions, ...programEvasions };

/** Everything that a rule could go by, in the words of the table. */
function seen(read: ShellLine): readonly string[] {
  if (!read.ok) return ['refused'];
  return read.commands.flatMap((command) => [
    ...(command.parse_error === null ? [] : ['unparsed']),
    ...command.dynamic.filter(({ where }) => where === 'command').map(({ why }) => `dynamic ${why}`),
    ...command.effects.map((effect) => `effect ${effect}`),
    `sees ${String(command.name)}`,
  ]);
}

describe.each(Object.entries(evasions))('%s', (group, rows) => {
  // Written for bash; what other shells read otherwise is a group of its own.
  const shell = group === 'other shells than bash' ? 'unknown' : 'bash';
  test.each(rows)('%j: %s', (line, expected) => {
    expect(seen(readLine(line, { shell }))).toContain(expected);
  });
  test.each(rows)('%j is opaque wherever it is dynamic', (line) => {
    const read = readLine(line, { shell });
    const commands = read.ok ? read.commands : [];
    for (const { dynamic, effects, action } of commands) {
      const isUnknown = dynamic.some(({ where }) => where === 'command');
      expect([effects.includes('opaque'), action === 'opaque']).toEqual([isUnknown, isUnknown]);
    }
  });
  test.each(rows)('%j hides no less from a shell that is not known', (line) => {
    const ofBash = seen(readLine(line, { shell: 'bash' })).filter((one) => one.startsWith('dynamic'));
    expect(seen(readLine(line))).toEqual(expect.arrayContaining([...new Set(ofBash)].filter(isOfAnyShell)));
  });
});

/** `((x))` is a dialect where the shell is not known, whatever it computes. */
function isOfAnyShell(reason: string): boolean {
  return reason !== 'dynamic arithmetic' && reason !== 'dynamic unparsed';
}

test.each([
  ['git log', true],
  ['sudo journalctl -u x', true],
  ['systemctl status x', true],
  ['dpkg -l', true],
  ['true; git diff', true],
  ['git log | cat', false],
  ['echo "$(git log -1)"', false],
  ['git --no-pager log', false],
  ['systemctl --no-pager status x', false],
  ['systemctl restart x', false],
  ['git status', false],
])('at a terminal %j starts a pager, which runs other programs: %s', (line, expected) => {
  expect(seen(readLine(line, { pty: true })).includes('dynamic interactive')).toBe(expected);
  expect(seen(readLine(line))).not.toContain('dynamic interactive');
});

test('the table is as long as it was', () => {
  expect(Object.values(evasions).flat().length).toBeGreaterThanOrEqual(650);
});
