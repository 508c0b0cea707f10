import { Reader, Writer } from './bytes.ts';
import { format, list } from './frontend.ts';
import type { Format } from './frontend.ts';
import type { Frame, FrameLimit } from './frames.ts';

/** Tags of the messages that a server sends: postgresql.org/docs/current/protocol-message-formats.html */
export const serverTag = {
  parseComplete: 0x31, // 1
  bindComplete: 0x32, // 2
  closeComplete: 0x33, // 3
  notification: 0x41, // A
  commandComplete: 0x43, // C
  dataRow: 0x44, // D
  error: 0x45, // E
  copyInResponse: 0x47, // G
  copyOutResponse: 0x48, // H
  emptyQuery: 0x49, // I
  backendKey: 0x4b, // K
  notice: 0x4e, // N
  authentication: 0x52, // R
  parameterStatus: 0x53, // S
  rowDescription: 0x54, // T
  functionCallResponse: 0x56, // V
  copyBothResponse: 0x57, // W
  ready: 0x5a, // Z
  copyDone: 0x63, // c
  copyData: 0x64, // d
  noData: 0x6e, // n
  portalSuspended: 0x73, // s
  parameterDescription: 0x74, // t
  negotiateVersion: 0x76, // v
} as const;

const known: ReadonlySet<number> = new Set(Object.values(serverTag));

/** One column of a result, as RowDescription tells it. */
export interface PgField {
  readonly name: string;
  /** 0 when the column is not one of a table. */
  readonly tableOid: number;
  /** Attribute number from 1; 0 when the column is not one of a table. */
  readonly attnum: number;
  readonly typeOid: number;
  /** Bytes; negative for variable width. */
  readonly typeSize: number;
  readonly typeModifier: number;
  /** From a Describe of a statement always 0: the format is not known before Bind. */
  readonly format: Format;
}

/** Field letter to text: postgresql.org/docs/current/protocol-error-fields.html */
export type ReportFields = ReadonlyMap<string, string>;

/** ReadyForQuery's word: idle, in a transaction block, in a failed one. */
export type TransactionStatus = 'I' | 'T' | 'E';

export interface BackendKey {
  readonly processId: number;
  /** 4 bytes in protocol 3.0, up to 256 from 3.2 on. */
  readonly secret: Buffer;
}

export type Authentication =
  | { readonly request: 'ok' | 'cleartext' }
  | { readonly request: 'md5'; readonly salt: Buffer }
  | { readonly request: 'sasl'; readonly mechanisms: readonly string[] }
  | { readonly request: 'saslContinue' | 'saslFinal'; readonly bytes: Buffer }
  | { readonly request: 'unsupported'; readonly code: number };

export type ServerMessage =
  | { readonly type: 'authentication'; readonly authentication: Authentication }
  | { readonly type: 'backendKey'; readonly key: BackendKey }
  | { readonly type: 'commandComplete'; readonly tag: string }
  | { readonly type: 'copyData'; readonly bytes: Buffer }
  | {
      readonly type: 'copyInResponse' | 'copyOutResponse' | 'copyBothResponse';
      readonly format: Format;
      readonly columns: readonly Format[];
    }
  | { readonly type: 'dataRow'; readonly values: readonly (Buffer | null)[] }
  | { readonly type: 'error' | 'notice'; readonly fields: ReportFields }
  | { readonly type: 'functionCallResponse'; readonly value: Buffer | null }
  | { readonly type: 'negotiateVersion'; readonly version: number; readonly unknownOptions: readonly string[] }
  | { readonly type: 'notification'; readonly processId: number; readonly channel: string; readonly payload: string }
  | { readonly type: 'parameterDescription'; readonly types: readonly number[] }
  | { readonly type: 'parameterStatus'; readonly name: string; readonly value: string }
  | { readonly type: 'ready'; readonly status: TransactionStatus }
  | { readonly type: 'rowDescription'; readonly columns: readonly PgField[] }
  | {
      readonly type:
        'parseComplete' | 'bindComplete' | 'closeComplete' | 'emptyQuery' | 'copyDone' | 'noData' | 'portalSuspended';
    };

/** Every message a server may send, up to `maxBytes`. */
export function serverLimit(maxBytes: number): FrameLimit {
  return (tag) => (known.has(tag) ? maxBytes : 0);
}

