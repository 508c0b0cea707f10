import { Reader, Writer } from './bytes.ts';
import type { Frame, FrameLimit } from './frames.ts';

/** Tags of the messages that a client sends: postgresql.org/docs/current/protocol-message-formats.html */
export const clientTag = {
  bind: 0x42, // B
  close: 0x43, // C
  describe: 0x44, // D
  execute: 0x45, // E
  functionCall: 0x46, // F
  flush: 0x48, // H
  parse: 0x50, // P
  query: 0x51, // Q
  sync: 0x53, // S
  terminate: 0x58, // X
  copyDone: 0x63, // c
  copyData: 0x64, // d
  copyFail: 0x66, // f
  authentication: 0x70, // p: password, SASL response; the state says which
} as const;

export type Format = 0 | 1;

export interface Query {
  readonly type: 'query';
  readonly text: string;
}
export interface Parse {
  readonly type: 'parse';
  /** Empty for the unnamed statement. */
  readonly statement: string;
  readonly text: string;
  /** OIDs; 0 leaves the type to the server. May be shorter than the parameters. */
  readonly parameterTypes: readonly number[];
}
export interface Bind {
  readonly type: 'bind';
  readonly portal: string;
  readonly statement: string;
  /** None: all text. One: for all. Else one for each parameter. */
  readonly parameterFormats: readonly Format[];
  /** Views into the frame. */
  readonly parameters: readonly (Buffer | null)[];
  /** None: all text. One: for all columns. Else one for each column. */
  readonly resultFormats: readonly Format[];
}
export interface Execute {
  readonly type: 'execute';
  readonly portal: string;
  /** 0 for all. */
  readonly maxRows: number;
}
export interface Describe {
  readonly type: 'describe' | 'close';
  readonly what: 'statement' | 'portal';
  readonly name: string;
}
export type ClientMessage =
  | Query
  | Parse
  | Bind
  | Execute
  | Describe
  | { readonly type: 'copyData'; readonly bytes: Buffer }
  | { readonly type: 'copyFail'; readonly reason: string }
  /** Recognised to be refused by name: the call has no SQL text that could be judged. */
  | { readonly type: 'functionCall'; readonly oid: number }
  | { readonly type: 'authentication' }
  | { readonly type: 'sync' | 'flush' | 'terminate' | 'copyDone' };

/** Short messages are held to the server's own limit for them (PQ_SMALL_MESSAGE_LIMIT), all others to `maxBytes`. */
export function clientLimit(maxBytes: number): FrameLimit {
  return (tag) => {
    switch (tag) {
      case clientTag.query:
      case clientTag.parse:
      case clientTag.bind:
      case clientTag.copyData:
      case clientTag.functionCall:
        return maxBytes;
      case clientTag.execute:
      case clientTag.describe:
      case clientTag.close:
      case clientTag.sync:
      case clientTag.flush:
      case clientTag.terminate:
      case clientTag.copyDone:
      case clientTag.copyFail:
      case clientTag.authentication:
        return 10_000;
      default:
        return 0;
    }
  };
}

/** @throws SallyportError `protocol-violation` for anything that is not exactly one message of the protocol */
export function parseClientMessage(frame: Frame): ClientMessage {
  switch (frame.tag) {
    case clientTag.query:
      return parseQuery(frame);
    case clientTag.parse:
      return parseParse(frame);
    case clientTag.bind:
      return parseBind(frame);
    case clientTag.execute:
      return parseExecute(frame);
    case clientTag.describe:
      return parseNamed(frame, 'describe');
    case clientTag.close:
      return parseNamed(frame, 'close');
    case clientTag.sync:
      return parseBare(frame, 'sync');
    case clientTag.flush:
      return parseBare(frame, 'flush');
    case clientTag.terminate:
      return parseBare(frame, 'terminate');
    case clientTag.copyDone:
      return parseBare(frame, 'copyDone');
    case clientTag.copyData:
      return { type: 'copyData', bytes: new Reader(frame, 'CopyData').rest() };
    case clientTag.copyFail:
      return parseCopyFail(frame);
    case clientTag.functionCall:
      return { type: 'functionCall', oid: new Reader(frame, 'FunctionCall').uint32() };
    case clientTag.authentication:
      return { type: 'authentication' };
    default:
      throw new Reader(frame, `message type 0x${frame.tag.toString(16)}`).wrong('is not a client message');
  }
}

export function parseQuery(frame: Frame): Query {
  const body = new Reader(frame, 'Query');
  const text = body.text();
  body.finish();
  return { type: 'query', text };
}

export function parseParse(frame: Frame): Parse {
  const body = new Reader(frame, 'Parse');
  const statement = body.text();
  const text = body.text();
  const parameterTypes = list(body.uint16(), () => body.uint32());
  body.finish();
  return { type: 'parse', statement, text, parameterTypes };
}

