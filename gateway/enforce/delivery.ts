import type { Command } from '../contract/command.ts';
import { detectorsIn } from '../contract/detector.ts';
import type { Decision, MaskMethod } from '../contract/decision.ts';
import { type CellMask, columnMask, type ColumnMasks, morePrivate, namesLabel } from '../contract/mask.ts';
import type { Masks } from '../contract/ports.ts';
import {
  type Direction,
  type Field,
  MaskImpossible,
  type Message,
  type ResultPart,
  type RowBatch,
  type Sent,
} from '../contract/result.ts';
import { Contents, LimitReached } from './contents.ts';
import { Search } from './detectors/search.ts';
import { labelledPaths } from './masking/labelled-paths.ts';
import { MaskedCopy } from './streams/masked-copy.ts';
import { StreamObligations } from './streams/stream-obligations.ts';
import { withheldCode } from './withheld-code.ts';

/** The last part of a result. */
export type End = ResultPart & { readonly kind: 'end' };

/** Rows and bytes that the pieces of one result have used up of its limits. */
interface Tally {
  rows: number;
  bytes: number;
  cut: boolean;
  /** Bytes of files, each way. */
  readonly moved: { [direction in Direction]: number };
}

/** One tally for each portal, cursor or session, made when a limit first asks for it. */
export class Tallies {
  readonly #known = new WeakMap<object, Tally>();

  of(shared: object): Tally {
    const known = this.#known.get(shared);
    if (known) return known;
    const tally: Tally = { rows: 0, bytes: 0, cut: false, moved: { in: 0, out: 0 } };
    this.#known.set(shared, tally);
    return tally;
  }
}

/** The obligations of one released command, applied part by part. Pure but for its counting. */
export class Delivery {
  readonly #command: Command;
  readonly #decision: Decision;
  readonly #masks: Masks;
  readonly #shared: object;
  readonly #tallies: Tallies;
  #tallied: Tally | undefined;
  #columns: ColumnMasks | undefined;
  #contents: Contents | undefined;
  #copy: MaskedCopy | undefined;
  #rowsOut = 0;
  #bytesOut = 0;
  #isOver = false;
  #streamed: StreamObligations | undefined;
  /** What the result quotes is not what was judged: its texts are data as well. */
  #doubtful = false;
  readonly #quotes: () => boolean;
  /** For texts that no label covers, where policy asks for it. */
  readonly #search: Search | undefined;

  /**
   * @param shared limits count over everything that shares this object
   * @param quotes whether an earlier command of the transaction met masked values, which checks that waited until now may quote
   */
  constructor(
    command: Command,
    decision: Decision,
    masks: Masks,
    shared: object,
    tallies: Tallies,
    quotes: () => boolean = () => false,
  ) {
    this.#quotes = quotes;
    this.#command = command;
    this.#decision = decision;
    this.#masks = masks;
    this.#shared = shared;
    this.#tallies = tallies;
    const detectors = detectorsIn(decision.masks);
    this.#search = detectors && new Search(detectors);
  }

