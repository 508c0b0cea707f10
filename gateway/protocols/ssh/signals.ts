import type { ClientChannel } from 'ssh2';
import { z } from 'zod';
import type { Gate } from '../../contract/gate.ts';
import { sshRequest } from '../../facts/shell/index.ts';
import { execTerms } from './exchange.ts';
import { offerSilently } from './silent.ts';

/** RFC 4254 section 6.10. The library throws at any other. */
const names: ReadonlySet<string> = new Set([
  ...['ABRT', 'ALRM', 'FPE', 'HUP', 'ILL', 'INT', 'KILL'],
  ...['PIPE', 'QUIT', 'SEGV', 'TERM', 'USR1', 'USR2'],
]);
/** Signals that may wait for their turn to be judged. */
const maxWaiting = 16;

export interface SignalPorts {
  readonly gate: Gate;
  readonly pty: boolean;
  /** To what runs, if it still does. */
  pass(name: string): void;
  failed(error: unknown): void;
}

/**
 * What a client signals to one command (RFC 4254 section 6.9): each signal is a command of its own, judged in order. The protocol has no
 * answer to them; log and recording have what came of each.
 */
export class ChannelSignals {
  readonly #ports: SignalPorts;
  #last = Promise.resolve();
  #waiting = 0;

  constructor(ports: SignalPorts) {
    this.#ports = ports;
  }

  /** @returns why it is not even judged */
  offer(name: string): string | undefined {
    if (!names.has(name)) return 'none that SSH knows';
    if (this.#waiting >= maxWaiting) return 'too many at once';
    this.#waiting++;
    this.#last = this.#last
      .then(() => this.#judge(name))
      .catch((error: unknown) => this.#ports.failed(error))
      .finally(() => this.#waiting--);
    return undefined;
  }

  #judge(name: string): Promise<void> {
    const { gate, pty, pass } = this.#ports;
    const text = `signal ${name}`;
    return offerSilently(gate, {
      command: sshRequest('signal', ['signal'], { text, signal: name, pty }),
      shell: 'unknown',
      terms: execTerms,
      run() {
        pass(name);
        return { ok: true, tag: text };
      },
    });
  }
}

/** The parts of ssh2's channel (1.17.0) that are not public. Its own `signal` does nothing once the input has ended. */
const inside = z.object({
  outgoing: z.object({ id: z.number(), state: z.string() }),
  _client: z.object({
    _protocol: z.object({
      signal: z.custom<(channel: number, name: string) => void>((value) => typeof value === 'function'),
    }),
  }),
});

/** Sends a signal to a command at the host, unless its channel is closed. */
export function sendSignal(channel: ClientChannel, name: string): void {
  const parts = channel as unknown as z.infer<typeof inside>; // `parse` proves it, and copies nothing
  inside.parse(parts);
  const { outgoing, _client: client } = parts;
  if (outgoing.state === 'open' || outgoing.state === 'eof') client._protocol.signal(outgoing.id, name);
}
