import { z } from 'zod';
import type { Command, NowFacts } from '../../contract/command.ts';
import type { Decision } from '../../contract/decision.ts';
import type { JudgedCommand } from '../../contract/judged.ts';
import type { PolicySession, SessionFrame } from '../../contract/ports.ts';
import type { Engine } from '../engine/engine.ts';
import { nowFacts } from '../engine/now.ts';
import { WasmSession } from '../engine/session.ts';
import { client, principal, target } from '../schema/frame.ts';
import { commandSchema, entrypoints } from '../schema/json-schema.ts';

/** Recorded facts that are not what this version calls a command; `why` names the field. */
export type ReadCommand =
  { readonly ok: true; readonly command: Command } | { readonly ok: false; readonly why: string };

/** What was read before, and what is wrong with it. Commands of one recording share their facts and their frame, so each is read once. */
const readBefore = new WeakMap<object, string>();
const frames = z.object({ principal, target, client });

/** The command as policy saw it, but for what the recording blanked. A recording is a file: what this version does not know is not judged. */
export function commandOf(judged: Pick<JudgedCommand, 'frame' | 'facts' | 'text' | 'params' | 'place'>): ReadCommand {
  const { frame, facts, text, params, place } = judged;
  const entrypoint = entrypoints.find((name) => 'protocol' in facts && facts.protocol === name);
  if (entrypoint === undefined) return { ok: false, why: 'it is not of this version: nothing judges its protocol' };
  // Only statements have parameters, and a place among others.
  const command = entrypoint === 'postgres' ? { ...facts, text, params, ...place } : { ...facts, text };
  const why = wrongWith(frame, frames, frame) || wrongWith(facts, commandSchema(entrypoint), command);
  if (why !== '') return { ok: false, why: `it is not of this version: ${why}` };
  return { ok: true, command: command as Command }; // read above, or another command with the same facts was
}

/** @param known what stands for `value`: where it was read before, it is not read again */
function wrongWith(known: object, schema: z.ZodType, value: unknown): string {
  const before = readBefore.get(known);
  if (before !== undefined) return before;
  const read = schema.safeParse(value);
  const why = read.success ? '' : z.prettifyError(read.error);
  readBefore.set(known, why);
  return why;
}

/** One engine that decides again what was decided before, the way production does: same projection, same caches, same refusals. */
export class Judging implements Disposable {
  readonly engine: Engine;
  /** The minute of the last decision, as policy saw it. */
  now: NowFacts = nowFacts(0);
  readonly #expires: boolean;
  #session: PolicySession | undefined;
  #frame: SessionFrame | undefined;
  #nowMs = 0;

  /** @param expires whether the bundle's own end counts: in a replay it does, in a trial over old traffic it does not */
  constructor(engine: Engine, { expires }: { readonly expires: boolean }) {
    this.engine = engine;
    this.#expires = expires;
  }

  decide(judged: JudgedCommand, command: Command): Decision {
    const { key, requestId, around, atMs } = judged;
    if (this.now.unix_ms !== around.minuteMs) this.now = nowFacts(around.minuteMs);
    this.#nowMs = this.#expires ? atMs : 0;
    return this.#of(judged.frame).decide(command, key, requestId, around.session, around.approval);
  }

  /** Which of these fields of a command the rules read. */
  reads(command: Command, fields: readonly string[]): readonly string[] {
    const projection = this.engine.projection(command.protocol);
    return fields.filter((field) => projection.readsCommand(field));
  }

  [Symbol.dispose](): void {
    this.#session?.[Symbol.dispose]();
  }

  #of(frame: SessionFrame): PolicySession {
    if (this.#session && this.#frame === frame) return this.#session;
    this.#session?.[Symbol.dispose]();
    this.#frame = frame;
    this.#session = new WasmSession(frame, {
      engine: () => this.engine,
      nowMs: () => this.#nowMs,
      now: () => this.now,
      failed: () => undefined, // its decision says so
    });
    return this.#session;
  }
}