  /** Whether its end was told. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** What reached the client. */
  get sent(): Sent {
    const bytes = this.#bytesOut + (this.#streamed?.sent ?? 0);
    const hidden = this.#streamed?.hidden ?? this.#copy?.hidden;
    const contents = this.#contents?.ranges();
    return { rows: this.#rowsOut, bytes, ...(contents && { contents }), ...(hidden && { hidden }) };
  }

  /**
   * What may leave of one part; undefined when nothing of it may.
   * @throws MaskImpossible when the result cannot carry the masks: then nothing more of it may leave.
   */
  apply(part: ResultPart): ResultPart | undefined {
    switch (part.kind) {
      case 'fields':
        this.#doubtful ||= part.fields.some(({ doubt }) => doubt !== undefined);
        this.#columns = this.#searched(
          part.fields,
          columnMasks(this.#command, this.#decision, part.fields, this.#masks),
        );
        return part;
      case 'rows':
        return this.#rows(part, part.batch);
      case 'bytes':
        return this.#stream.pass(part);
      case 'copy':
        return (this.#copy ??= new MaskedCopy(this.#decision.masks)).add(part);
      case 'content':
        return this.#content(part);
      case 'screen':
        return part;
      case 'message':
        if (this.#redactsTexts) return { kind: 'message', message: redactMessage(part.message) };
        return this.#search ? { kind: 'message', message: this.#search.message(part.message) } : part;
      case 'end':
        return this.end(part);
      default:
        return part satisfies never;
    }
  }

  /** How it ended, as the client may hear it: the same object where that is all of it, and then adapters send what the target sent. */
  end(part: End): End {
    this.#isOver = true;
    const { outcome } = part;
    if (outcome.ok || (!this.#redactsTexts && !this.#search)) return part;
    const text = this.#redactsTexts || !this.#search ? redactedText : this.#search.text(outcome.text);
    const code = this.#redactsTexts ? withheldCode(outcome) : outcome.code;
    return { kind: 'end', outcome: { ...outcome, code, text } };
  }

  /** What a stream has used up of its limits, as a sentence: it is to be ended. */
  get struck(): string | undefined {
    return this.#streamed?.struck;
  }

  /** Whether something of a stream waits for what follows it. */
  get holdsBack(): boolean {
    return this.#streamed?.holdsBack ?? false;
  }

  /** What of it may leave when nothing follows for a while. */
  paused(): readonly ResultPart[] {
    return this.#streamed?.paused() ?? nothing;
  }

  /** What is left to be said when the result is over: the rest of a stream, or that rows were cut. */
  rest(): readonly ResultPart[] {
    if (this.#streamed) return this.#streamed.rest();
    return this.#tallied?.cut ? [{ kind: 'message', message: this.#cutNotice(this.#tallied) }] : nothing;
  }

  get #stream(): StreamObligations {
    return (this.#streamed ??= new StreamObligations(this.#decision, isOldCopy(this.#command)));
  }

  #cutNotice(tally: Tally): Message {
    const { rows, bytes } = this.#decision.limits;
    const what = rows !== undefined && tally.rows >= rows ? `${rows} rows` : `${bytes} bytes`;
    return { severity: 'notice', code: '01004', text: `result cut by policy after ${what}` };
  }

  /** A label's mask goes before what a detector finds. */
  #searched(fields: readonly Field[], masks: ColumnMasks): ColumnMasks {
    return this.#search ? this.#search.masksOf(fields).map((search, i) => masks[i] ?? search) : masks;
  }

  get #redactsTexts(): boolean {
    return this.#doubtful || hasMasks(this.#decision) || this.#quotes();
  }

  #rows(part: ResultPart, batch: RowBatch): ResultPart | undefined {
    // Rows without a known shape under masks: nobody knows which column is which.
    if (!this.#columns && (this.#search || hasMasks(this.#decision)))
      throw new MaskImpossible('rows came before their description');
    const kept = this.#withinLimits(batch);
    if (!kept) return undefined;
    const safe = this.#columns?.some(Boolean) ? kept.masked(this.#columns) : kept;
    this.#rowsOut += safe.rows;
    this.#bytesOut += safe.bytes;
    return safe === batch ? part : { kind: 'rows', batch: safe };
  }

  /** Half a file must not look like a whole one: past its limit nothing of a piece goes. @throws LimitReached */
  #content(part: ResultPart & { readonly kind: 'content' }): ResultPart {
    if (Object.keys(this.#decision.masks).length > 0) {
      if (!this.#copy || part.direction === 'in')
        throw new MaskImpossible('a file is masked as a whole, and only read');
      this.#copy.check(part);
    }
    const { moved } = (this.#tallied ??= this.#tallies.of(this.#shared));
    const after = moved[part.direction] + part.bytes.length;
    if (after > (this.#decision.limits.bytes ?? Infinity)) throw new LimitReached(this.#decision);
    moved[part.direction] = after;
    if (part.direction === 'out') this.#bytesOut += part.bytes.length;
    (this.#contents ??= new Contents()).add(part);
    return part;
  }

  #withinLimits(batch: RowBatch): RowBatch | undefined {
    const { rows, bytes } = this.#decision.limits;
    if (rows === undefined && bytes === undefined) return batch;
    const tally = (this.#tallied ??= this.#tallies.of(this.#shared));
    // What leaves is the beginning of the result, however the network grouped its rows: after a gap nothing follows.
    const room = tally.cut ? 0 : fitting(batch, (rows ?? Infinity) - tally.rows, (bytes ?? Infinity) - tally.bytes);
    if (room < batch.rows) tally.cut = true;
    if (room === 0) return undefined;
    const kept = room === batch.rows ? batch : batch.first(room);
    tally.rows += room;
    tally.bytes += kept.bytes;
    return kept;
  }
}

/** scp as it was says of each file how long it is before it sends it. */
function isOldCopy(command: Command): boolean {
  return command.protocol === 'ssh' && command.transfer?.tool === 'scp' && command.transfer.direction === 'out';
}

/** How many rows from the first on keep within both limits. */
function fitting(batch: RowBatch, rows: number, bytes: number): number {
  let most = Math.min(batch.rows, rows);
  if (batch.bytes <= bytes) return most;
  for (let least = 0; ;) {
    if (least === most) return most;
    const middle = Math.ceil((least + most) / 2);
    if (batch.first(middle).bytes <= bytes) least = middle;
    else most = middle - 1;
  }
}

const nothing: readonly ResultPart[] = [];

const redactedText = 'text withheld: the command touched masked data';

/** Error and notice texts are data: a failed cast quotes the value. Under masks only the code leaves. */
function redactMessage(message: Message): Message {
  return { severity: message.severity, code: withheldCode(message), text: redactedText };
}

/** Whether values with some label leave masked. Detectors alone are no reason to withhold what was not found by them. */
export function hasMasks(decision: Decision): boolean {
  for (const label in decision.masks) if (namesLabel(label)) return true;
  return false;
}

/** One mask for each output column that carries a masked label; the most private one where several do. */
function columnMasks(command: Command, decision: Decision, fields: readonly Field[], masks: Masks): ColumnMasks {
  const doubtful = fields.some(({ doubt }) => doubt !== undefined);
  if ((!hasMasks(decision) && !doubtful) || fields.length === 0) return [];
  if (command.protocol !== 'postgres') throw new MaskImpossible(`${command.protocol} results carry no masks`);
  const { output } = command;
  if (output.length !== fields.length)
    throw new MaskImpossible(`the analysis knows ${output.length} columns, the result has ${fields.length}`);
  return fields.map(({ shape, doubt }, i) => {
    if (doubt) return doubtMask(doubt, command, decision, shape, masks);
    const mask = columnMask(output[i], decision.masks);
    if (mask === undefined) return undefined;
    const paths = shape === 'json' ? output[i]?.paths : undefined;
    return paths ? labelledPaths(paths, decision.masks, masks) : masks.cellMask(mask.method, mask.label, shape);
  });
}

/**
 * For a column that nobody can name: as private as anything the command could reach, and redacted at least. It passes only to those who may
 * read all of that, and only when policy was asked about every label that the target's word adds.
 */
function doubtMask(
  doubt: readonly string[],
  command: Command,
  { masks: wanted }: Decision,
  shape: Field['shape'],
  masks: Masks,
): CellMask | undefined {
  const judged = doubt.length > 0 && doubt.every((label) => command.labels.includes(label));
  const methods = Object.entries(wanted).flatMap(([label, method]) => (namesLabel(label) ? [method] : []));
  if (methods.length === 0 && judged) return undefined;
  const method = methods.reduce<MaskMethod>(morePrivate, 'redact');
  return masks.cellMask(method, doubt[0] ?? 'unknown', shape);
}
