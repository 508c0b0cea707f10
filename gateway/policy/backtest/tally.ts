import { directions, type Change, type Direction } from '../compare/compare.ts';
import type { Decision, Effect } from '../../contract/decision.ts';
import { compareDecisions } from '../compare/compare.ts';

/** One command of the past, as a report speaks of it. */
export interface TriedCommand {
  readonly request: string;
  readonly atMs: number;
  readonly principal: string;
  readonly target: string;
  readonly fingerprint: string;
  /** As the recording has it: secrets are blanked. */
  readonly text: string;
}

/** How many commands something is about. */
export interface Group {
  readonly name: string;
  readonly commands: number;
  readonly loosened: number;
  readonly tightened: number;
}

/** Statements that differ in literals alone. */
export interface FingerprintGroup extends Group {
  /** One of them. */
  readonly text: string;
}

export interface Example {
  readonly request: string;
  readonly at: string;
  readonly principal: string;
  readonly target: string;
  readonly text: string;
  readonly before: { readonly effect: Effect; readonly findings: readonly string[] };
  readonly after: { readonly effect: Effect; readonly findings: readonly string[] };
  readonly change: Change;
}

/** What a change of policy does to commands of the past. Groups hold what changed, most commands first; `reworded` is in none. */
export interface TrialReport {
  readonly commands: number;
  readonly directions: Readonly<Record<Direction, number>>;
  readonly effects: readonly { readonly before: Effect; readonly after: Effect; readonly commands: number }[];
  readonly rules: readonly Group[];
  readonly principals: readonly Group[];
  readonly targets: readonly Group[];
  readonly fingerprints: readonly FingerprintGroup[];
  readonly examples: readonly Example[];
}

interface Count {
  commands: number;
  loosened: number;
  tightened: number;
  text: string;
}

/** Counts how decisions differ, and keeps a few of each kind to look at. */
export class Tally {
  readonly #perKind: number;
  readonly #directions: Record<Direction, number>;
  readonly #effects = new Map<string, { readonly before: Effect; readonly after: Effect; commands: number }>();
  readonly #groups = {
    rules: new Map<string, Count>(),
    principals: new Map<string, Count>(),
    targets: new Map<string, Count>(),
    fingerprints: new Map<string, Count>(),
  };
  readonly #kinds = new Map<string, number>();
  readonly #examples: Example[] = [];
  /** Engines give equal answers as one object, so a pair is compared once. */
  readonly #compared = new WeakMap<Decision, WeakMap<Decision, Change>>();

  /** @param examples kept of commands that change in the same way by the same rules */
  constructor(examples: number) {
    this.#perKind = examples;
    this.#directions = Object.fromEntries(directions.map((name) => [name, 0])) as Record<Direction, number>; // each has one
  }

  get changed(): number {
    return this.#directions.loosened + this.#directions.tightened + this.#directions.mixed;
  }

  add(command: TriedCommand, before: Decision, after: Decision): void {
    const change = this.#change(before, after);
    const { direction, rules } = change;
    this.#directions[direction] += 1;
    if (direction === 'same' || direction === 'reworded') return;
    const way = `${before.effect} ${after.effect}`;
    const effect = this.#effects.get(way) ?? { before: before.effect, after: after.effect, commands: 0 };
    effect.commands += 1;
    this.#effects.set(way, effect);
    for (const rule of rules) count(this.#groups.rules, rule, direction, '');
    count(this.#groups.principals, command.principal, direction, '');
    count(this.#groups.targets, command.target, direction, '');
    count(this.#groups.fingerprints, command.fingerprint, direction, command.text);
    const kind = `${way} ${rules.join(' ')}`;
    const seen = this.#kinds.get(kind) ?? 0;
    if (seen >= this.#perKind) return;
    this.#kinds.set(kind, seen + 1);
    this.#examples.push(exampleOf(command, before, after, change));
  }

  report(): TrialReport {
    const directionCounts = { ...this.#directions };
    const { rules, principals, targets, fingerprints } = this.#groups;
    return {
      commands: Object.values(directionCounts).reduce((sum, n) => sum + n, 0),
      directions: directionCounts,
      effects: [...this.#effects.values()].sort((a, b) => b.commands - a.commands),
      rules: ranked(rules),
      principals: ranked(principals),
      targets: ranked(targets),
      fingerprints: ranked(fingerprints).map((group) => ({ ...group, text: fingerprints.get(group.name)?.text ?? '' })),
      // What opens something is what one looks for.
      examples: this.#examples.sort(
        (a, b) => Number(b.change.loosened.length > 0) - Number(a.change.loosened.length > 0),
      ),
    };
  }

  #change(before: Decision, after: Decision): Change {
    const known = this.#compared.get(before);
    const old = known?.get(after);
    if (old) return old;
    const change = compareDecisions(before, after);
    if (known) known.set(after, change);
    else this.#compared.set(before, new WeakMap([[after, change]]));
    return change;
  }
}

function count(groups: Map<string, Count>, name: string, direction: Direction, text: string): void {
  const group = groups.get(name) ?? { commands: 0, loosened: 0, tightened: 0, text };
  group.commands += 1;
  if (direction !== 'tightened') group.loosened += 1;
  if (direction !== 'loosened') group.tightened += 1;
  groups.set(name, group);
}

function ranked(groups: ReadonlyMap<string, Count>): readonly Group[] {
  return [...groups]
    .map(([name, { commands, loosened, tightened }]) => ({ name, commands, loosened, tightened }))
    .sort((a, b) => b.commands - a.commands || (a.name < b.name ? -1 : 1));
}

function exampleOf(command: TriedCommand, before: Decision, after: Decision, change: Change): Example {
  const { request, atMs, principal, target, text } = command;
  const short = ({ effect, findings }: Decision) => ({ effect, findings: findings.map(({ id }) => id) });
  const at = new Date(atMs).toISOString();
  return { request, at, principal, target, text, before: short(before), after: short(after), change };
}
