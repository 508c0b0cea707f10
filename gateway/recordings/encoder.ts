import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import type { Decision } from '../contract/decision.ts';
import type { RequestId } from '../contract/ids.ts';
import type { RecordedCommand } from '../contract/ports.ts';
import type { ByteStream, Field, Message, Outcome, RowBatch, Screen, Sent } from '../contract/result.ts';
import type { RecordedDecision, RecordingEvent } from './format.ts';
import { JudgedLines } from './judged-lines.ts';
import { Known } from './known.ts';

/** Commands that may be waiting for their end: more than fit any buffer of the gateway. */
const maxOpenCommands = 65_536;

interface OpenCommand {
  readonly number: number;
  /** Bytes of rows that may still be kept. */
  room: number;
  omitted: { rows: number; bytes: number; readonly hash: Hash } | undefined;
  /** What it was given on standard input. */
  input: { bytes: number; readonly hash: Hash } | undefined;
  hasTerminal: boolean;
}

/** What is kept of each command's result. */
export interface Kept {
  /** Of rows, or of what is printed into a pipe. */
  readonly maxResultBytes: number;
  /** Of what is printed on a terminal. */
  readonly maxTerminalBytes: number;
}

/** Turns what happens in a session into lines. Lines are built by hand where they come by the thousand. */
export class Encoder {
  readonly #kept: Kept;
  readonly #open = new Map<RequestId, OpenCommand>();
  readonly #texts = new Known(() => ++this.#numbers);
  readonly #fields = new Known(() => ++this.#numbers);
  readonly #judged = new JudgedLines(() => ++this.#numbers);
  readonly #decisions = new WeakMap<Decision, number>();
  #numbers = 0;
  #commands = 0;

  constructor(kept: Kept) {
    this.#kept = kept;
  }

  get commands(): number {
    return this.#commands;
  }

  command(t: number, entry: RecordedCommand): string {
    const number = ++this.#commands;
    this.#begin(entry, number);
    let lines = '';
    let decision = this.#decisions.get(entry.decision);
    if (decision === undefined) {
      decision = ++this.#numbers;
      this.#decisions.set(entry.decision, decision);
      lines += line({ type: 'decision', n: decision, decision: recordedDecision(entry.decision) });
    }
    const [text, written] = this.#texts.numbered(entry.text, (n) => line({ type: 'text', n, text: entry.text }));
    const [judged, members] = this.#judged.of(entry);
    const params = entry.params.length > 0 ? `,"params":${JSON.stringify(entry.params)}` : '';
    return (
      `${lines}${written}${judged}{"type":"command","t":${t},"command":${number},"request":${JSON.stringify(entry.requestId)},"text":${text}` +
      `${params},"action":${JSON.stringify(entry.action)},"decision":${decision}${members}}\n`
    );
  }

  fields(t: number, request: RequestId, fields: readonly Field[]): string {
    const names = fields.map((field) => field.name);
    const [number, written] = this.#fields.numbered(names.join('\u0000'), (n) => line({ type: 'fields', n, names }));
    return `${written}{"type":"columns","t":${t},"command":${this.#find(request).number},"fields":${number}}\n`;
  }

  rows(t: number, request: RequestId, batch: RowBatch): string {
    const command = this.#find(request);
    const kept = command.room > 0 ? batch.texts(command.room) : [];
    command.room -= batch.bytes;
    if (kept.length < batch.rows) {
      command.room = 0; // rows after a gap would look like the next ones
      command.omitted ??= { rows: 0, bytes: 0, hash: createHash('sha256') };
      command.omitted.rows += batch.rows - kept.length;
      command.omitted.bytes += batch.bytes;
      command.omitted.hash.update(batch.wire());
    }
    return kept.length > 0
      ? `{"type":"rows","t":${t},"command":${command.number},"rows":${JSON.stringify(kept)}}\n`
      : '';
  }

