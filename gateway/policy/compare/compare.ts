import {
  effects,
  limitDimensions,
  maskMethods,
  type ApprovalTerms,
  type Decision,
  type Finding,
} from '../../contract/decision.ts';

/**
 * How one decision differs from another on the same input. `same`: to the bit. `reworded`: it does the same and says it otherwise.
 * `mixed`: looser in one thing and stricter in another, so whoever fears the one has to look.
 */
export const directions = ['same', 'reworded', 'tightened', 'loosened', 'mixed'] as const;
export type Direction = (typeof directions)[number];

export interface Change {
  readonly direction: Direction;
  /** What is looser now, such as `deny -> allow`, `pii.ssn: redact -> unmasked`, `rows: 100 -> no limit`. */
  readonly loosened: readonly string[];
  readonly tightened: readonly string[];
  /** Ids of the rules whose findings came or went; of all findings where none did and still something changed. */
  readonly rules: readonly string[];
}

const same: Change = { direction: 'same', loosened: [], tightened: [], rules: [] };

/** What a change of policy does to one command. The revisions are not compared: they differ wherever two bundles do. */
export function compareDecisions(before: Decision, after: Decision): Change {
  if (before === after || decisionBits(before) === decisionBits(after)) return same;
  const loosened: string[] = [];
  const tightened: string[] = [];
  const differ = (what: string, towards: number) => {
    if (towards !== 0) (towards < 0 ? loosened : tightened).push(what);
  };
  differ(`${before.effect} -> ${after.effect}`, effects.indexOf(after.effect) - effects.indexOf(before.effect));
  // Of what is denied nothing is left to mask, to limit or to approve.
  if (before.effect !== 'deny' && after.effect !== 'deny') {
    compareMasks(before.masks, after.masks, differ);
    for (const dimension of limitDimensions) {
      const [old, now] = [before.limits[dimension], after.limits[dimension]];
      const what = `${dimension}: ${old === undefined ? 'no limit' : String(old)} -> ${now === undefined ? 'no limit' : String(now)}`;
      differ(what, Math.sign((old ?? Infinity) === (now ?? Infinity) ? 0 : (old ?? Infinity) - (now ?? Infinity)));
    }
    if (before.approval !== null && after.approval !== null) compareTerms(before.approval, after.approval, differ);
  }
  return { direction: directionOf(loosened, tightened), loosened, tightened, rules: rulesOf(before, after) };
}

/** Whether somebody who fears that a change opens something has to look at this one. */
export function isLoosened({ direction }: Change): boolean {
  return direction === 'loosened' || direction === 'mixed';
}

/**
 * A decision as text, the same for the same content whatever the order of its fields: what "bit for bit" compares.
 * The revision is left out; `findings` keep their order, which is the engine's and deterministic.
 */
export function decisionBits({ effect, findings, masks, approval, limits }: Decision): string {
  return canonicalJson({ effect, findings, masks, approval, limits });
}

/** JSON with the fields of every object in order of their names, and without undefined ones (RFC 8785 but for its numbers, which are ours). */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  fields.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`).join(',')}}`;
}

type Differ = (what: string, towards: number) => void;

function compareMasks(before: Decision['masks'], after: Decision['masks'], differ: Differ): void {
  for (const label of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, now] = [before[label], after[label]];
    const what = `${label}: ${old ?? 'unmasked'} -> ${now ?? 'unmasked'}`;
    differ(what, privacyOf(now) - privacyOf(old));
  }
}

/** The more private the higher; unmasked is 0. */
function privacyOf(method: Decision['masks'][string] | undefined): number {
  return method === undefined ? 0 : maskMethods.length - maskMethods.indexOf(method);
}

function compareTerms(before: ApprovalTerms, after: ApprovalTerms, differ: Differ): void {
  differ(`quorum: ${String(before.quorum)} -> ${String(after.quorum)}`, after.quorum - before.quorum);
  const fresh = after.groups.filter((group) => !before.groups.includes(group));
  if (fresh.length > 0) differ(`approvers: ${fresh.join(', ')} too`, -1);
  const gone = before.groups.filter((group) => !after.groups.includes(group));
  if (gone.length > 0) differ(`approvers: not ${gone.join(', ')} any more`, 1);
  const breadth = (terms: ApprovalTerms) => (terms.scope === 'session' ? 1 : 0);
  differ(`scope: ${before.scope} -> ${after.scope}`, breadth(before) - breadth(after));
}

function directionOf(loosened: readonly string[], tightened: readonly string[]): Direction {
  if (loosened.length > 0) return tightened.length > 0 ? 'mixed' : 'loosened';
  return tightened.length > 0 ? 'tightened' : 'reworded';
}

function rulesOf(before: Decision, after: Decision): readonly string[] {
  const old = new Set(before.findings.map(findingBits));
  const now = new Set(after.findings.map(findingBits));
  const gone = before.findings.filter((finding) => !now.has(findingBits(finding)));
  const fresh = after.findings.filter((finding) => !old.has(findingBits(finding)));
  const touched = gone.length + fresh.length > 0 ? [...gone, ...fresh] : [...before.findings, ...after.findings];
  return [...new Set(touched.map(({ id }) => id))].sort();
}

function findingBits(finding: Finding): string {
  return canonicalJson(finding);
}
