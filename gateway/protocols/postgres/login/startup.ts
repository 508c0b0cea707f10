import { Reader, Writer } from '../codec/bytes.ts';
import type { BackendKey } from '../codec/backend.ts';

/** Start-up packets are held to this, as the server holds them (MAX_STARTUP_PACKET_LENGTH is 10,000; ours is a round 10 KiB). */
export const MAX_STARTUP_BYTES = 10_240;

/** The setting by which a client asks for OAUTHBEARER (`-c sallyport.auth=oauth`). It is the gateway's own: never send it upstream. */
export const AUTH_SETTING = 'sallyport.auth';

const SSL_REQUEST = 80_877_103;
const GSSENC_REQUEST = 80_877_104;
const CANCEL_REQUEST = 80_877_102;
/** The newest protocol 3 minor we speak. 3.1 was never used: postgresql.org/docs/current/protocol.html */
const NEWEST_MINOR = 2;

/** What the first bytes of a connection are. `bytes` says how many of them were read. */
export type Opening =
  | { readonly kind: 'incomplete' }
  /** A TLS ClientHello: a client with `sslnegotiation=direct`. Nothing was read. */
  | { readonly kind: 'tls' }
  | { readonly kind: 'ssl-request' | 'gss-request'; readonly bytes: number }
  | { readonly kind: 'cancel'; readonly key: BackendKey; readonly bytes: number }
  | { readonly kind: 'startup'; readonly startup: Startup; readonly bytes: number }
  /** No PostgreSQL client, or one whose packet we do not read. */
  | { readonly kind: 'foreign'; readonly why: string; readonly sqlstate: '08P01' | '0A000' | '28000' | '22023' };

export interface Startup {
  /** As the client asked. */
  readonly minor: number;
  /** What both sides will speak: 0 or 2. */
  readonly agreedMinor: 0 | 2;
  readonly user: string;
  /** The user's name where the client named none, as on the server. */
  readonly database: string;
  /** `application_name`, empty where there is none. */
  readonly application: string;
  /** Settings by lower-case name, from `options` and from the packet itself, which wins as it does on the server. */
  readonly settings: ReadonlyMap<string, string>;
  /** `_pq_.` options: we know none, and must say so. */
  readonly unknownOptions: readonly string[];
  /** The `replication` parameter; such sessions are refused. */
  readonly replication: string | undefined;
}

/**
 * Classifies what a connection begins with. Pure: call again with more bytes after `incomplete`.
 * @throws SallyportError `protocol-violation` when a packet's inside does not fit
 */
export function parseOpening(buffer: Buffer): Opening {
  const first = buffer[0];
  if (first === undefined) return { kind: 'incomplete' };
  if (first === 0x16) return { kind: 'tls' };
  // A length of at most 10 KiB begins with two zero bytes: anything else is refused on sight, HTTP and SSH among it.
  if (first !== 0 || (buffer[1] ?? 0) !== 0) return foreign(looksLike(buffer));
  if (buffer.length < 4) return { kind: 'incomplete' };
  const bytes = buffer.readUInt32BE(0);
  if (bytes < 8 || bytes > MAX_STARTUP_BYTES) return foreign(`start-up packet of ${bytes} bytes`);
  if (buffer.length < 8) return { kind: 'incomplete' };
  const code = buffer.readUInt32BE(4);
  if (code === SSL_REQUEST || code === GSSENC_REQUEST) {
    if (bytes !== 8) return foreign('encryption request of the wrong length');
    return { kind: code === SSL_REQUEST ? 'ssl-request' : 'gss-request', bytes };
  }
  if (code !== CANCEL_REQUEST && code >>> 16 !== 3)
    return { kind: 'foreign', why: `protocol ${code >>> 16}.${code & 0xffff} is not supported`, sqlstate: '0A000' };
  if (buffer.length < bytes) return { kind: 'incomplete' };
  const body = new Reader({ buffer, start: 0, end: bytes }, 'start-up packet', 8);
  if (code === CANCEL_REQUEST) return parseCancel(body, bytes);
  return parseStartup(body, code & 0xffff, bytes);
}

export function encodeSslRequest(): Buffer {
  return new Writer().untagged().int32(SSL_REQUEST).take();
}

export function encodeCancelRequest(key: BackendKey): Buffer {
  return new Writer().untagged().int32(CANCEL_REQUEST).int32(key.processId).bytes(key.secret).take();
}

/** A start-up packet for protocol 3.0. */
export function encodeStartup(parameters: Iterable<readonly [name: string, value: string]>): Buffer {
  const to = new Writer().untagged().int32(3 << 16);
  for (const [name, value] of parameters) to.text(name).text(value);
  return to.uint8(0).take();
}

