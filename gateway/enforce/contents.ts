import { createHash, type Hash } from 'node:crypto';
import type { Decision } from '../contract/decision.ts';
import type { ContentRange, Direction, ResultPart } from '../contract/result.ts';

/** Ranges kept of one open file. What moves in more pieces than that is one range, `scattered`. */
const maxRanges = 64;

interface Open {
  readonly direction: Direction;
  readonly offset: number;
  bytes: number;
  readonly hash: Hash;
  readonly scattered: boolean;
}

/** What went of one open file: a digest for each run of pieces that follow each other. */
export class Contents {
  readonly #done: Open[] = [];
  /** The run that each direction is in. */
  readonly #now: { [direction in Direction]?: Open } = {};

  add({ direction, offset, bytes }: ResultPart & { readonly kind: 'content' }): void {
    let run = this.#now[direction];
    if (!run || (!run.scattered && run.offset + run.bytes !== offset)) {
      const scattered = this.#done.length >= maxRanges;
      run = { direction, offset, bytes: 0, hash: createHash('sha256'), scattered };
      this.#done.push(run);
      this.#now[direction] = run;
    }
    run.bytes += bytes.length;
    run.hash.update(bytes);
  }

  ranges(): readonly ContentRange[] {
    return this.#done.map(({ hash, ...range }) => ({ ...range, sha256: hash.copy().digest('hex') }));
  }
}

/** A limit that has no room for a piece of a file. Nothing more of it goes. */
export class LimitReached extends Error {
  override readonly name = 'LimitReached';

  constructor({ limits, findings }: Decision) {
    const ids = findings.filter(({ kind }) => kind === 'limit').map(({ id }) => `[${id}]`);
    super(
      `policy lets ${limits.bytes} bytes of files through each way in a session ${[...new Set(ids)].join(' ')}`.trim(),
    );
  }
}
