import { isDeepStrictEqual } from 'node:util';
import type { BundleDescription } from './inspect.ts';
import type { BundleRule } from './manifest.ts';

/** How one bundle differs from another: everything that can change a decision is in one of these lists. */
export interface BundleDiff {
  readonly from: string;
  readonly to: string;
  readonly rules: Changes<RuleChange>;
  readonly labels: Changes<NamedChange>;
  readonly columns: Changes<NamedChange>;
  /** Data of any other kind, by its first name. */
  readonly data: Changes<NamedChange>;
  readonly reads: Changes<NamedChange>;
  /** Policies that came with the builder's version. */
  readonly packs: Changes<NamedChange>;
  /** Whether the compiled policies are the same bytes. Where they are not and no rule differs, the compiler or a layout does. */
  readonly compiled: 'same' | 'differs';
}

export interface Changes<T> {
  readonly added: readonly T[];
  readonly removed: readonly T[];
  readonly changed: readonly T[];
}

export interface RuleChange {
  /** The finding's id; the rule's name for one without. */
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly file: string;
  readonly line: number;
}

export interface NamedChange {
  readonly name: string;
  /** JSON text, or empty where there was nothing. */
  readonly before: string;
  readonly after: string;
}

/** Two bundles, compared by what they say: the older first. */
export function diffBundles(before: BundleDescription, after: BundleDescription): BundleDiff {
  return {
    from: before.revision,
    to: after.revision,
    rules: diffRules(before.rules, after.rules),
    labels: diffNamed(new Map(Object.entries(before.labels)), new Map(Object.entries(after.labels))),
    columns: diffNamed(columnsOf(before), columnsOf(after)),
    data: diffNamed(new Map(Object.entries(before.data)), new Map(Object.entries(after.data))),
    reads: diffNamed(readsOf(before), readsOf(after)),
    packs: diffNamed(packsOf(before), packsOf(after)),
    compiled: before.compiled === after.compiled ? 'same' : 'differs',
  };
}

/** Whether anything is in it. */
export function isEmptyDiff({ rules, labels, columns, data, reads, packs, compiled }: BundleDiff): boolean {
  if (compiled === 'differs') return false;
  const changes = [rules, labels, columns, data, reads, packs];
  return changes.every((c) => c.added.length + c.removed.length + c.changed.length === 0);
}

/** Rules are what their kind and id say; several definitions of one are compared as a set. */
function diffRules(before: readonly BundleRule[], after: readonly BundleRule[]): Changes<RuleChange> {
  const old = grouped(before);
  const now = grouped(after);
  const shown = (rules: readonly BundleRule[]): RuleChange[] => rules.slice(0, 1).map(shownRule);
  return {
    added: [...now].flatMap(([key, rules]) => (old.has(key) ? [] : shown(rules))),
    removed: [...old].flatMap(([key, rules]) => (now.has(key) ? [] : shown(rules))),
    changed: [...now].flatMap(([key, rules]) => {
      const others = old.get(key);
      return others === undefined || meaning(others) === meaning(rules) ? [] : shown(changedFirst(rules, others));
    }),
  };
}

function grouped(rules: readonly BundleRule[]): ReadonlyMap<string, readonly BundleRule[]> {
  return Map.groupBy(rules, ({ name, id = '' }) => `${name} ${id}`);
}

function meaning(rules: readonly BundleRule[]): string {
  return JSON.stringify(rules.map((rule) => rule.digest).sort());
}

/** The definition that is new is the one to look at. */
function changedFirst(rules: readonly BundleRule[], others: readonly BundleRule[]): readonly BundleRule[] {
  const known = new Set(others.map((rule) => rule.digest));
  const fresh = rules.filter((rule) => !known.has(rule.digest));
  return fresh.length > 0 ? fresh : rules;
}

function shownRule({ id, name, title = '', file, line }: BundleRule): RuleChange {
  return { id: id ?? name, name, title, file, line };
}

function columnsOf({ columns }: BundleDescription): ReadonlyMap<string, unknown> {
  return new Map(
    Object.entries(columns).flatMap(([target, named]) =>
      typeof named === 'object' && named !== null
        ? Object.entries(named).map(([column, labels]) => [`${target} ${column}`, labels] as const)
        : [],
    ),
  );
}

function readsOf({ reads }: BundleDescription): ReadonlyMap<string, unknown> {
  return new Map(
    Object.entries(reads).flatMap(([entrypoint, paths]) =>
      paths.map((path) => [`${entrypoint} input.${path}`, true] as const),
    ),
  );
}

function packsOf({ metadata }: BundleDescription): ReadonlyMap<string, unknown> {
  return new Map(
    (metadata.packs ?? []).map(({ name, version, digest }) => [name, `${version} ${digest.slice(0, 12)}`]),
  );
}

function diffNamed(before: ReadonlyMap<string, unknown>, after: ReadonlyMap<string, unknown>): Changes<NamedChange> {
  const names = (these: ReadonlyMap<string, unknown>, keep: (name: string) => boolean): NamedChange[] =>
    [...these.keys()].filter(keep).map((name) => ({
      name,
      before: textOf(before, name),
      after: textOf(after, name),
    }));
  return {
    added: names(after, (name) => !before.has(name)),
    removed: names(before, (name) => !after.has(name)),
    changed: names(after, (name) => before.has(name) && !isDeepStrictEqual(before.get(name), after.get(name))),
  };
}

function textOf(values: ReadonlyMap<string, unknown>, name: string): string {
  return values.has(name) ? JSON.stringify(values.get(name)) : '';
}
