import { SallyportError } from '../contract/errors.ts';
import { scrubText } from './scrub.ts';

/** Every field that a log line can have, and what may stand in it. A field that is not here is not logged. */
const kinds = {
  // who and where
  session: 'text',
  request: 'text',
  hold: 'text',
  /** Of what has no field of its own, e.g. a notification. */
  id: 'text',
  principal: 'text',
  target: 'text',
  protocol: 'text',
  listener: 'text',
  client_ip: 'text',
  issuer: 'text',
  host: 'text',
  channel: 'text',
  // what and how it went
  action: 'text',
  effect: 'text',
  code: 'text',
  status: 'text',
  reason: 'text',
  why: 'text',
  revision: 'text',
  file: 'text',
  /** Of a public key. */
  fingerprint: 'text',
  /** Free text, for what has no field of its own. Scrubbed like all text, so never rely on it for secrets. */
  note: 'text',
  // how much
  connection: 'number',
  port: 'number',
  count: 'number',
  attempt: 'number',
  rows: 'number',
  bytes: 'number',
  duration_ms: 'number',
  wait_ms: 'number',
  age_s: 'number',
  exit_code: 'number',
  cached: 'flag',
  silent: 'flag',
  usable: 'flag',
  // several
  issuers: 'texts',
  targets: 'texts',
  holds: 'texts',
  findings: 'texts',
  changed: 'texts',
  err: 'error',
} as const satisfies Readonly<Record<string, Kind>>;

type Kind = keyof Values;
interface Values {
  readonly text: string;
  readonly number: number;
  readonly flag: boolean;
  readonly texts: readonly string[];
  readonly error: unknown;
}

/** What a log call may say besides its message. Commands, parameters, rows and tokens have no field on purpose. */
export type LogFields = { readonly [Name in keyof typeof kinds]?: Values[(typeof kinds)[Name]] | undefined };

/** Longest text of a field or a message, in characters. */
export const maxTextLength = 1_000;

/**
 * The fields as they may be logged. What is not listed, or is not what the list says, leaves only its name in `withheld`.
 * Takes anything: callers that go through pino's types are not checked by the compiler.
 */
export function allowedFields(fields: unknown): Readonly<Record<string, unknown>> {
  if (fields instanceof Error) return { err: describeError(fields) };
  if (typeof fields !== 'object' || fields === null) return {};
  const allowed: Record<string, unknown> = {};
  const withheld: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const kind = Object.hasOwn(kinds, name) ? kinds[name as keyof typeof kinds] : undefined; // hasOwn: it is one of the keys
    const shown = kind && show(kind, value);
    if (shown === undefined) withheld.push(safeText(name));
    else allowed[name] = shown;
  }
  if (withheld.length > 0) allowed['withheld'] = withheld.slice(0, 10);
  return allowed;
}

/** Scrubbed and cut. */
export function safeText(text: string): string {
  // Cut twice: scrubbing a megabyte would hold everybody up, and what it puts in has a length too.
  return cut(scrubText(cut(text, maxTextLength * 8)), maxTextLength);
}

function show(kind: Kind, value: unknown): unknown {
  switch (kind) {
    case 'text':
      return typeof value === 'string' ? safeText(value) : undefined;
    case 'number':
      return typeof value === 'number' ? value : undefined;
    case 'flag':
      return typeof value === 'boolean' ? value : undefined;
    case 'texts':
      return Array.isArray(value)
        ? value.filter((each): each is string => typeof each === 'string').map(safeText)
        : undefined;
    case 'error':
      return describeError(value);
    default:
      return kind satisfies never;
  }
}

/**
 * Name, code, message, frames and causes: no other property, because libraries hang requests, headers and rows on their errors.
 * The message is withheld where it is known to quote data: errors of a database, and JSON that does not parse.
 */
function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? { code: safeText(error.code) } : {};
  const cause = error.cause === undefined || depth >= 4 ? {} : { cause: describeError(error.cause, depth + 1) };
  const several =
    error instanceof AggregateError && depth < 4
      ? { errors: error.errors.slice(0, 5).map((each) => describeError(each, depth + 1)) }
      : {};
  return {
    type: safeText(String(error.name)),
    ...code,
    message: quotesData(error) ? '[withheld: it may quote data]' : safeText(String(error.message)),
    stack: frames(error),
    ...cause,
    ...several,
  };
}

function quotesData(error: Error): boolean {
  if (error instanceof SallyportError) return false;
  return error instanceof SyntaxError || 'severity' in error || 'sqlState' in error;
}

/** The stack without its head, which repeats the message. */
function frames(error: Error): string {
  const lines = String(error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line));
  return safeText(lines.slice(0, 12).join('\n'));
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}… (${text.length} characters)` : text;
}
