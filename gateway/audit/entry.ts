import type { AuditEvent, AuditType } from '../contract/event.ts';
import { auditTypes } from '../contract/event.ts';
import type { Json } from '../contract/principal.ts';
import { sha256 } from './hash.ts';

/** An entry's length travels as uint16: c2sp.org/tlog-tiles. */
export const maxEntryBytes = 65_535;

/**
 * One event as it goes into the log: JSON with its keys in the contract's order.
 * An event that is too long loses text, never its entry: see `cutEvent`.
 */
export function encodeEntry(event: AuditEvent): string {
  const json = jsonOf(event);
  if (json.length * 3 <= maxEntryBytes || Buffer.byteLength(json) <= maxEntryBytes) return json;
  return jsonOf(cutEvent(event));
}

/** @returns undefined when the bytes are no event */
export function parseEntry(entry: Buffer): AuditEvent | undefined {
  try {
    const value: unknown = JSON.parse(entry.toString('utf8'));
    return isEvent(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Keys in the contract's order: equal events have to be equal bytes. Written by hand, because this runs for every command and nearly all of
 * an entry is the same text again and again: JSON of a text is computed once.
 */
function jsonOf(event: AuditEvent): string {
  return (
    `{"type":${quoted(event.type)},"time":${JSON.stringify(event.time)},"identity":${quoted(event.identity)},` +
    `"session":${quoted(event.session)},"request":${JSON.stringify(event.request)},"target":${quoted(event.target)},` +
    `"action":${quoted(event.action)},"effect":${quoted(event.effect)},"command":${quoted(event.command)},` +
    `"revision":${quoted(event.revision)},"findings":${listed(event.findings)},"detail":${detailOf(event.detail)}}`
  );
}

const maxQuotedTexts = 4_096;
const maxQuotedLength = 2_048;
let texts = new Map<string, string>();

function quoted(text: string): string {
  const known = texts.get(text);
  if (known !== undefined) return known;
  const json = JSON.stringify(text);
  if (text.length > maxQuotedLength) return json;
  if (texts.size >= maxQuotedTexts) texts = new Map();
  texts.set(text, json);
  return json;
}

/** The findings of a cached decision are the same list each time. */
const lists = new WeakMap<readonly string[], string>();

function listed(findings: readonly string[]): string {
  const known = lists.get(findings);
  if (known !== undefined) return known;
  const json = JSON.stringify(findings);
  lists.set(findings, json);
  return json;
}

function detailOf(detail: AuditEvent['detail']): string {
  for (const _ in detail) return JSON.stringify(detail);
  return '{}';
}

/**
 * Makes any event fit: the command is cut, then the rest of what can be long.
 * `detail.cut` has the length in bytes and the SHA-256 of each text that was cut.
 * The sums hold for the worst case, in which JSON writes a character as six bytes.
 */
function cutEvent(event: AuditEvent): AuditEvent {
  const cut: Record<string, Json> = {};
  const short = (name: string, text: string, maxCharacters: number) => {
    if (text.length <= maxCharacters) return text;
    cut[name] = digestOf(text);
    return text.slice(0, maxCharacters).toWellFormed();
  };
  const detail = JSON.stringify(event.detail);
  const findings = JSON.stringify(event.findings);
  const keepDetail = Buffer.byteLength(detail) <= 8_000;
  const keepFindings = Buffer.byteLength(findings) <= 4_000;
  if (!keepDetail) cut['detail'] = digestOf(detail);
  if (!keepFindings) cut['findings'] = digestOf(findings);
  return {
    type: event.type,
    time: short('time', event.time, 64),
    identity: short('identity', event.identity, 512),
    session: short('session', event.session, 64),
    request: short('request', event.request, 64),
    target: short('target', event.target, 256),
    action: short('action', event.action, 64),
    effect: event.effect,
    command: short('command', event.command, 7_000),
    revision: short('revision', event.revision, 128),
    findings: keepFindings ? event.findings : [],
    detail: keepDetail ? { ...event.detail, cut } : { cut },
  };
}

function digestOf(text: string): Json {
  const bytes = Buffer.from(text);
  return { bytes: bytes.length, sha256: sha256(bytes).toString('hex') };
}

const textFields = ['time', 'identity', 'session', 'request', 'target', 'action', 'effect', 'command', 'revision'];

function isEvent(value: unknown): value is AuditEvent {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Readonly<Record<string, unknown>>; // of no field anything is known
  return (
    auditTypes.includes(fields['type'] as AuditType) && // includes() is what proves it
    textFields.every((name) => typeof fields[name] === 'string') &&
    Array.isArray(fields['findings']) &&
    typeof fields['detail'] === 'object'
  );
}