/** The SQL of a Query, as bytes that may be no UTF-8: the server refuses such a statement and no more. */
export function sqlOfQuery(frame: Frame): Buffer {
  const body = new Reader(frame, 'Query');
  const text = body.textBytes();
  body.finish();
  return text;
}

/** A Parse with its SQL as bytes. */
export function sqlOfParse(frame: Frame): Omit<Parse, 'text'> & { readonly text: Buffer } {
  const body = new Reader(frame, 'Parse');
  const statement = body.text();
  const text = body.textBytes();
  const parameterTypes = list(body.uint16(), () => body.uint32());
  body.finish();
  return { type: 'parse', statement, text, parameterTypes };
}

export function parseBind(frame: Frame): Bind {
  const body = new Reader(frame, 'Bind');
  const portal = body.text();
  const statement = body.text();
  const parameterFormats = formats(body);
  const parameters = list(body.uint16(), () => body.value());
  if (parameterFormats.length > 1 && parameterFormats.length !== parameters.length)
    throw body.wrong(`has ${parameterFormats.length} formats for ${parameters.length} parameters`);
  const resultFormats = formats(body);
  body.finish();
  return { type: 'bind', portal, statement, parameterFormats, parameters, resultFormats };
}

export function parseExecute(frame: Frame): Execute {
  const body = new Reader(frame, 'Execute');
  const portal = body.text();
  // A negative limit means "all" to the server, as 0 does.
  const maxRows = Math.max(0, body.int32());
  body.finish();
  return { type: 'execute', portal, maxRows };
}

function parseNamed(frame: Frame, type: Describe['type']): Describe {
  const body = new Reader(frame, type === 'describe' ? 'Describe' : 'Close');
  const kind = body.uint8();
  const name = body.text();
  body.finish();
  if (kind === 0x53) return { type, what: 'statement', name };
  if (kind === 0x50) return { type, what: 'portal', name };
  throw body.wrong(`names an object of kind 0x${kind.toString(16)}`);
}

function parseBare<T extends string>(frame: Frame, type: T): { readonly type: T } {
  new Reader(frame, type).finish();
  return { type };
}

function parseCopyFail(frame: Frame): ClientMessage {
  const body = new Reader(frame, 'CopyFail');
  const reason = body.text();
  body.finish();
  return { type: 'copyFail', reason };
}

function formats(body: Reader): readonly Format[] {
  const count = body.uint16();
  return count === 0 ? noFormats : list(count, () => format(body));
}
const noFormats: readonly Format[] = [];

/** A format code; both directions use it. */
export function format(body: Reader): Format {
  const code = body.int16();
  if (code === 0 || code === 1) return code;
  throw body.wrong(`has format code ${code}`);
}

/** Reads `count` items; a count that lies ends at the end of the message, not in memory. */
export function list<T>(count: number, item: () => T): T[] {
  const items: T[] = [];
  for (let i = 0; i < count; i++) items.push(item());
  return items;
}

/** The format of item `i` by the rule of Bind: none given is text, one given is for all. */
export function formatOf(formatCodes: readonly Format[], i: number): Format {
  return formatCodes.length > 1 ? (formatCodes[i] ?? 0) : (formatCodes[0] ?? 0);
}

export function encodeQuery(text: string): Buffer {
  return new Writer().message(clientTag.query).text(text).take();
}

/** @throws SallyportError `protocol-violation` when a name or the text has a NUL */
export function encodeClientMessage(
  message: Exclude<ClientMessage, { type: 'functionCall' | 'authentication' }>,
): Buffer {
  const to = new Writer();
  switch (message.type) {
    case 'query':
      return to.message(clientTag.query).text(message.text).take();
    case 'parse':
      to.message(clientTag.parse).text(message.statement).text(message.text).uint16(message.parameterTypes.length);
      for (const oid of message.parameterTypes) to.uint32(oid);
      return to.take();
    case 'bind':
      to.message(clientTag.bind).text(message.portal).text(message.statement).uint16(message.parameterFormats.length);
      for (const code of message.parameterFormats) to.uint16(code);
      to.uint16(message.parameters.length);
      for (const value of message.parameters) to.value(value);
      to.uint16(message.resultFormats.length);
      for (const code of message.resultFormats) to.uint16(code);
      return to.take();
    case 'execute':
      return to.message(clientTag.execute).text(message.portal).int32(message.maxRows).take();
    case 'describe':
    case 'close':
      to.message(clientTag[message.type]);
      return to
        .uint8(message.what === 'statement' ? 0x53 : 0x50)
        .text(message.name)
        .take();
    case 'copyData':
      return to.message(clientTag.copyData).bytes(message.bytes).take();
    case 'copyFail':
      return to.message(clientTag.copyFail).text(message.reason).take();
    case 'sync':
    case 'flush':
    case 'terminate':
    case 'copyDone':
      return to.message(clientTag[message.type]).take();
    default:
      return message satisfies never;
  }
}
