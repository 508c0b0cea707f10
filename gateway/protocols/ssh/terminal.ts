import type { ClientChannel, PseudoTtyOptions, WindowChangeInfo } from 'ssh2';
import type { ByteStream, Screen } from '../../contract/result.ts';

export interface TerminalLimits {
  /** What is printed on one terminal is recorded whole, and that has an end. */
  readonly maxTerminalBytes: number;
  /** How long nothing is typed and nothing printed. */
  readonly idleMs?: number | undefined;
}

/** More than any screen has; what a client asks for past this is not passed on. */
export const maxCells = 10_000;
/** What a change of size takes up in a recording. */
const resizeBytes = 128;

/** The terminal of one program: its size, and what ends it. */
export class Terminal {
  #pty: PseudoTtyOptions;
  readonly #limits: TerminalLimits;
  readonly #end: (why: string) => void;
  #idle: NodeJS.Timeout | undefined;
  #bytes = 0;
  #isOver = false;

  /** @param end tells the client why, and ends what runs */
  constructor(pty: PseudoTtyOptions, limits: TerminalLimits, end: (why: string) => void) {
    this.#pty = pty;
    this.#limits = limits;
    this.#end = end;
  }

  /** As it is now. */
  get pty(): PseudoTtyOptions {
    return this.#pty;
  }

  get screen(): Screen {
    const { cols, rows, term } = this.#pty;
    return { cols: Math.max(1, cols ?? 0), rows: Math.max(1, rows ?? 0), term: term ?? '' };
  }

  /** @returns whether that is another size, and one that a screen can have */
  resize({ cols, rows, width, height }: WindowChangeInfo): boolean {
    if (cols > maxCells || rows > maxCells || (cols === this.#pty.cols && rows === this.#pty.rows)) return false;
    this.#pty = { ...this.#pty, cols, rows, width, height };
    return this.#fits(resizeBytes);
  }

  /** Something runs on it, that was asked for when the size may have been another. */
  start(running: ClientChannel): void {
    this.apply(running);
    this.#rest();
  }

  /** Tells the host its size. */
  apply(running: ClientChannel): void {
    const { rows = 0, cols = 0, height = 0, width = 0 } = this.#pty;
    running.setWindow(rows, cols, height, width);
  }

  /** @returns whether these bytes may pass. When not, it is over */
  passes(stream: ByteStream, bytes: number): boolean {
    if (this.#isOver) return false;
    this.#rest();
    return stream === 'stdin' || this.#fits(bytes);
  }

  close(): void {
    this.#isOver = true;
    clearTimeout(this.#idle);
  }

  #fits(bytes: number): boolean {
    this.#bytes += bytes;
    if (this.#bytes <= this.#limits.maxTerminalBytes) return true;
    this.#end(`the recording of this terminal is full after ${this.#limits.maxTerminalBytes} bytes`);
    return false;
  }

  #rest(): void {
    const { idleMs } = this.#limits;
    if (idleMs === undefined) return;
    if (this.#idle) this.#idle.refresh();
    else this.#idle = setTimeout(() => this.#end('idle for too long'), idleMs).unref();
  }
}
