import { once } from 'node:events';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { SecureContext } from 'node:tls';
import { SallyportError } from '../../../contract/errors.ts';

/**
 * Turns a client's connection into TLS.
 * @param how `direct`: from the first byte, and then only with ALPN `postgresql`, so that nothing that speaks another protocol to this port
 * (a browser made to do so: the ALPACA attack) is understood. `requested`: after SSLRequest, where older clients send no ALPN.
 * @throws SallyportError `protocol-violation`
 */
export async function secureClient(
  raw: Socket,
  context: SecureContext,
  how: 'direct' | 'requested',
  signal: AbortSignal,
): Promise<Socket> {
  const secure = new TLSSocket(raw, {
    isServer: true,
    secureContext: context,
    ALPNProtocols: ['postgresql'],
    requestCert: false,
  });
  secure.on('error', () => undefined);
  try {
    await once(secure, 'secure', { signal: AbortSignal.any([signal, closing(raw)]) });
  } catch (error) {
    secure.destroy();
    if (signal.aborted) throw signal.reason;
    const why = error instanceof Error ? error.message : String(error);
    throw new SallyportError('protocol-violation', `TLS did not come about: ${why}`, { cause: error });
  }
  if (how === 'direct' && secure.alpnProtocol !== 'postgresql') {
    secure.destroy();
    throw new SallyportError('protocol-violation', 'direct TLS without ALPN postgresql');
  }
  return secure;
}

/** Aborts when the client hangs up: TLS alone would wait for its deadline. */
function closing(socket: Socket): AbortSignal {
  const abort = new AbortController();
  socket.once('close', () => abort.abort());
  return abort.signal;
}