/**
 * The `options` parameter: `-c name=value`, `-cname=value` and `--name=value`, split as the server splits them (pg_split_opts: white space,
 * backslash takes the next character as it is). Dashes in a name mean underscores. The server's other switches are refused: each is
 * either a setting that has a name or nothing for a client.
 * @returns undefined for anything else
 */
export function parseOptions(text: string): ReadonlyMap<string, string> | undefined {
  const settings = new Map<string, string>();
  const words = splitOptions(text);
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    let assignment: string | undefined;
    if (word === '-c') assignment = words[++i];
    else if (word.startsWith('-c') || word.startsWith('--')) assignment = word.slice(2);
    const [, name, value] = /^([a-z_][a-z0-9_$.-]*)=(.*)$/is.exec(assignment ?? '') ?? [];
    if (name === undefined || value === undefined) return undefined;
    const setting = name.replaceAll('-', '_').toLowerCase();
    if (notSettings.has(setting)) return undefined;
    settings.set(setting, value);
  }
  return settings;
}

/**
 * Whether the start-up settings leave the wire readable in one way only: UTF-8, and backslashes in strings that are just backslashes.
 * SQL_ASCII, which psql asks for under `LC_ALL=C`, means bytes as they come, so UTF-8 fulfils it.
 * @returns what the client must change, or undefined
 */
export function pinnedProblem(settings: ReadonlyMap<string, string>): string | undefined {
  const encoding = settings
    .get('client_encoding')
    ?.replaceAll(/[^a-z0-9]/gi, '')
    .toLowerCase();
  if (encoding !== undefined && !['utf8', 'unicode', 'sqlascii', 'default'].includes(encoding))
    return `client_encoding must be UTF8, not ${settings.get('client_encoding')}`;
  const strings = settings.get('standard_conforming_strings')?.toLowerCase();
  if (strings !== undefined && !['on', 'true', 'yes', '1'].includes(strings))
    return 'standard_conforming_strings must stay on';
  return undefined;
}

/** Words of the start-up packet itself. As a setting's name they would come to mean something else once they are sent on. */
const notSettings: ReadonlySet<string> = new Set(['user', 'database', 'options', 'replication']);

function parseCancel(body: Reader, bytes: number): Opening {
  const processId = body.int32();
  const secret = Buffer.from(body.rest());
  if (secret.length < 4 || secret.length > 256) return foreign(`cancel key of ${secret.length} bytes`);
  return { kind: 'cancel', key: { processId, secret }, bytes };
}

function parseStartup(body: Reader, minor: number, bytes: number): Opening {
  const parameters = new Map<string, string>();
  for (let name = body.text(); name !== ''; name = body.text()) {
    // Which of two values counts is a question that two readers could answer in two ways.
    if (parameters.has(name)) return foreign(`parameter ${name} twice`);
    parameters.set(name, body.text());
  }
  body.finish();
  const user = parameters.get('user') ?? '';
  if (user === '') return { kind: 'foreign', why: 'no user name in the start-up packet', sqlstate: '28000' };
  const options = parseOptions(parameters.get('options') ?? '');
  if (options === undefined)
    return { kind: 'foreign', why: 'only -c name=value and --name=value are read in options', sqlstate: '22023' };
  if ([...parameters.keys()].some((name) => notSettings.has(name.toLowerCase()) && !notSettings.has(name)))
    return foreign('a parameter whose name has the wrong case');
  const settings = new Map(options);
  const unknownOptions: string[] = [];
  for (const [name, value] of parameters) {
    if (name.startsWith('_pq_.')) unknownOptions.push(name);
    else if (!notSettings.has(name)) settings.set(name.toLowerCase(), value);
  }
  const startup: Startup = {
    minor,
    agreedMinor: minor >= NEWEST_MINOR ? NEWEST_MINOR : 0,
    user,
    database: parameters.get('database') || user,
    application: settings.get('application_name') ?? '',
    settings,
    unknownOptions,
    replication: parameters.get('replication'),
  };
  return { kind: 'startup', startup, bytes };
}

function splitOptions(text: string): readonly string[] {
  const words: string[] = [];
  for (const [word] of text.matchAll(/(?:\\[^]|[^\s\\])+/g)) words.push(word.replaceAll(/\\([^])/g, '$1'));
  return words;
}

function foreign(why: string): Opening {
  return { kind: 'foreign', why, sqlstate: '08P01' };
}

function looksLike(buffer: Buffer): string {
  const text = buffer.toString('latin1', 0, 8);
  if (/^(GET|POST|PUT|HEAD|DELETE|OPTIONS|PATCH|CONNECT|PRI) /.test(text)) return 'an HTTP request';
  if (text.startsWith('SSH-')) return 'an SSH greeting';
  return 'bytes that are no PostgreSQL start-up packet';
}
