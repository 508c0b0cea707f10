import type { Decision } from '../../contract/decision.ts';
import type { ByteStream, ResultPart, Sent } from '../../contract/result.ts';
import { Finder } from './finder.ts';
import { hiddenIn, StreamMask } from './stream-mask.ts';

type Piece = ResultPart & { readonly kind: 'bytes' };

/** The obligations of what prints a stream: what it prints is masked and counted, what it is given is counted. */
export class StreamObligations {
  readonly #limits: Decision['limits'];
  /** Each stream has its own; both are counted together. */
  readonly #masks: ReadonlyMap<ByteStream, StreamMask>;
  #bytesIn = 0;
  #bytesOut = 0;
  #struck: string | undefined;

  /**
   * @param keepsLengths what prints has said how much will come
   * @throws MaskImpossible when one of the masks is none that a stream carries
   */
  constructor({ masks, limits }: Decision, keepsLengths: boolean) {
    this.#limits = limits;
    const finder = Object.keys(masks).length > 0 ? new Finder(masks) : undefined;
    const masked: readonly ByteStream[] = finder ? ['stdout', 'stderr'] : [];
    this.#masks = new Map(finder && masked.map((stream) => [stream, new StreamMask(finder, { keepsLengths })]));
  }

  /** Bytes that reached the client. */
  get sent(): number {
    return this.#bytesOut;
  }

  get hidden(): Sent['hidden'] {
    return hiddenIn(this.#masks.values());
  }

  /** What has been used up, as a sentence: nothing more may pass then. */
  get struck(): string | undefined {
    return this.#struck;
  }

  /** Whether something waits for what follows it. */
  get holdsBack(): boolean {
    return [...this.#masks.values()].some((mask) => mask.waiting > 0);
  }

  pass(piece: Piece): Piece | undefined {
    if (this.#struck !== undefined) return undefined;
    if (piece.stream === 'stdin') return this.#given(piece);
    const mask = this.#masks.get(piece.stream);
    return this.#printed(mask ? { ...piece, bytes: mask.push(piece.bytes) } : piece);
  }

  /** Nothing came for a while: what of the rest may leave. */
  paused(): readonly Piece[] {
    return this.#released((mask) => mask.quiet());
  }

  /** It is over: what was held back. */
  rest(): readonly Piece[] {
    return this.#released((mask) => mask.end());
  }

  #released(take: (mask: StreamMask) => Buffer): readonly Piece[] {
    return [...this.#masks].flatMap(
      ([stream, mask]) => this.#printed({ kind: 'bytes', stream, bytes: take(mask) }) ?? [],
    );
  }

  #given(piece: Piece): Piece | undefined {
    const { input_bytes: most } = this.#limits;
    const kept = piece.bytes.subarray(0, most === undefined ? undefined : most - this.#bytesIn);
    this.#bytesIn += kept.length;
    if (kept.length < piece.bytes.length) this.#struck = `ended by policy: it was given more than ${most} bytes`;
    return shortened(piece, kept);
  }

  #printed(piece: Piece): Piece | undefined {
    if (this.#struck !== undefined) return undefined;
    const { bytes: most } = this.#limits;
    const kept = piece.bytes.subarray(0, most === undefined ? undefined : most - this.#bytesOut);
    this.#bytesOut += kept.length;
    if (kept.length < piece.bytes.length) this.#struck = `ended by policy: it printed more than ${most} bytes`;
    return shortened(piece, kept);
  }
}

function shortened(piece: Piece, kept: Buffer): Piece | undefined {
  if (kept.length === 0) return undefined;
  return kept.length === piece.bytes.length ? piece : { ...piece, bytes: kept };
}
