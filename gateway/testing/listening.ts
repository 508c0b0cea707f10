import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server of a test's own, on a free port of loopback. */
export interface Listening extends AsyncDisposable {
  readonly url: string;
}

/** @param scheme as the server was made */
export async function listening(server: Server, scheme: 'http' | 'https' = 'http'): Promise<Listening> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // of a listening TCP server
  return {
    url: `${scheme}://localhost:${String(port)}`,
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