/** @throws SallyportError `protocol-violation` for anything that is not exactly one message of the protocol */
export function parseServerMessage(frame: Frame): ServerMessage {
  switch (frame.tag) {
    case serverTag.authentication:
      return { type: 'authentication', authentication: parseAuthentication(frame) };
    case serverTag.backendKey:
      return { type: 'backendKey', key: parseBackendKey(frame) };
    case serverTag.commandComplete:
      return { type: 'commandComplete', tag: parseCommandComplete(frame) };
    case serverTag.copyData:
      return { type: 'copyData', bytes: new Reader(frame, 'CopyData').rest() };
    case serverTag.copyInResponse:
      return { type: 'copyInResponse', ...parseCopyResponse(frame) };
    case serverTag.copyOutResponse:
      return { type: 'copyOutResponse', ...parseCopyResponse(frame) };
    case serverTag.copyBothResponse:
      return { type: 'copyBothResponse', ...parseCopyResponse(frame) };
    case serverTag.dataRow:
      return { type: 'dataRow', values: whole(frame, 'DataRow', (body) => list(body.uint16(), () => body.value())) };
    case serverTag.error:
      return { type: 'error', fields: parseReport(frame) };
    case serverTag.notice:
      return { type: 'notice', fields: parseReport(frame) };
    case serverTag.functionCallResponse:
      return { type: 'functionCallResponse', value: whole(frame, 'FunctionCallResponse', (body) => body.value()) };
    case serverTag.negotiateVersion:
      return { type: 'negotiateVersion', ...parseNegotiation(frame) };
    case serverTag.notification:
      return { type: 'notification', ...parseNotification(frame) };
    case serverTag.parameterDescription:
      return { type: 'parameterDescription', types: parseParameterDescription(frame) };
    case serverTag.parameterStatus:
      return { type: 'parameterStatus', ...parseParameterStatus(frame) };
    case serverTag.ready:
      return { type: 'ready', status: parseReady(frame) };
    case serverTag.rowDescription:
      return { type: 'rowDescription', columns: parseRowDescription(frame) };
    case serverTag.parseComplete:
      return parseBare(frame, 'parseComplete');
    case serverTag.bindComplete:
      return parseBare(frame, 'bindComplete');
    case serverTag.closeComplete:
      return parseBare(frame, 'closeComplete');
    case serverTag.emptyQuery:
      return parseBare(frame, 'emptyQuery');
    case serverTag.copyDone:
      return parseBare(frame, 'copyDone');
    case serverTag.noData:
      return parseBare(frame, 'noData');
    case serverTag.portalSuspended:
      return parseBare(frame, 'portalSuspended');
    default:
      throw new Reader(frame, `message type 0x${frame.tag.toString(16)}`).wrong('is not a server message');
  }
}

export function parseRowDescription(frame: Frame): readonly PgField[] {
  return whole(frame, 'RowDescription', (body) =>
    list(body.uint16(), () => ({
      name: body.text(),
      tableOid: body.uint32(),
      attnum: body.int16(),
      typeOid: body.uint32(),
      typeSize: body.int16(),
      typeModifier: body.int32(),
      format: format(body),
    })),
  );
}

export function parseCommandComplete(frame: Frame): string {
  return whole(frame, 'CommandComplete', (body) => body.text());
}

export function parseReady(frame: Frame): TransactionStatus {
  return whole(frame, 'ReadyForQuery', (body) => {
    const letter = body.uint8();
    if (letter === 0x49) return 'I';
    if (letter === 0x54) return 'T';
    if (letter === 0x45) return 'E';
    throw body.wrong(`has status 0x${letter.toString(16)}`);
  });
}

/** Texts may be in no known encoding before the session has one, so bytes that are no UTF-8 become U+FFFD here and only here. */
export function parseReport(frame: Frame): ReportFields {
  return whole(frame, 'ErrorResponse', (body) => {
    const fields = new Map<string, string>();
    for (let letter = body.uint8(); letter !== 0; letter = body.uint8())
      fields.set(String.fromCharCode(letter), body.lossyText());
    return fields;
  });
}

export function parseParameterStatus(frame: Frame): { readonly name: string; readonly value: string } {
  return whole(frame, 'ParameterStatus', (body) => ({ name: body.text(), value: body.text() }));
}

export function parseParameterDescription(frame: Frame): readonly number[] {
  return whole(frame, 'ParameterDescription', (body) => list(body.uint16(), () => body.uint32()));
}

export function parseNotification(frame: Frame): {
  readonly processId: number;
  readonly channel: string;
  readonly payload: string;
} {
  return whole(frame, 'NotificationResponse', (body) => ({
    processId: body.int32(),
    channel: body.text(),
    payload: body.text(),
  }));
}

export function parseCopyResponse(frame: Frame): { readonly format: Format; readonly columns: readonly Format[] } {
  return whole(frame, 'CopyResponse', (body) => {
    const overall = body.uint8();
    if (overall !== 0 && overall !== 1) throw body.wrong(`has format ${overall}`);
    return { format: overall, columns: list(body.uint16(), () => format(body)) };
  });
}

function parseBackendKey(frame: Frame): BackendKey {
  return whole(frame, 'BackendKeyData', (body) => {
    const processId = body.int32();
    const secret = Buffer.from(body.rest());
    if (secret.length < 4 || secret.length > 256) throw body.wrong(`has a key of ${secret.length} bytes`);
    return { processId, secret };
  });
}