  /** Nothing follows a gap here either: what is kept is the beginning of both streams together. */
  bytes(t: number, request: RequestId, stream: ByteStream, bytes: Buffer): string {
    const command = this.#find(request);
    if (stream === 'stdin') {
      command.input ??= { bytes: 0, hash: createHash('sha256') };
      command.input.bytes += bytes.length;
      command.input.hash.update(bytes);
      return '';
    }
    // Somebody else's protocol, its secrets included: only a digest.
    if (stream === 'carried') command.room = 0;
    const kept = bytes.subarray(0, Math.max(0, command.room));
    command.room -= bytes.length;
    if (kept.length < bytes.length) {
      command.room = 0;
      command.omitted ??= { rows: 0, bytes: 0, hash: createHash('sha256') };
      command.omitted.bytes += bytes.length - kept.length;
      command.omitted.hash.update(bytes.subarray(kept.length));
    }
    if (kept.length === 0) return '';
    const said = isUtf8(kept) ? { text: kept.toString() } : { base64: kept.toString('base64') };
    return line({
      type: 'bytes',
      t,
      command: command.number,
      stream: stream === 'stderr' ? stream : 'stdout',
      ...said,
    });
  }

  screen(t: number, request: RequestId, screen: Screen): string {
    const command = this.#find(request);
    // Known before anything is printed.
    if (!command.hasTerminal) command.room = this.#kept.maxTerminalBytes;
    command.hasTerminal = true;
    return line({ type: 'screen', t, command: command.number, ...screen });
  }

  message(t: number, request: RequestId, message: Message): string {
    const command = this.#open.get(request)?.number;
    const { about: _, ...said } = message;
    return line({ type: 'message', t, ...(command === undefined ? {} : { command }), ...said });
  }

  end(t: number, request: RequestId, outcome: Outcome, { rows, bytes, contents = [], hidden }: Sent): string {
    const { number, omitted, input, hasTerminal } = this.#find(request);
    this.#open.delete(request);
    const moved = contents.map((range) => line({ type: 'content', t, command: number, ...range })).join('');
    const given = input
      ? line({
          ...({ type: 'input', t, command: number, bytes: input.bytes } as const),
          ...(hasTerminal ? {} : { sha256: input.hash.digest('hex') }),
        })
      : '';
    const left = omitted
      ? line({
          type: 'omitted',
          t,
          command: number,
          rows: omitted.rows,
          bytes: omitted.bytes,
          sha256: omitted.hash.digest('hex'),
        })
      : '';
    const how = outcome.ok
      ? `"tag":${JSON.stringify(outcome.tag)}`
      : `"code":${JSON.stringify(outcome.code)},"text":${JSON.stringify(outcome.text)}`;
    const masked = hidden ? `,"hidden":${JSON.stringify(hidden)}` : '';
    return `${given}${left}${moved}{"type":"end","t":${t},"command":${number},"ok":${outcome.ok},${how},"rows":${rows},"bytes":${bytes}${masked}}\n`;
  }

  hold(t: number, request: RequestId, hold: string, resolution?: string, by?: readonly string[]): string {
    const command = this.#find(request).number;
    return line({
      type: 'hold',
      t,
      command,
      hold,
      ...(resolution === undefined ? {} : { resolution }),
      ...(by === undefined ? {} : { by: [...by] }),
    });
  }

  #begin({ requestId, decision }: RecordedCommand, number: number): void {
    if (decision.effect === 'deny') return; // nothing will come of it
    this.#open.set(requestId, {
      number,
      room: this.#kept.maxResultBytes,
      omitted: undefined,
      input: undefined,
      hasTerminal: false,
    });
    // One that was refused because of its neighbours, or whose exchange broke, never ends.
    const [oldest] = this.#open.keys();
    if (this.#open.size > maxOpenCommands && oldest !== undefined) this.#open.delete(oldest);
  }

  #find(request: RequestId): OpenCommand {
    const command = this.#open.get(request);
    if (!command) throw new TypeError(`nothing was recorded of request ${request} that this could belong to`);
    return command;
  }
}

/** As it stands in the file: one object of JSON and a line feed (NDJSON). */
export function line(event: RecordingEvent): string {
  return `${JSON.stringify(event)}\n`;
}

/** All of it: what was decided can be compared with what would be, to the bit. */
function recordedDecision({ effect, revision, findings, masks, approval, limits }: Decision): RecordedDecision {
  return { effect, revision, findings: [...findings], masks, approval, limits };
}
