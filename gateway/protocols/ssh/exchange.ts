import type { SshCommand } from '../../contract/command-ssh.ts';
import type { Deliver, Denial, Exchange, HoldNotice, OutlinedTexts } from '../../contract/exchange.ts';
import { type Permit, redeemPermit } from '../../contract/permit.ts';
import type { ResultPart } from '../../contract/result.ts';
import type { Wait } from '../../contract/wait.ts';
import { commandKey, type Shell } from '../../facts/shell/index.ts';

/** What an exchange asks of the channel that carries it. */
export interface Carrier {
  /** The permit is spent: the line goes to the host. */
  send(x: SshExchange): void;
  deny(denial: Denial): void;
  holding(notice: HoldNotice): void;
  reply(part: ResultPart): Wait;
  breakOff(denial: Denial): void;
}

/** What is not as with an exec. */
export interface ExchangeTerms {
  readonly results: Exchange['results'];
  readonly changes: boolean;
  /** Limits count over everything that shares it. */
  readonly tally: object | undefined;
  readonly canJudgeLines?: boolean;
  readonly canMaskContents?: boolean;
}

// Nobody knows of a program what it changes.
export const execTerms: ExchangeTerms = { results: 'stream', changes: true, tally: undefined };
/** Of a connection that is passed on. */
export const carriedTerms: ExchangeTerms = { results: 'carried', changes: true, tally: undefined };

/** What is asked for together, on its way through the gate: the simple commands of a line, which print one stream together, or one operation on a file. */
export class SshExchange implements Exchange {
  readonly commands: readonly [SshCommand, ...SshCommand[]];
  readonly #carrier: Carrier;
  readonly #shell: Shell;
  readonly #terms: ExchangeTerms;
  readonly #abort = new AbortController();
  #deliver: Deliver | undefined;
  #judgesLines = false;
  #masksContents = false;

  /** @param shell the login's at the host */
  constructor(carrier: Carrier, commands: readonly [SshCommand, ...SshCommand[]], shell: Shell, terms = execTerms) {
    this.#carrier = carrier;
    this.commands = commands;
    this.#shell = shell;
    this.#terms = terms;
  }

  get results(): Exchange['results'] {
    return this.#terms.results;
  }

  get canJudgeLines(): boolean {
    return this.#terms.canJudgeLines === true;
  }

  get canMaskContents(): boolean {
    return this.#terms.canMaskContents === true;
  }

  key(i: number): string {
    return commandKey(this.commands[i] ?? this.commands[0], this.#shell);
  }

  changes(): boolean {
    return this.#terms.changes;
  }

  tally(): object {
    return this.#terms.tally ?? this;
  }

  recordText(i: number): OutlinedTexts {
    const command = this.commands[i] ?? this.commands[0];
    const { text, ...facts } = command;
    const outline = command.request === 'exec' ? (command.name ?? '') : outlineOf(command);
    return { text, params: [], outline, facts, place: {}, erased: [] };
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** What was released may run only if each line that it is given is offered first. */
  get judgesLines(): boolean {
    return this.#judgesLines;
  }

  /** What was released may be read only of a masked copy. */
  get masksContents(): boolean {
    return this.#masksContents;
  }

  /** The client gave up on it. */
  cancel(): void {
    this.#abort.abort();
  }

  deny(denial: Denial): Wait {
    this.#carrier.deny(denial);
    return undefined;
  }

  holding(notice: HoldNotice): Wait {
    this.#carrier.holding(notice);
    return undefined;
  }

  forward(permit: Permit, deliver: Deliver): Wait {
    const { judgesLines, masksContents } = redeemPermit(permit);
    this.#judgesLines = judgesLines;
    this.#masksContents = masksContents;
    this.#deliver = deliver;
    this.#carrier.send(this);
    return undefined;
  }

  /** Offers a part of the stream to enforcement. */
  deliver(part: ResultPart): Wait {
    if (part.kind !== 'end') return this.#deliver?.(0, part);
    // It is over for all of them; what the client is told of the end goes with the first.
    for (const i of this.commands.keys()) if (i > 0) void this.#deliver?.(i, part);
    return this.#deliver?.(0, part);
  }

  reply(i: number, part: ResultPart): Wait {
    return i === 0 ? this.#carrier.reply(part) : undefined;
  }

  breakOff(denial: Denial): Wait {
    this.#carrier.breakOff(denial);
    return undefined;
  }
}

/** What a request that is no exec is, without addresses. */
function outlineOf({ request, text, forward, file, name }: SshCommand): string {
  if (request === 'signal') return text;
  if (request === 'sftp') return file?.operation ?? name ?? '';
  return forward ? `forward ${forward.kind}` : request;
}
