import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Channel, ServerChannel } from 'ssh2';
import type { SshCommand } from '../../contract/command-ssh.ts';
import type { Denial } from '../../contract/exchange.ts';
import type { Gate } from '../../contract/gate.ts';
import type { Outcome, ResultPart } from '../../contract/result.ts';
import type { Wait } from '../../contract/wait.ts';
import type { Shell } from '../../facts/shell/index.ts';
import { brokenLine } from './errors.ts';
import { type Carrier, carriedTerms, SshExchange } from './exchange.ts';
import { ChannelOutput } from './output.ts';
import { passOn } from './pass-on.ts';

/** The two ends of a connection through the gateway. */
export interface Ends {
  /** Opens the end that is still missing, and accepts the other. */
  open(): Promise<{ readonly client: ServerChannel; readonly host: Channel }>;
  /** Says no to whoever asked for it. Called at most once, and not after `open` has resolved. */
  refuse(text: string): void;
}

/** One connection that is passed on, once policy lets it: its bytes are counted and digested, and not kept. */
export class ForwardConnection implements Carrier {
  readonly #ends: Ends;
  readonly #socket: Socket;
  readonly #log: (message: string, error: unknown) => void;
  #x: SshExchange | undefined;
  #open: { readonly client: ServerChannel; readonly host: Channel; readonly output: ChannelOutput } | undefined;
  #isOver = false;
  readonly #over = Promise.withResolvers<void>();

  /** @param socket the client's */
  constructor(ends: Ends, socket: Socket, log: (message: string, error: unknown) => void) {
    this.#ends = ends;
    this.#socket = socket;
    this.#log = log;
  }

  /** Resolves when nothing of it is left. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  async offer(gate: Gate, command: SshCommand, shell: Shell): Promise<void> {
    const x = new SshExchange(this, [command], shell, carriedTerms);
    this.#x = x;
    try {
      await gate.offer(x);
    } catch (error) {
      this.#log('forward failed', error);
      this.end(brokenLine(error));
    }
  }

  /** Ends it, whatever it is at. @param why for whoever asked, if it is not open yet */
  end(why: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#x?.cancel();
    if (this.#open) this.#close();
    else this.#ends.refuse(why);
    this.#over.resolve();
  }

  // --- what enforcement says ------------------------------------------------------------------------------------------------------

  deny(denial: Denial): void {
    this.end(denial.hint === undefined ? denial.message : `${denial.message} (${denial.hint})`);
  }

  /** Nothing of the protocol says that an answer takes its time. */
  holding(): void {}

  send(x: SshExchange): void {
    this.#carry(x).catch((error: unknown) => {
      if (this.#isOver) return;
      this.#log('forward failed', error);
      const text = brokenLine(error);
      void x.deliver({ kind: 'end', outcome: { ok: false, code: 'refused', text } });
      this.end(text);
    });
  }

  reply(part: ResultPart): Wait {
    if (part.kind !== 'bytes' || !this.#open) return undefined;
    const { host, output } = this.#open;
    if (part.stream !== 'stdin') return output.write('stdout', part.bytes);
    return passOn(host, part.bytes);
  }

  breakOff(denial: Denial): void {
    this.end(denial.message);
  }

  // --- what is passed on ----------------------------------------------------------------------------------------------------------

  async #carry(x: SshExchange): Promise<void> {
    const { client, host } = await this.#ends.open();
    const output = new ChannelOutput(client, this.#socket);
    this.#open = { client, host, output };
    for (const side of [client, host]) side.on('error', () => undefined);
    if (this.#isOver) return this.#close();
    const counts = { in: 0, out: 0 };
    const up = this.#pass(x, client, 'stdin', (bytes) => (counts.in += bytes)).then(() => host.end());
    const down = this.#pass(x, host, 'carried', (bytes) => (counts.out += bytes)).then(async () => {
      await output.flushed();
      client.eof();
    });
    client.once('close', () => host.close());
    // Who cannot be written to any more needs nothing from the other side either; what it has sent still gets there.
    await Promise.race([Promise.all([up, down]), Promise.all([down, once(host, 'close')])]);
    if (this.#isOver) return;
    this.#isOver = true;
    const outcome: Outcome = { ok: true, tag: `${counts.in} bytes in, ${counts.out} bytes out` };
    await x.deliver({ kind: 'end', outcome });
    this.#close();
    this.#over.resolve();
  }

  /** Resolves when all that came from there has been taken. */
  async #pass(x: SshExchange, from: Channel, stream: 'stdin' | 'carried', count: (n: number) => void): Promise<void> {
    let waits: Wait;
    from.on('data', (bytes: Buffer) => {
      count(bytes.length);
      let wait: Wait;
      try {
        wait = x.deliver({ kind: 'bytes', stream, bytes });
      } catch (error) {
        this.#log('forward failed', error);
        return this.end('');
      }
      if (!wait) return;
      from.pause();
      waits = wait.catch((error: unknown) => this.#log('forward failed', error)).finally(() => from.resume());
    });
    await once(from, 'end');
    await waits;
  }

  #close(): void {
    this.#open?.output.abandon();
    this.#open?.client.close();
    this.#open?.host.close();
  }
}
