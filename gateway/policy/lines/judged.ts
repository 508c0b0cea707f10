import { type Command, lookupsOf } from '../../contract/command.ts';
import {
  smallestLimits,
  strongest,
  type ApprovalTerms,
  type Decision,
  type Finding,
  type Limits,
  type MaskMethod,
} from '../../contract/decision.ts';
import { columnMask, morePrivate } from '../../contract/mask.ts';
import { ruleBehind, type FindingRule } from '../lint/finding-rules.ts';
import type { Session } from './case.ts';
import type { LineEffect } from './case.ts';
import type { Judge } from './judge.ts';
import type { Line } from './protocol.ts';
import type { FixtureTarget } from './read.ts';
import type { Client, Principal } from '../../contract/principal.ts';

/** What came of one line, with everything that explains it. */
export interface JudgedLine {
  readonly effect: LineEffect;
  readonly commands: readonly Command[];
  readonly findings: readonly TracedFinding[];
  /** Of all its commands: label to method. */
  readonly masks: { readonly [label: string]: MaskMethod };
  /** Output column to the method that it leaves by. */
  readonly columns: { readonly [column: string]: MaskMethod };
  readonly limits: Limits;
  readonly approval: ApprovalTerms | null;
  /** Why the line is no command; empty when it is. */
  readonly refused: string;
}

/** A finding and the rule that it comes from; the engine's own (`SP-...`) have none. */
export interface TracedFinding extends Finding {
  readonly rule: FindingRule | undefined;
}

export interface Circumstances {
  readonly principal: Principal;
  readonly client?: Client;
  readonly nowMs: number;
  readonly session: Session;
  readonly approved: readonly string[];
}

/** One line from its text to what the client would see, as the gateway does it: what travels together gets the strongest effect. */
export async function judgeLine(
  line: Line,
  { target, section, protocol }: FixtureTarget,
  around: Circumstances,
  judge: Judge,
  rules: readonly FindingRule[],
): Promise<JudgedLine> {
  const labels = judge.labels.columnsOf(target.name);
  const read = await protocol.commandsOf(line, { target, section, labels });
  if (!read.ok) return { ...nothing, effect: 'refused', refused: read.why };
  if (read.commands.length === 0) return { ...nothing, effect: 'refused', refused: 'there is no command in it' };
  // As the gate counts: those before it in the line are before it.
  let { lookups } = around.session;
  const decided = read.commands.map(({ command, key }) => {
    const session = { ...around.session, lookups: lookupsOf(command) === 0 ? 0 : lookups };
    lookups += lookupsOf(command);
    return {
      command,
      decision: judge.decide({ ...around, session, target, command, key }),
    };
  });
  const decisions = decided.map(({ decision }) => decision);
  const effect = decisions.map((one) => one.effect).reduce(strongest);
  const findings = decided.flatMap(({ command, decision }) =>
    decision.findings.map((finding) => ({ ...finding, rule: ruleBehind(rules, command.protocol, finding) })),
  );
  // What is denied leaves nothing to mask or to limit.
  if (effect === 'deny') return { ...nothing, effect, findings, commands: read.commands.map(({ command }) => command) };
  return {
    ...nothing,
    effect,
    findings,
    commands: read.commands.map(({ command }) => command),
    masks: mostPrivate(decisions.flatMap(({ masks }) => Object.entries(masks))),
    columns: mostPrivate(decided.flatMap(({ command, decision }) => columnsOf(command, decision.masks))),
    limits: smallestLimits(decisions.map(({ limits }) => limits)),
    approval: decisions.find(({ approval }) => approval !== null)?.approval ?? null,
  };
}

const nothing = {
  commands: [],
  findings: [],
  masks: {},
  columns: {},
  limits: {},
  approval: null,
  refused: '',
} as const;

/** Output columns that leave masked. */
export function columnsOf(command: Command, masks: Decision['masks']): readonly (readonly [string, MaskMethod])[] {
  switch (command.protocol) {
    case 'postgres':
      return command.output.flatMap((column) => {
        const mask = columnMask(column, masks);
        return mask ? [[column.name, mask.method] as const] : [];
      });
    case 'ssh':
    case 'session':
    case 'admin':
      return [];
    default:
      return command satisfies never;
  }
}

function mostPrivate(methods: readonly (readonly [string, MaskMethod])[]): { readonly [name: string]: MaskMethod } {
  const chosen = new Map<string, MaskMethod>();
  for (const [name, method] of methods) {
    const before = chosen.get(name);
    chosen.set(name, before === undefined ? method : morePrivate(before, method));
  }
  return Object.fromEntries(chosen);
}
