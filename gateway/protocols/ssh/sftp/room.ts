/** Memory for masked copies of files: a part of somebody's larger one. */
export class Room {
  readonly #maxBytes: number;
  readonly #whole: Room | undefined;
  #taken = 0;
  #isClosed = false;

  /** @param whole what is taken here is taken there too: the session's of a channel, the gateway's of a session */
  constructor(maxBytes: number, whole?: Room) {
    this.#maxBytes = maxBytes;
    this.#whole = whole;
  }

  /** @returns false where there is not so much left */
  take(bytes: number): boolean {
    if (this.#isClosed || this.#taken + bytes > this.#maxBytes) return false;
    if (this.#whole && !this.#whole.take(bytes)) return false;
    this.#taken += bytes;
    return true;
  }

  give(bytes: number): void {
    if (this.#isClosed) return;
    this.#taken -= bytes;
    this.#whole?.give(bytes);
  }

  /** Everything is given back, and nothing taken any more. */
  close(): void {
    this.give(this.#taken);
    this.#isClosed = true;
  }
}
