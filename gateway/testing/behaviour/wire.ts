import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { encodeClientMessage, type Format } from '../../protocols/postgres/codec/frontend.ts';
import { connectUpstream } from '../../protocols/postgres/login/upstream.ts';

/** One message of the server's, as it came. */
export interface WireMessage {
  /** The tag as a character: `Z` is ReadyForQuery. */
  readonly tag: string;
  /** Without tag and length. */
  readonly body: Buffer;
}

/** Whom to be and where. */
export interface WireLogin {
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly password: string;
}

const patienceMs = 15_000;

/** A client that says exactly the bytes it is given and keeps every byte that it hears. */
export class Wire implements AsyncDisposable {
  readonly #socket: Duplex;
  readonly #chunks: Buffer[] = [];
  readonly #messages: WireMessage[] = [];
  #rest: Buffer = Buffer.alloc(0);
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(socket: Duplex) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#hear(chunk));
    socket.on('error', () => this.#end());
    socket.on('close', () => this.#end());
    socket.on('end', () => this.#end());
    socket.resume();
  }

  /** All bytes received after the log-in. */
  get heard(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** In one write, so that they arrive together. */
  send(...messages: readonly Buffer[]): void {
    this.#socket.write(Buffer.concat(messages));
  }

  /** Messages up to and with the `count`th ReadyForQuery. @throws when the connection ends or nothing comes for too long */
  async readies(count = 1): Promise<readonly WireMessage[]> {
    let left = count;
    if (left === 0) return [];
    return this.until(({ tag }) => tag === 'Z' && --left === 0);
  }

  /** Messages up to and with the first for which `last` holds. */
  async until(last: (message: WireMessage) => boolean): Promise<readonly WireMessage[]> {
    const taken: WireMessage[] = [];
    const deadline = Date.now() + patienceMs;
    for (;;) {
      const message = this.#messages.shift();
      if (message) {
        taken.push(message);
        if (last(message)) return taken;
        continue;
      }
      const left = deadline - Date.now();
      if (this.#closed || left <= 0)
        throw new Error(`${this.#closed ? 'hung up' : 'silent'} after ${taken.map(describe).join(' | ')}`);
      await this.#more(left);
    }
  }

  /** Everything up to the end of the connection. */
  async toTheEnd(): Promise<readonly WireMessage[]> {
    const deadline = Date.now() + patienceMs;
    while (!this.#closed && Date.now() < deadline) await this.#more(deadline - Date.now());
    if (!this.#closed) throw new Error(`still open after ${this.#messages.map(describe).join(' | ')}`);
    return this.#messages.splice(0);
  }

  /** A Query, and what came of it. */
  async query(text: string): Promise<readonly WireMessage[]> {
    this.send(query(text));
    return this.readies();
  }

  /** Hangs up without a word. */
  destroy(): void {
    this.#socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#socket.end(encodeClientMessage({ type: 'terminate' }));
    await Promise.race([once(this.#socket, 'close'), new Promise((resolve) => setTimeout(resolve, 1_500).unref())]);
    this.#socket.destroy();
  }

  #more(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #end(): void {
    this.#closed = true;
    this.#wake?.();
  }

  #hear(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 5) {
      const end = 1 + this.#rest.readUInt32BE(1);
      if (this.#rest.length < end) break;
      this.#messages.push({ tag: String.fromCharCode(this.#rest[0] ?? 0), body: this.#rest.subarray(5, end) });
      this.#rest = this.#rest.subarray(end);
    }
    this.#wake?.();
  }
}

/** To the server itself, past the gateway, with the settings that the gateway pins. */
export async function wireDirect(login: WireLogin): Promise<Wire> {
  const { port, user, database, password } = login;
  const upstream = await connectUpstream(
    { host: '127.0.0.1', port, database, application: 'direct', connectTimeoutMs: 10_000, tls: { mode: 'disable' } },
    { user, password },
    AbortSignal.timeout(10_000),
  );
  return new Wire(upstream.socket);
}

/** Through the gateway, in the clear on loopback, with a token as password. */
export async function wireThrough(login: WireLogin): Promise<Wire> {
  const { wire } = await logIn(login);
  return wire;
}

/** The same, with what the gateway said on the way in. @throws when it says no: the message holds its words */
export async function logIn(
  login: WireLogin,
  settings: { readonly [name: string]: string } = {},
): Promise<{ readonly wire: Wire; readonly greeting: readonly WireMessage[] }> {
  const socket = connect({ host: '127.0.0.1', port: login.port, noDelay: true });
  await once(socket, 'connect');
  const wire = new Wire(socket);
  wire.send(startup({ user: login.user, database: login.database, ...settings }));
  await wire.until(({ tag }) => tag === 'R');
  wire.send(password(login.password));
  const greeting = await wire.until(({ tag }) => tag === 'Z' || tag === 'E');
  const last = greeting.at(-1);
  if (last?.tag === 'E') throw new Error(describe(last));
  return { wire, greeting };
}

// --- messages ---------------------------------------------------------------------------------------------------------------------

export const sync = encodeClientMessage({ type: 'sync' });
export const flush = encodeClientMessage({ type: 'flush' });
export const copyDone = encodeClientMessage({ type: 'copyDone' });

export function query(text: string): Buffer {
  return encodeClientMessage({ type: 'query', text });
}

/** @param parameterTypes OIDs */
export function parse(statement: string, text: string, parameterTypes: readonly number[] = []): Buffer {
  return encodeClientMessage({ type: 'parse', statement, text, parameterTypes });
}

export function bind(
  portal: string,
  statement: string,
  parameters: readonly (string | Buffer | null)[] = [],
  formats: { readonly parameters?: readonly Format[]; readonly results?: readonly Format[] } = {},
): Buffer {
  return encodeClientMessage({
    type: 'bind',
    portal,
    statement,
    parameterFormats: formats.parameters ?? [],
    parameters: parameters.map((p) => (typeof p === 'string' ? Buffer.from(p) : p)),
    resultFormats: formats.results ?? [],
  });
}

export function execute(portal = '', maxRows = 0): Buffer {
  return encodeClientMessage({ type: 'execute', portal, maxRows });
}

export function describeStatement(name: string): Buffer {
  return encodeClientMessage({ type: 'describe', what: 'statement', name });
}

export function describePortal(name: string): Buffer {
  return encodeClientMessage({ type: 'describe', what: 'portal', name });
}

export function closeStatement(name: string): Buffer {
  return encodeClientMessage({ type: 'close', what: 'statement', name });
}

export function closePortal(name: string): Buffer {
  return encodeClientMessage({ type: 'close', what: 'portal', name });
}

export function copyData(text: string): Buffer {
  return encodeClientMessage({ type: 'copyData', bytes: Buffer.from(text) });
}

export function copyFail(reason: string): Buffer {
  return encodeClientMessage({ type: 'copyFail', reason });
}

/** Parse, Bind and Execute of the unnamed statement. */
export function run(text: string, parameters: readonly (string | null)[] = []): Buffer {
  return Buffer.concat([parse('', text), bind('', '', parameters), execute()]);
}

/** A message by its bytes, right or wrong. */
export function raw(tag: string, body: Buffer | string, length?: number): Buffer {
  const bytes = Buffer.from(body);
  const head = Buffer.alloc(5);
  head.write(tag, 'latin1');
  head.writeInt32BE(length ?? bytes.length + 4, 1);
  return Buffer.concat([head, bytes]);
}

/** A start-up packet of protocol 3.0. */
export function startup(settings: { readonly [name: string]: string }, code = 196_608): Buffer {
  const text = Object.entries(settings).flatMap(([name, value]) => [name, value]);
  const body = Buffer.from(`${text.join('\0')}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(body.length + 8, 0);
  head.writeInt32BE(code, 4);
  return Buffer.concat([head, body]);
}

export function password(text: string): Buffer {
  return raw('p', `${text}\0`);
}

// --- reading ----------------------------------------------------------------------------------------------------------------------

/** Fields of an ErrorResponse or NoticeResponse by their letter. */
export function reportFields(message: WireMessage): ReadonlyMap<string, string> {
  const fields = message.body.toString('utf8').split('\0');
  return new Map(fields.filter((field) => field !== '').map((field) => [field.slice(0, 1), field.slice(1)]));
}

/** Values of a DataRow in text. */
export function rowValues(message: WireMessage): readonly (string | null)[] {
  const { body } = message;
  let at = 2;
  return Array.from({ length: body.readUInt16BE(0) }, () => {
    const length = body.readInt32BE(at);
    at += 4;
    if (length < 0) return null;
    at += length;
    return body.toString('utf8', at - length, at);
  });
}

/** All rows' values, in order. */
export function rowsOf(messages: readonly WireMessage[]): readonly (readonly (string | null)[])[] {
  return messages.filter(({ tag }) => tag === 'D').map(rowValues);
}

/** SQLSTATEs of all errors, in order. */
export function errorsOf(messages: readonly WireMessage[]): readonly (string | undefined)[] {
  return messages.filter(({ tag }) => tag === 'E').map((message) => reportFields(message).get('C'));
}

/** The text of the first error. */
export function errorText(messages: readonly WireMessage[]): string {
  const error = messages.find(({ tag }) => tag === 'E');
  return error ? [...reportFields(error).values()].join(' ') : '';
}

/** A message in a line that a person can compare. */
export function describe(message: WireMessage): string {
  const { tag, body } = message;
  switch (tag) {
    case 'E':
    case 'N':
      return `${tag} ${[...reportFields(message)].map(([letter, text]) => `${letter}=${text}`).join(' ')}`;
    case 'D':
      return `D ${JSON.stringify(rowValues(message))}`;
    default:
      return `${tag} ${JSON.stringify(body.toString('latin1'))}`;
  }
}
