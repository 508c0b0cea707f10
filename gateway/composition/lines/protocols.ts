import type { LineProtocol } from '../../policy/lines/protocol.ts';
import { openPostgresLines } from './postgres.ts';
import { openSshLines } from './ssh.ts';

/** Every protocol whose lines can be tested. A new one is one more entry. */
export interface LineProtocols extends AsyncDisposable {
  readonly all: readonly LineProtocol[];
}

export function openLineProtocols(): LineProtocols {
  const all = [openPostgresLines(), openSshLines()];
  return {
    all,
    [Symbol.asyncDispose]: async () => {
      for (const protocol of all) await protocol[Symbol.asyncDispose]();
    },
  };
}
