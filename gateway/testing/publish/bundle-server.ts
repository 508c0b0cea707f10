import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A server of one bundle as one would run it: ETag, 304, and OPA's long polling, so that whoever waits has a new bundle at once.
 * https://www.openpolicyagent.org/docs/management-bundles
 */
export interface BundleServer extends AsyncDisposable {
  readonly url: string;
  publish(file: string): Promise<void>;
}

export async function serveBundles(): Promise<BundleServer> {
  let archive = Buffer.alloc(0);
  let etag = '';
  const waiting = new Set<() => void>();
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const headers = { etag, 'content-type': 'application/vnd.openpolicyagent.bundles' };
    const isKnown = request.headers['if-none-match'] === etag;
    const wait = /\bwait=(\d+)/.exec(String(request.headers['prefer']))?.[1];
    if (etag === '') return void response.writeHead(404).end();
    if (!isKnown) return void response.writeHead(200, headers).end(archive);
    if (wait === undefined) return void response.writeHead(304, headers).end();
    const again = (): void => {
      clearTimeout(timer);
      waiting.delete(again);
      if (request.headers['if-none-match'] === etag) response.writeHead(304, headers).end();
      else response.writeHead(200, { ...headers, etag }).end(archive);
    };
    const timer = setTimeout(again, Number(wait) * 1_000);
    waiting.add(again);
    response.once('close', () => {
      clearTimeout(timer);
      waiting.delete(again);
    });
  };
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // of a listening TCP server
  return {
    url: `http://127.0.0.1:${String(port)}/main.tar.gz`,
    publish: async (file) => {
      archive = await readFile(file);
      etag = `"${createHash('sha256').update(archive).digest('hex')}"`;
      for (const again of [...waiting]) again();
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
