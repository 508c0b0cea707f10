import type { Decision } from '../../contract/decision.ts';
import { MaskImpossible, type ResultPart, type Sent } from '../../contract/result.ts';
import { Finder } from './finder.ts';
import { hiddenIn, StreamMask } from './stream-mask.ts';

type Piece = ResultPart & { readonly kind: 'copy' };

/**
 * The masked copy of one file, in memory. Reads come at any place and in any order, so it is made of the whole file before the first of them;
 * as long as the file, because clients go by the length that the host tells them.
 */
export class MaskedCopy {
  readonly #mask: StreamMask;
  #pieces: Buffer[] = [];
  #whole: Buffer | undefined;

  /** @throws MaskImpossible when one of the masks is none that a stream carries */
  constructor(masks: Decision['masks']) {
    this.#mask = new StreamMask(new Finder(masks), { keepsLengths: true });
  }

  get hidden(): Sent['hidden'] {
    return hiddenIn([this.#mask]);
  }

  /** @returns the whole copy with the last piece, and nothing before */
  add({ bytes, isLast }: Piece): Piece | undefined {
    if (this.#whole) throw new MaskImpossible('a file goes on behind its end');
    this.#pieces.push(this.#mask.push(bytes));
    if (!isLast) return undefined;
    this.#whole = Buffer.concat([...this.#pieces, this.#mask.end()]);
    this.#pieces = [];
    return { kind: 'copy', bytes: this.#whole, isLast };
  }

  /** @throws MaskImpossible for bytes that are not those of the copy: whatever they are, nobody has masked them */
  check({ offset, bytes }: ResultPart & { readonly kind: 'content' }): void {
    const masked = this.#whole?.subarray(offset, offset + bytes.length);
    if (!masked?.equals(bytes)) throw new MaskImpossible('what is read is not what was masked');
  }
}