function parseAuthentication(frame: Frame): Authentication {
  return whole(frame, 'Authentication', (body) => {
    const code = body.int32();
    switch (code) {
      case 0:
        return { request: 'ok' };
      case 3:
        return { request: 'cleartext' };
      case 5:
        return { request: 'md5', salt: Buffer.from(body.bytes(4)) };
      case 10: {
        const mechanisms: string[] = [];
        for (let name = body.text(); name !== ''; name = body.text()) mechanisms.push(name);
        return { request: 'sasl', mechanisms };
      }
      case 11:
        return { request: 'saslContinue', bytes: Buffer.from(body.rest()) };
      case 12:
        return { request: 'saslFinal', bytes: Buffer.from(body.rest()) };
      default:
        body.rest();
        return { request: 'unsupported', code };
    }
  });
}

function parseNegotiation(frame: Frame): { readonly version: number; readonly unknownOptions: readonly string[] } {
  return whole(frame, 'NegotiateProtocolVersion', (body) => {
    const version = body.int32();
    const count = body.int32();
    return { version, unknownOptions: list(count, () => body.text()) };
  });
}

function parseBare<T extends string>(frame: Frame, type: T): { readonly type: T } {
  return whole(frame, type, () => ({ type }));
}

/** Reads a body and makes sure that nothing of it is left. */
function whole<T>(frame: Frame, what: string, read: (body: Reader) => T): T {
  const body = new Reader(frame, what);
  const result = read(body);
  body.finish();
  return result;
}

export function encodeReady(status: TransactionStatus): Buffer {
  return writeReady(new Writer(), status).take();
}

export function encodeCommandComplete(tag: string): Buffer {
  return new Writer().message(serverTag.commandComplete).text(tag).take();
}

/** Messages that are nothing but their tag. */
export function encodeBare(
  type: 'parseComplete' | 'bindComplete' | 'closeComplete' | 'emptyQuery' | 'copyDone' | 'noData' | 'portalSuspended',
): Buffer {
  return new Writer().message(serverTag[type]).take();
}

export function encodeParameterStatus(name: string, value: string): Buffer {
  return new Writer().message(serverTag.parameterStatus).text(name).text(value).take();
}

export function encodeNotification(processId: number, channel: string, payload: string): Buffer {
  return new Writer().message(serverTag.notification).int32(processId).text(channel).text(payload).take();
}

/** An ErrorResponse or NoticeResponse with these fields, in their order. */
export function encodeReportFields(type: 'error' | 'notice', fields: ReportFields): Buffer {
  const to = new Writer().message(serverTag[type]);
  for (const [letter, text] of fields) to.uint8(letter.charCodeAt(0)).text(text);
  return to.uint8(0).take();
}

export function encodeRowDescription(columns: readonly PgField[]): Buffer {
  const to = new Writer().message(serverTag.rowDescription).uint16(columns.length);
  for (const column of columns) {
    to.text(column.name).uint32(column.tableOid).int16(column.attnum).uint32(column.typeOid);
    to.int16(column.typeSize).int32(column.typeModifier).int16(column.format);
  }
  return to.take();
}

export function encodeDataRow(values: readonly (Buffer | null)[]): Buffer {
  const to = new Writer().message(serverTag.dataRow).uint16(values.length);
  for (const value of values) to.value(value);
  return to.take();
}

/** What the gateway asks of its client. `saslContinue` and `ok` as in the protocol's numbers 3, 10, 11 and 0. */
export function encodeAuthentication(
  authentication: Exclude<Authentication, { request: 'unsupported' | 'md5' }>,
): Buffer {
  const to = new Writer().message(serverTag.authentication);
  switch (authentication.request) {
    case 'ok':
      return to.int32(0).take();
    case 'cleartext':
      return to.int32(3).take();
    case 'sasl':
      to.int32(10);
      for (const mechanism of authentication.mechanisms) to.text(mechanism);
      return to.uint8(0).take();
    case 'saslContinue':
      return to.int32(11).bytes(authentication.bytes).take();
    case 'saslFinal':
      return to.int32(12).bytes(authentication.bytes).take();
    default:
      return authentication satisfies never;
  }
}

/** @param version the full number, e.g. 0x30000 for 3.0 */
export function encodeNegotiateVersion(version: number, unknownOptions: readonly string[]): Buffer {
  const to = new Writer().message(serverTag.negotiateVersion).int32(version).int32(unknownOptions.length);
  for (const option of unknownOptions) to.text(option);
  return to.take();
}

/** Everything between a proven login and the first statement, in the server's order. */
export function encodeGreeting(
  parameters: Iterable<readonly [name: string, value: string]>,
  key: BackendKey,
  status: TransactionStatus,
): Buffer {
  const to = new Writer().message(serverTag.authentication).int32(0);
  for (const [name, value] of parameters) to.message(serverTag.parameterStatus).text(name).text(value);
  to.message(serverTag.backendKey).int32(key.processId).bytes(key.secret);
  return writeReady(to, status).take();
}

function writeReady(to: Writer, status: TransactionStatus): Writer {
  return to.message(serverTag.ready).uint8(status.charCodeAt(0));
}
