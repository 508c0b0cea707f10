import type { Gate } from '../../../contract/gate.ts';
import type { Message, ResultPart } from '../../../contract/result.ts';
import type { Wait } from '../../../contract/wait.ts';
import type { PgExchange } from '../exchange.ts';
import type { Frame } from '../codec/frames.ts';
import type { SessionState } from './state.ts';

/** What the target says, on its way to the client: parts of results go through enforcement, and what comes back untouched leaves in the bytes it came in. */
export class Offers {
  readonly #state: SessionState;
  readonly #gate: Gate;
  #part: ResultPart | undefined;
  #frame: Frame | undefined;

  constructor(state: SessionState, gate: Gate) {
    this.#state = state;
    this.#gate = gate;
  }

  /** Offers a part to enforcement, which calls back with what may be said. @param frame the bytes it came in; undefined where the client is to get none */
  offer(run: PgExchange, part: ResultPart, frame: Frame | undefined): Wait {
    this.#part = part;
    this.#frame = frame;
    const wait = run.deliver(part);
    this.#part = this.#frame = undefined;
    return wait;
  }

  /** A notice, or an error outside of a result: under the obligations of what runs or ran last. */
  message(message: Message, frame: Frame): Wait {
    const expected = this.#state.pipeline.current;
    if (expected?.kind === 'own') return undefined;
    const run = expected?.kind === 'query' || expected?.kind === 'execute' ? expected.run : this.#state.last;
    const part: ResultPart = { kind: 'message', message };
    if (run && run.travel !== 'own') return this.offer(run, part, frame);
    if (this.#gate.loose(part) === part) this.pass(frame);
    return undefined;
  }

  /** The current command of an exchange will not run: that is recorded, and the client has been told already. */
  notRun(run: PgExchange): Wait {
    const text = 'not run: an earlier statement failed';
    run.silent = true;
    return this.offer(run, { kind: 'end', outcome: { ok: false, code: '25P02', text } }, undefined);
  }

  /** Passes on what enforcement gave back as it was offered. @returns whether this part is that one */
  passUntouched(part: ResultPart): boolean {
    if (part !== this.#part) return false;
    if (this.#frame) this.pass(this.#frame);
    return true;
  }

  pass(frame: Frame): void {
    this.#state.toClient.add(frame.buffer, frame.start, frame.end);
  }
}
