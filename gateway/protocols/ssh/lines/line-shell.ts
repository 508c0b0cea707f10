import type { SshCommand } from '../../../contract/command-ssh.ts';
import type { Denial, HoldNotice } from '../../../contract/exchange.ts';
import type { Gate } from '../../../contract/gate.ts';
import type { Wait } from '../../../contract/wait.ts';
import { typedLine } from '../../../facts/shell/index.ts';
import { brokenLine, denialLines, holdLine, told } from '../errors.ts';
import { execTerms, SshExchange } from '../exchange.ts';
import { reservedByte } from './judging-shell.ts';
import { type Mark, Marks } from './marks.ts';

export interface LineShellPorts {
  readonly gate: Gate;
  readonly maxLineBytes: number;
  /** To the host's terminal. */
  send(bytes: Buffer): Wait;
  /** To the client's, by way of enforcement and recording. */
  show(bytes: Buffer): Wait;
  /** Ends the shell. */
  fail(why: string): void;
  failed(error: unknown): void;
}

/** Keys that may wait while a line is judged; the client is not read on behind that. */
const maxHeldBytes = 65_536;
/** Of a line that was not read: enough to know it again. */
const maxRefusedText = 1_000;
const interrupt = 0x03;
const reserved = Buffer.of(reservedByte);
/** A code point takes up to seven bytes in a mark. */
const bytesInMark = 8;

type State =
  /** The shell is not there yet. */
  | { readonly kind: 'starting' }
  /** Keys pass: no line of the shell runs by them. */
  | { readonly kind: 'open' }
  /** A line waits. `x` is what was offered of it, until it was answered. */
  | {
      readonly kind: 'judging';
      readonly secret: string;
      readonly text: string;
      x: SshExchange | undefined;
      said: readonly string[];
      /** A Ctrl-C is for what runs, or for a line that bash goes on reading. Otherwise it is for the line, and that is given up. */
      interruptsShell: boolean;
    };

/**
 * A shell whose lines are judged one by one: keys go to the host's judging shell, which asks for each line (`judging-shell.ts`); the line goes through
 * the gate as that of an exec does, and what was judged is sent back to run.
 */
export class LineShell {
  readonly #ports: LineShellPorts;
  readonly #marks: Marks;
  #state: State = { kind: 'starting' };
  #held: Buffer[] = [];
  #heldBytes = 0;
  #room: PromiseWithResolvers<void> | undefined;
  /** Enters that went to the host and of which it has not asked yet: without one, a mark is none of the shell's. */
  #enters = 0;
  #isOver = false;

  constructor(ports: LineShellPorts) {
    this.#ports = ports;
    this.#marks = new Marks(ports.maxLineBytes * bytesInMark);
  }

