import { type Decision, limitDimensions, type MaskMethod, smallestLimits } from '../contract/decision.ts';
import { namesDetector } from '../contract/detector.ts';
import type { Exchange } from '../contract/exchange.ts';
import { morePrivate } from '../contract/mask.ts';
import { namesPattern } from '../contract/pattern.ts';

/** Whether the yes is bound to something that this exchange's result cannot carry: such a yes is a no. */
export function isUndeliverable({ results }: Pick<Exchange, 'results'>, { masks, limits }: Decision): boolean {
  const labels = Object.keys(masks);
  const limited = limitDimensions.filter((dimension) => limits[dimension] !== undefined);
  switch (results) {
    case 'rows':
      return labels.some(namesPattern) || limited.some((one) => one === 'input_bytes' || one === 'seconds');
    case 'stream':
      return labels.some((label) => !namesDetector(label) && !namesPattern(label)) || limited.includes('rows');
    case 'contents':
      return labels.length > 0 || limited.some((one) => one !== 'bytes');
    case 'carried':
      return labels.length > 0 || limited.includes('rows');
    default:
      return results satisfies never;
  }
}

/** One stream answers all commands of an exchange: it is held to the smallest of their limits, and to all of their masks. */
export function obligationsOfAll(own: Decision, all: readonly { readonly decision: Decision }[]): Decision {
  const [only] = all;
  if (all.length === 1 && only?.decision === own) return own;
  const masks: { [label: string]: MaskMethod } = {};
  for (const { decision } of all)
    for (const [label, method] of Object.entries(decision.masks))
      masks[label] = morePrivate(masks[label] ?? method, method);
  return { ...own, masks, limits: smallestLimits(all.map(({ decision }) => decision.limits)) };
}
