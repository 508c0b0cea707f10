import type { PostgresCommand } from '../../contract/command-postgres.ts';
import type { Deliver, Denial, Exchange, HoldNotice, OutlinedTexts } from '../../contract/exchange.ts';
import { type Permit, redeemPermit } from '../../contract/permit.ts';
import type { ResultPart } from '../../contract/result.ts';
import type { Wait } from '../../contract/wait.ts';
import type { Frame } from './codec/frames.ts';
import type { Unit } from './unit.ts';
import type { RowColumns } from './results/results.ts';
import type { CopyOut } from './results/copy.ts';
import type { Portal, Prepared } from './names.ts';

/** What an exchange asks of the session that carries it. */
export interface Carrier {
  /** The permit is spent: these bytes go upstream. */
  send(x: PgExchange): Wait;
  deny(x: PgExchange, denial: Denial): void;
  holding(x: PgExchange, notice: HoldNotice): void;
  reply(x: PgExchange, i: number, part: ResultPart): void;
  breakOff(x: PgExchange, denial: Denial): void;
}

/**
 * How its commands travel: `query` with a simple Query, `execute` by Execute, `declare` by Parse, `own` is a Query of the gateway's
 * (start-up settings) whose result the client does not see.
 */
export type Travel = 'query' | 'execute' | 'declare' | 'own';

/** There is no such command: nothing is known of it. */
const nothing: OutlinedTexts = {
  text: '',
  params: [],
  outline: '',
  facts: {},
  place: {},
  erased: ['text', 'params', 'facts'],
};

/** One Query message, one Execute or one Parse on its way through the gate. */
export class PgExchange implements Exchange {
  readonly results = 'rows';
  readonly commands: readonly [PostgresCommand, ...PostgresCommand[]];
  readonly units: readonly Unit[];
  readonly travel: Travel;
  /** The client's frame, untouched: what the parser saw is what the server gets. */
  readonly frame: Frame;
  /** What an Execute runs. */
  readonly portal: Portal | undefined;
  /** What a Parse declares. */
  readonly prepared: Prepared | undefined;
  readonly transaction: object;
  /** What each command was released by. */
  requestIds: Permit['requestIds'] = [];
  /** Which command the upstream is answering. */
  index = 0;
  /** The shape of the rows that are coming, once it is known. */
  columns: RowColumns | undefined;
  /** The COPY TO STDOUT that the upstream is answering with. */
  copyOut: CopyOut | undefined;
  /** An earlier error stands for it: it is recorded as not run, and the client hears nothing more. */
  silent = false;
  readonly #carrier: Carrier;
  #deliver: Deliver | undefined;
  #abort: AbortController | undefined;

  constructor(
    carrier: Carrier,
    travel: Travel,
    frame: Frame,
    units: readonly Unit[],
    commands: readonly [PostgresCommand, ...PostgresCommand[]],
    about: { readonly portal?: Portal; readonly prepared?: Prepared; readonly transaction?: object } = {},
  ) {
    this.#carrier = carrier;
    this.travel = travel;
    this.frame = frame;
    this.units = units;
    this.commands = commands;
    this.portal = about.portal;
    this.prepared = about.prepared;
    this.transaction = about.transaction ?? this;
  }

  key(i: number): string {
    const unit = this.units[i];
    const dirty = this.commands[i]?.analysis.reasons !== unit?.facts.analysis.reasons;
    return `${this.travel === 'declare' ? 'declare ' : ''}${dirty ? 'dirty ' : ''}${unit?.key ?? ''}`;
  }

  changes(i: number): boolean {
    return this.units[i]?.changes ?? true;
  }

  tally(i: number): object {
    return this.units[i]?.tally ?? this;
  }

  recordText(i: number): OutlinedTexts {
    const [unit, command] = [this.units[i], this.commands[i]];
    if (!unit || !command) return nothing;
    const { recordText: text, recordParams: params, outline, recordFacts, erased } = unit;
    const { transaction, batch, analysis } = command;
    const facts = analysis === unit.facts.analysis ? recordFacts : { ...recordFacts, analysis };
    return { text, params, outline, facts, place: placeOf(transaction, batch), erased };
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    return this.#abort.signal;
  }

  /** The client gave up on it. */
  cancel(): void {
    this.#abort ??= new AbortController();
    this.#abort.abort();
  }

  deny(denial: Denial): Wait {
    this.#carrier.deny(this, denial);
    return undefined;
  }

  holding(notice: HoldNotice): Wait {
    this.#carrier.holding(this, notice);
    return undefined;
  }

  forward(permit: Permit, deliver: Deliver): Wait {
    this.requestIds = redeemPermit(permit).requestIds;
    this.#deliver = deliver;
    return this.#carrier.send(this);
  }

  /** Offers a part of the current command's result to enforcement; what comes after the last one's end (an error at Sync) still falls under it. */
  deliver(part: ResultPart): Wait {
    return this.#deliver?.(Math.min(this.index, this.units.length - 1), part);
  }

  reply(i: number, part: ResultPart): Wait {
    this.#carrier.reply(this, i, part);
    return undefined;
  }

  breakOff(denial: Denial): Wait {
    this.#carrier.breakOff(this, denial);
    return undefined;
  }
}

type Place = Pick<PostgresCommand, 'transaction' | 'batch'>;

/** Statements that came alone, by their transaction: nearly all. One object each, so that the recording knows what it has said. */
const alone: readonly Place[] = [false, true].flatMap((isIn) =>
  [false, true].map((failed) => ({ transaction: { in: isIn, failed }, batch: { index: 0, count: 1 } })),
);

function placeOf(transaction: Place['transaction'], batch: Place['batch']): Place {
  const known = batch.count === 1 ? alone[(transaction.in ? 2 : 0) + (transaction.failed ? 1 : 0)] : undefined;
  return known ?? { transaction, batch };
}
