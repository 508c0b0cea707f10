import type { Command } from './command.ts';
import type { RequestId } from './ids.ts';

/** Proof that policy released one exchange, once. An adapter reaches its upstream only by redeeming one. */
export interface Permit {
  readonly requestIds: readonly RequestId[];
  readonly commands: readonly [Command, ...Command[]];
  /** What it starts takes lines of its own, and each of them has to be offered before it runs. */
  readonly judgesLines: boolean;
  /** What is read of the file that it opens has to go through as `copy` first. */
  readonly masksContents: boolean;
}

const live = new WeakSet<Permit>();

/** For `enforce/` alone: a lint rule holds everybody else off. */
export function mintPermit(
  commands: readonly [Command, ...Command[]],
  requestIds: readonly RequestId[],
  terms: Partial<Pick<Permit, 'judgesLines' | 'masksContents'>> = {},
): Permit {
  const permit: Permit = { requestIds, commands, judgesLines: false, masksContents: false, ...terms };
  live.add(permit);
  return permit;
}

/** @throws TypeError when the permit is forged or already spent */
export function redeemPermit(permit: Permit): Permit {
  if (!live.delete(permit)) throw new TypeError('permit is forged or already spent');
  return permit;
}
