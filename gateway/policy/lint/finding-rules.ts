import type { Entrypoint } from '../../contract/command.ts';
import type { Finding } from '../../contract/decision.ts';
import { findingFields } from '../engine/findings.ts';
import { literalOf, membersOf, termsOf, callOf, type Module, type Rule, type Term } from './ast.ts';

/** A rule that adds a finding, as people look for it. */
export interface FindingRule {
  readonly id: string;
  readonly kind: Finding['kind'];
  readonly entrypoint: string;
  readonly title: string | undefined;
  readonly file: string;
  readonly line: number;
  readonly endLine: number;
  /** What its `msg` can read like. */
  readonly message: RegExp;
}

/** Every rule that adds findings with a constant id. */
export function findingRules(modules: readonly Module[]): readonly FindingRule[] {
  return modules.flatMap((module) => {
    const [room, entrypoint] = module.package.split('.');
    if (room !== 'rules' || entrypoint === undefined) return [];
    return module.rules.flatMap((rule) => {
      const finding = findingTerm(rule);
      const id = finding && literalOf(member(finding, 'id'));
      if (!isFindingKind(rule.name) || finding === undefined || id === undefined) return [];
      const { file, line } = rule.location;
      const { title, endLine } = rule;
      const message = messagePattern(member(finding, 'msg'));
      return [{ id, kind: rule.name, entrypoint, title, file, line, endLine, message }];
    });
  });
}

/** The rule behind a finding: where several share an id, the one whose message reads like this. */
export function ruleBehind(
  rules: readonly FindingRule[],
  entrypoint: Entrypoint,
  finding: Pick<Finding, 'id' | 'kind' | 'msg'>,
): FindingRule | undefined {
  const named = rules.filter(
    (rule) => rule.entrypoint === entrypoint && rule.id === finding.id && rule.kind === finding.kind,
  );
  return named.find((rule) => rule.message.test(finding.msg)) ?? named[0];
}

export function isFindingKind(name: string): name is Finding['kind'] {
  return Object.hasOwn(findingFields, name);
}

/** The object that `deny contains` adds: written in the head, or given a name in the body. */
export function findingTerm(rule: Rule): Term | undefined {
  const { key } = rule;
  if (key?.type !== 'var') return key?.type === 'object' ? key : undefined;
  for (const { terms } of rule.body) {
    const call = callOf(terms);
    const [name, value] = call?.operands ?? [];
    if (call?.operator === 'assign' && name?.value === key.value && value?.type === 'object') return value;
  }
  return undefined;
}

export function member(term: Term, name: string): Term | undefined {
  return membersOf(term).find(([key]) => key.value === name)?.[1];
}

/** A template string's constant pieces with anything between them. */
function messagePattern(message: Term | undefined): RegExp {
  if (message === undefined) return /^/;
  const constant = literalOf(message);
  if (constant !== undefined) return new RegExp(`^${escaped(constant)}$`);
  if (message.type !== 'templatestring') return /^/;
  const { parts } = Object(message.value) as { readonly parts?: unknown }; // Object() makes an object of anything
  // Pieces that are computed have no type of their own, so they are no terms.
  const pieces = Array.isArray(parts) ? parts.map((part: unknown) => literalOf(termsOf([part])[0])) : [];
  return new RegExp(`^${pieces.map((piece) => (piece === undefined ? '.*' : escaped(piece))).join('')}$`, 's');
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
