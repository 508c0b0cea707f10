import type { Expectation } from './case.ts';
import type { JudgedLine } from './judged.ts';

/** One thing that is not as the case says. */
export interface Difference {
  readonly what: string;
  readonly expected: string;
  readonly actual: string;
}

/** How what came of a line differs from what was expected; nothing when it does not. */
export function differences(expected: Expectation, actual: JudgedLine): readonly Difference[] {
  const found: Difference[] = [];
  const differ = (what: string, want: string, got: string) => found.push({ what, expected: want, actual: got });
  if (expected.effect !== actual.effect) differ('effect', expected.effect, actual.effect);
  const ids = [...new Set(actual.findings.map(({ id }) => id))];
  const missing = (expected.findings ?? []).filter((id) => !ids.includes(id));
  if (missing.length > 0) differ('findings', missing.join(', '), ids.join(', ') || 'none');
  const unwanted = (expected.without ?? []).filter((id) => ids.includes(id));
  if (unwanted.length > 0) differ('findings', `without ${unwanted.join(', ')}`, ids.join(', '));
  if (expected.masks !== undefined) {
    const isByLabel = Object.keys(expected.masks).some((name) => Object.hasOwn(actual.masks, name));
    const masks = isByLabel ? actual.masks : actual.columns;
    if (plain(masks) !== plain(expected.masks)) differ('masks', plain(expected.masks), plain(masks));
  }
  if (expected.limits !== undefined && plain(expected.limits) !== plain(actual.limits)) {
    differ('limits', plain(expected.limits), plain(actual.limits));
  }
  for (const name of ['groups', 'quorum', 'rules'] as const) {
    const want = expected.approval?.[name];
    const got = actual.approval?.[name];
    if (want !== undefined && sorted(want) !== sorted(got)) differ(`approval.${name}`, sorted(want), sorted(got));
  }
  const said = [actual.refused, ...actual.findings.flatMap(({ msg, hint = '' }) => [msg, hint])].filter(
    (s) => s !== '',
  );
  const { says } = expected;
  if (says !== undefined && !said.some((text) => text.includes(says)))
    differ('says', says, said.join(' | ') || 'nothing');
  return found;
}

/** `{a: 1, b: 2}`, by name: the same for the same content. */
function plain(fields: object): string {
  const entries = Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, value]) => `${name}: ${String(value)}`).join(', ')}}`;
}

function sorted(value: number | readonly string[] | undefined): string {
  if (value === undefined) return 'nothing';
  return typeof value === 'number' ? String(value) : [...value].sort().join(', ');
}
