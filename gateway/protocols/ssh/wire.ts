/** Reads the data types of RFC 4251 section 5, one behind the other. Behind the end everything is undefined, and stays so. */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;
  #isCut = false;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Bytes read so far. */
  get at(): number {
    return this.#at;
  }

  /** All was read, and nothing was missing. Also true of what was cut short, so that no loop runs for ever. */
  get isDone(): boolean {
    return this.#isCut || this.#at === this.#bytes.length;
  }

  uint32(): number | undefined {
    return this.#take(4)?.readUInt32BE();
  }

  uint64(): bigint | undefined {
    return this.#take(8)?.readBigUInt64BE();
  }

  string(): Buffer | undefined {
    const length = this.uint32();
    return length === undefined ? undefined : this.#take(length);
  }

  #take(length: number): Buffer | undefined {
    if (this.#isCut || this.#at + length > this.#bytes.length) {
      this.#isCut = true;
      return undefined;
    }
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

/** `string`: its length, and its bytes. */
export function wireString(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

export function uint32(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return bytes;
}

export function uint64(number: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(number);
  return bytes;
}
