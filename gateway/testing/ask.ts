import { encodeClientMessage, type Format } from '../protocols/postgres/codec/frontend.ts';
import { parseServerMessage, serverLimit } from '../protocols/postgres/codec/backend.ts';
import { Framer } from '../protocols/postgres/codec/frames.ts';
import { readFrame } from '../protocols/postgres/codec/socket-input.ts';
import { connectUpstream, type Upstream } from '../protocols/postgres/login/upstream.ts';
import type { TestPostgres } from './postgres.ts';

/** A connection to a real server, in UTC. */
export function askable(server: TestPostgres): Promise<Upstream> {
  return connectUpstream(
    {
      ...server,
      tls: { mode: 'disable' },
      application: 'test',
      connectTimeoutMs: 10_000,
      settings: new Map([['timezone', 'UTC']]),
    },
    server,
    AbortSignal.timeout(10_000),
  );
}

export interface Answer {
  readonly typeOid: number;
  readonly value: Buffer | null;
}

/** What the server sends for one expression, in the format asked for, given one parameter. @throws Error with the server's own */
export async function ask(
  { socket }: Upstream,
  sql: string,
  format: Format,
  parameter?: { readonly value: Buffer | null; readonly format: Format },
): Promise<Answer> {
  socket.write(
    Buffer.concat([
      encodeClientMessage({ type: 'parse', statement: '', text: sql, parameterTypes: [] }),
      encodeClientMessage({
        type: 'bind',
        portal: '',
        statement: '',
        parameterFormats: parameter ? [parameter.format] : [],
        parameters: parameter ? [parameter.value] : [],
        resultFormats: [format],
      }),
      encodeClientMessage({ type: 'describe', what: 'portal', name: '' }),
      encodeClientMessage({ type: 'execute', portal: '', maxRows: 0 }),
      encodeClientMessage({ type: 'sync' }),
    ]),
  );
  const framer = new Framer(serverLimit(1 << 20));
  let typeOid = 0;
  let value: Buffer | null = null;
  let failure = '';
  while (await readFrame(socket, framer, AbortSignal.timeout(10_000))) {
    const message = parseServerMessage(framer);
    if (message.type === 'rowDescription') typeOid = message.columns[0]?.typeOid ?? 0;
    if (message.type === 'dataRow') value = message.values[0] ?? null;
    if (message.type === 'error') failure = message.fields.get('M') ?? '';
    if (message.type === 'ready') break;
  }
  if (failure !== '') throw new Error(`${sql}: ${failure}`);
  return { typeOid, value };
}
