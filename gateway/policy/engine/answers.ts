import type { ApprovalFact } from '../../contract/command.ts';
import type { Decision } from '../../contract/decision.ts';
import type { RequestId, Revision } from '../../contract/ids.ts';
import { readAnswer } from './answer.ts';
import { Recent } from './recent.ts';

/** Different answers remembered in each of two generations; a pack has a few dozen that matter. */
const remembered = 256;

/**
 * Reads answers, and knows those it has read before: most statements get one of few, and only the request's id differs.
 * The texts around the id are the key. An id in its field cannot be mistaken for one in a message, where quotes are escaped.
 */
export class AnswerReader {
  readonly #revision: Revision;
  readonly #known = new Recent<Decision>(remembered);

  constructor(revision: Revision) {
    this.#revision = revision;
  }

  /** @throws Refusal see `readAnswer` */
  read(text: string, requestId: RequestId, approval: ApprovalFact | undefined): Decision {
    const field = `"request_id":${JSON.stringify(requestId)}`;
    const at = text.indexOf(field);
    // What the reader checks besides the text is the approval, so an answer after one is read each time.
    if (at < 0 || approval !== undefined) return readAnswer(text, requestId, this.#revision, approval);
    const key = `${text.slice(0, at)}\0${text.slice(at + field.length)}`; // JSON text has no NUL
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const decision = readAnswer(text, requestId, this.#revision, undefined);
    this.#known.set(key, decision);
    return decision;
  }
}