  /** What the client typed. */
  keys(bytes: Buffer): Wait {
    if (this.#isOver) return undefined;
    const state = this.#state;
    if (state.kind === 'open') return this.#pass(bytes);
    if (state.kind === 'judging' && bytes.includes(interrupt)) {
      this.#interrupt(state, bytes);
      return undefined;
    }
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.#heldBytes <= maxHeldBytes) return undefined;
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  /** What the host's terminal printed. */
  output(bytes: Buffer): Wait {
    let wait: Wait;
    for (const piece of this.#marks.take(bytes)) {
      if (this.#isOver) return wait;
      if (piece === 'overlong') this.#ports.fail('a line is too long to be judged');
      else if (Buffer.isBuffer(piece)) wait = this.#ports.show(piece);
      else this.#mark(piece);
    }
    return wait;
  }

  close(): void {
    this.#isOver = true;
    this.#room?.resolve();
    if (this.#state.kind === 'judging') this.#state.x?.cancel();
  }

  /** As a terminal does it: Ctrl-C forgets what was typed before it. */
  #interrupt(state: State & { readonly kind: 'judging' }, bytes: Buffer): void {
    const isSecond = this.#held.some((held) => held.includes(interrupt));
    this.#held = [bytes.subarray(bytes.lastIndexOf(interrupt))];
    this.#heldBytes = bytes.length;
    if (state.x) state.x.cancel();
    // It was answered, and the shell has not heard it: a program may have asked in its place.
    else if (isSecond) this.#reopen();
  }

  /**
   * A bash that is still on its way back to its prompt notes a Ctrl-C, and gives up the line that is typed next.
   * @returns whether there was one, and so nothing typed before it counts
   */
  #forgetInterrupt(): boolean {
    const [first] = this.#held;
    if (first?.[0] !== interrupt) return false;
    this.#held[0] = first.subarray(1);
    return true;
  }

  #mark(mark: Mark): void {
    switch (mark.kind) {
      case 'ready':
        if (this.#state.kind === 'starting') this.#reopen();
        return;
      case 'unfit':
        if (this.#state.kind === 'starting')
          this.#ports.fail(`lines cannot be judged on this host: ${mark.why.slice(0, 100)}`);
        return;
      case 'line':
        return this.#line(mark);
      case 'done': {
        const state = this.#state;
        if (state.kind !== 'judging' || state.secret !== mark.secret) return;
        if (state.said.length > 0) void this.#ports.show(told(state.said, true));
        if (!state.interruptsShell && this.#forgetInterrupt()) return this.#reopen();
        if (mark.keys !== '') this.#held.unshift(Buffer.from(mark.keys));
        return this.#reopen();
      }
      default:
        return mark satisfies never;
    }
  }

  #line({ secret, isWhole, text }: Mark & { readonly kind: 'line' }): void {
    // What a program printed, and no line: nobody has pressed Enter. Where one was taken for a line already, this may be the real one.
    if (this.#enters === 0 && this.#state.kind !== 'judging') return;
    this.#enters = 0;
    if (this.#state.kind === 'judging') this.#state.x?.cancel();
    this.#state = { kind: 'judging', secret, text, x: undefined, said: [], interruptsShell: !isWhole };
    if (/^[ \t]*$/.test(text) && isWhole) return this.#run(secret, text);
    const bytes = Buffer.byteLength(text);
    const tooLong = `too-long: ${bytes} bytes, and at most ${this.#ports.maxLineBytes} are read`;
    const read = bytes > this.#ports.maxLineBytes ? ({ ok: false, why: tooLong } as const) : typedLine(text);
    const why = isWhole
      ? read.ok
        ? undefined
        : read.why
      : 'incomplete: it goes on from a line that ran; press Ctrl-C';
    const answered =
      why === undefined && read.ok ? this.#offer(secret, text, read.commands) : this.#refuse(secret, text, why ?? '');
    answered.catch((error: unknown) => {
      this.#ports.failed(error);
      this.#ports.fail(brokenLine(error));
    });
  }

  async #offer(secret: string, text: string, commands: readonly [SshCommand, ...SshCommand[]]): Promise<void> {
    const x: SshExchange = new SshExchange(
      {
        send: (sent) => {
          this.#run(secret, text);
          void sent.deliver({ kind: 'end', outcome: { ok: true, tag: 'typed' } });
        },
        deny: (denial: Denial) => this.#answerNo(secret, denialLines(denial)),
        holding: (notice: HoldNotice) => void this.#ports.show(told([holdLine(notice)], true)),
        reply: () => undefined,
        breakOff: (denial: Denial) => this.#ports.fail(denial.message),
      },
      commands,
      'bash',
      { ...execTerms, results: 'elsewhere' },
    );
    if (this.#state.kind === 'judging') this.#state.x = x;
    await this.#ports.gate.offer(x);
  }

  /** A line that policy is not asked about. */
  async #refuse(secret: string, text: string, why: string): Promise<void> {
    await this.#ports.gate.refused(why, text.slice(0, maxRefusedText));
    this.#answerNo(secret, [`not run: ${why}`]);
  }

  /** The line that was judged goes back: that one runs, or none. */
  #run(secret: string, text: string): void {
    const hex = Buffer.from(text).toString('hex').replaceAll(/../g, '\\x$&');
    if (this.#state.kind === 'judging' && this.#state.secret === secret) this.#state.interruptsShell = true;
    this.#answer(secret, `run ${hex}`);
  }

  #answerNo(secret: string, said: readonly string[]): void {
    if (this.#state.kind === 'judging' && this.#state.secret === secret) this.#state.said = said;
    this.#answer(secret, 'no ');
  }

  #answer(secret: string, answer: string): void {
    const state = this.#state;
    if (this.#isOver || state.kind !== 'judging' || state.secret !== secret) return;
    state.x = undefined;
    void this.#ports.send(Buffer.concat([reserved, Buffer.from(`${secret} ${answer}`), reserved]));
  }

  /** Keys pass again, first those that waited. */
  #reopen(): void {
    this.#state = { kind: 'open' };
    const held = Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    this.#room?.resolve();
    this.#room = undefined;
    if (held.length > 0) void this.#pass(held);
  }

  /** What a client types, without what only the gateway says. */
  #pass(bytes: Buffer): Wait {
    const typed = bytes.includes(reservedByte) ? Buffer.from(bytes.filter((byte) => byte !== reservedByte)) : bytes;
    for (const byte of typed) if (byte === 0x0d || byte === 0x0a) this.#enters++;
    return this.#ports.send(typed);
  }
}
