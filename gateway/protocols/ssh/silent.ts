import type { SshCommand } from '../../contract/command-ssh.ts';
import type { Gate } from '../../contract/gate.ts';
import type { Outcome } from '../../contract/result.ts';
import type { Shell } from '../../facts/shell/index.ts';
import { type ExchangeTerms, SshExchange } from './exchange.ts';

/** A command to which the protocol has no answer: log and recording have what came of it. */
export interface Silent {
  readonly command: SshCommand;
  readonly shell: Shell;
  readonly terms: ExchangeTerms;
  /** Called when it may run. @returns what came of it */
  run(): Outcome;
}

/** Offers it. The client is told nothing. */
export async function offerSilently(gate: Gate, { command, shell, terms, run }: Silent): Promise<void> {
  const x: SshExchange = new SshExchange(
    {
      send: (sent) => void sent.deliver({ kind: 'end', outcome: run() }),
      deny: () => undefined,
      // It is for now: what comes after an approval would meet another state, and the client is not told that it waits.
      holding: () => x.cancel(),
      reply: () => undefined,
      breakOff: () => undefined,
    },
    [command],
    shell,
    terms,
  );
  await gate.offer(x);
}
