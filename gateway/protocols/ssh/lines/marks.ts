/** What the judging shell says to the gateway, in the middle of what it prints. */
export type Mark =
  | { readonly kind: 'ready' }
  | { readonly kind: 'unfit'; readonly why: string }
  /** A line waits for its answer. `isWhole`: false where the shell has asked for the rest of a line that ran already. */
  | { readonly kind: 'line'; readonly secret: string; readonly isWhole: boolean; readonly text: string }
  /** The answer was heard. `keys` came while the line waited, and are nobody's yet. */
  | { readonly kind: 'done'; readonly secret: string; readonly keys: string };

const introducer = Buffer.from('\u001b]5379;');
const bell = 0x07;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Takes marks out of what a terminal prints, wherever the network cut it. A mark that cannot be read is taken out as well: it may have a secret in it.
 * Pure but for what it holds back.
 */
export class Marks {
  readonly #maxBytes: number;
  #held: Buffer = Buffer.alloc(0);

  /** @param maxBytes of one mark */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @returns what was printed and what was said, in order; `overlong` where a mark has no end, and then nothing more can be told apart */
  *take(bytes: Buffer): Generator<Buffer | Mark | 'overlong'> {
    let rest = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    this.#held = Buffer.alloc(0);
    for (;;) {
      const start = rest.indexOf(introducer);
      if (start < 0) break;
      if (start > 0) yield rest.subarray(0, start);
      const end = rest.indexOf(bell, start);
      if (end < 0) {
        this.#held = rest.subarray(start);
        if (this.#held.length > this.#maxBytes) yield 'overlong';
        return;
      }
      const mark = parseMark(rest.toString('utf8', start + introducer.length, end));
      if (mark) yield mark;
      rest = rest.subarray(end + 1);
    }
    const cut = beginningAtEnd(rest);
    this.#held = rest.subarray(rest.length - cut);
    if (cut < rest.length) yield rest.subarray(0, rest.length - cut);
  }
}

function parseMark(body: string): Mark | undefined {
  const [kind, ...fields] = body.split(';');
  const [first = '', second = '', third = ''] = fields;
  switch (kind) {
    case 'ready':
      return { kind };
    case 'unfit':
      return { kind, why: first };
    case 'line': {
      const text = textOf(third);
      if (fields.length !== 3 || !uuid.test(first) || !/^[01]$/.test(second) || text === undefined) return undefined;
      return { kind, secret: first, isWhole: second === '1', text };
    }
    case 'done': {
      const keys = textOf(second);
      if (fields.length !== 2 || !uuid.test(first) || keys === undefined) return undefined;
      return { kind, secret: first, keys };
    }
    default:
      return undefined;
  }
}

/** Code points in hex, each with a comma behind it. */
function textOf(hex: string): string | undefined {
  if (!/^(?:[0-9a-f]{1,6},)*$/.test(hex)) return undefined;
  const points = hex
    .split(',')
    .slice(0, -1)
    .map((point) => Number.parseInt(point, 16));
  return points.every((point) => point <= 0x10_ff_ff)
    ? points.map((point) => String.fromCodePoint(point)).join('')
    : undefined;
}

/** How many of the last bytes may be the beginning of a mark. */
function beginningAtEnd(bytes: Buffer): number {
  for (let length = Math.min(introducer.length - 1, bytes.length); length > 0; length--)
    if (bytes.subarray(bytes.length - length).equals(introducer.subarray(0, length))) return length;
  return 0;
}
