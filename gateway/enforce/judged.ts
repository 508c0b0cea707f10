import { type Decision, type Effect, strongest } from '../contract/decision.ts';
import type { Denial, Exchange } from '../contract/exchange.ts';
import type { RequestId } from '../contract/ids.ts';
import type { DecidedAround } from '../contract/ports.ts';
import { denial, denialOf } from './denials.ts';
import { undeliverable } from './obligations.ts';

/** One command with policy's answer to it, and what else the answer was made from. */
export interface Judged {
  readonly requestId: RequestId;
  readonly decision: Decision;
  readonly around: DecidedAround;
  readonly atMs: number;
  readonly tookMs: number;
}

/** What takes effect for all commands of an exchange: the strongest of their decisions, and a no where a yes cannot be carried out. */
export function effectOf(x: Exchange, judged: readonly Judged[]): Effect {
  if (judged.some((j, i) => undeliverable(x, x.commands[i] ?? x.commands[0], j.decision))) return 'deny';
  return judged.reduce<Effect>((worst, j) => strongest(worst, j.decision.effect), 'allow');
}

/** Why an exchange is denied of which `effectOf` says so: the first command that policy denies, else the first whose yes cannot be carried out. */
export function denialOfAll(x: Exchange, judged: readonly Judged[]): Denial {
  const no = judged.findIndex((j) => j.decision.effect === 'deny');
  const refused = judged[no];
  if (refused) return denialOf(refused.decision, refused.requestId, x.commands[no]);
  for (const [i, { decision, requestId }] of judged.entries()) {
    const why = undeliverable(x, x.commands[i] ?? x.commands[0], decision);
    if (why) return denial('obligation', why.message, requestId, decision, why.hint);
  }
  throw new Error('what is denied has a reason');
}

/** The command in whose name something is said that concerns all of them. */
export function firstOf(judged: readonly Judged[]): Judged {
  const [one] = judged;
  if (!one) throw new Error('an exchange has at least one command');
  return one;
}
