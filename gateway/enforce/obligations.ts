import type { Decision } from '../contract/decision.ts';
import type { Exchange } from '../contract/exchange.ts';

/** Whether the yes is bound to something that this exchange's result cannot carry, detectors included: such a yes is a no. */
export function isUndeliverable({ results }: Pick<Exchange, 'results'>, decision: Decision): boolean {
  return results !== 'rows' && (Object.keys(decision.masks).length > 0 || decision.limits.rows !== undefined);
}

/** One stream answers all commands of an exchange: it is held to the smallest of their limits. */
export function obligationsOfAll(own: Decision, all: readonly { readonly decision: Decision }[]): Decision {
  const limits = all.flatMap(({ decision }) => decision.limits.bytes ?? []);
  return limits.length === 0 ? own : { ...own, limits: { bytes: Math.min(...limits) } };
}
