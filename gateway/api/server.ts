import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { SallyportError } from '../contract/errors.ts';
import { listenOn } from '../listen/listen-on.ts';
import { adminApp } from './app.ts';
import type { ApiPorts } from './ports.ts';

export interface ApiConfig {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** PEM texts. Without them the API listens on loopback only. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
}

export interface Api extends AsyncDisposable {
  readonly address: { readonly host: string; readonly port: number };
  /** Takes no new calls, lets running ones end, and cuts those that have not when `signal` aborts. */
  close(signal: AbortSignal): Promise<void>;
}

/** A header of 32 KiB holds the longest token that identity reads. */
const limits = { maxHeaderSize: 32 * 1024, headersTimeout: 5_000, requestTimeout: 10_000, keepAliveTimeout: 5_000 };
const maxConnections = 256;

/**
 * Serves the admin API.
 * @throws SallyportError `config-invalid` when tokens would cross a network in the clear, or the address cannot be had
 */
export async function openApi(config: ApiConfig, ports: ApiPorts): Promise<Api> {
  if (!config.tls && !/^(127(\.\d+){3}|::1|localhost)$/.test(config.host)) {
    throw new SallyportError('config-invalid', `the admin API on ${config.host} needs TLS: tokens travel to it`);
  }
  const app = adminApp(ports);
  const listener = getRequestListener((request, env) => app.fetch(request, env), { overrideGlobalObjects: false });
  const serve = (...args: Parameters<typeof listener>): void => void listener(...args);
  const server = config.tls ? createHttpsServer({ ...limits, ...config.tls }, serve) : createHttpServer(limits, serve);
  server.maxConnections = maxConnections;
  await listenOn(server, config);
  const { port } = server.address() as AddressInfo; // listening on TCP: the address is never a string

  async function close(signal: AbortSignal): Promise<void> {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    const cut = (): void => server.closeAllConnections();
    signal.addEventListener('abort', cut, { once: true });
    if (signal.aborted) cut();
    await closed;
    signal.removeEventListener('abort', cut);
  }
  return {
    address: { host: config.host, port },
    close,
    [Symbol.asyncDispose]: () => close(AbortSignal.abort()),
  };
}
