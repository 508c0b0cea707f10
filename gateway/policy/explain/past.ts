import type { Command, Entrypoint } from '../../contract/command.ts';
import type { Decision, Finding } from '../../contract/decision.ts';
import type { BundleRule } from '../bundle/manifest.ts';
import { columnsOf } from '../lines/judged.ts';
import { explainLine, type Explanation } from './explain.ts';

/** Why a decision of the past came out as it did, in the words of the rules of then. @param rules of the bundle that made it */
export function explainPast(command: Command, decision: Decision, rules: readonly BundleRule[]): Explanation {
  const { effect, findings, masks, limits, approval } = decision;
  return explainLine({
    effect,
    findings: findings.map((finding) => ({ ...finding, rule: placeOf(rules, command.protocol, finding) })),
    commands: [command],
    masks,
    columns: Object.fromEntries(columnsOf(command, masks)),
    limits,
    approval,
    refused: '',
  });
}

/** Where several definitions share an id, the first: which of them fired is not in the bundle. */
function placeOf(rules: readonly BundleRule[], entrypoint: Entrypoint, { kind, id }: Finding): BundleRule | undefined {
  return rules.find((rule) => rule.name === `rules.${entrypoint}.${kind}` && rule.id === id);
}
