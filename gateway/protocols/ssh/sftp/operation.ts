import type { Denial, HoldNotice } from '../../../contract/exchange.ts';
import type { Gate } from '../../../contract/gate.ts';
import type { Outcome, ResultPart } from '../../../contract/result.ts';
import type { Wait } from '../../../contract/wait.ts';
import { type Carrier, SshExchange } from '../exchange.ts';
import type { SftpAnswer } from './answers.ts';
import type { SftpHost } from './host.ts';
import type { Plan } from './plans.ts';
import type { Room } from './room.ts';
import { readWhole } from './whole-file.ts';
import { answerTypes, encodePacket, encodeStatus, malformed, requestTypes, statuses } from './wire.ts';

export interface OperationPorts {
  readonly gate: Gate;
  readonly host: SftpHost;
  /** Limits of bytes count over everything that shares it. */
  readonly tally: object;
  /** For masked copies: of one file, in bytes, and of all that the channel may still have. */
  readonly maxMaskedFileBytes: number;
  readonly room: Room;
  /** A host's handle becomes the client's. @param copy what is read in the place of the file. @returns the client's */
  opened(operation: FileOperation, hostHandle: Buffer, copy: Buffer | undefined): Buffer;
  /** Sends the one answer of a request. */
  answer(packet: Buffer): Wait;
  /** The host takes no more until then. */
  slow(wait: Wait): void;
  denied(denial: Denial): void;
  held(notice: HoldNotice): void;
  /** What the client's user reads beside an answer. */
  tell(line: string): void;
  /** It broke: nothing of the channel goes on. */
  failed(error: unknown): void;
}

/**
 * One operation on its way through the gate: from its plan to the answer to the client. One that opens something is not over with its answer:
 * what is read and written goes through it until the close.
 */
export class FileOperation implements Carrier {
  readonly id: number;
  readonly plan: Plan;
  readonly #ports: OperationPorts;
  readonly #again: () => Promise<Plan>;
  readonly #x: SshExchange;
  readonly #settled = Promise.withResolvers<void>();
  #wasHeld = false;
  /** What `reply` sends when enforcement lets a part through. */
  #release: (() => Wait) | undefined;
  /** Why nothing more of it may go. */
  #broken: Denial | undefined;
  /** Of the file that it opened, where policy masks what is read. */
  #copy: Buffer | undefined;

  /** @param again the same plan, made anew: links may lead elsewhere after a hold */
  constructor(id: number, plan: Plan, again: () => Promise<Plan>, ports: OperationPorts) {
    this.id = id;
    this.plan = plan;
    this.#again = again;
    this.#ports = ports;
    const changes = plan.command.effects.some((effect) => effect !== 'read');
    const { flags = [] } = plan.command.file ?? {};
    // A copy that is written back would destroy what is masked.
    const canMaskContents = flags.length === 1 && flags[0] === 'read';
    const terms = { results: 'contents', changes, tally: ports.tally, canMaskContents } as const;
    this.#x = new SshExchange(this, [plan.command], 'unknown', terms);
  }

  /** Resolves when the next request may be judged: this one was sent or denied, or waits for an approval. */
  async offer(): Promise<void> {
    const offered = Promise.resolve(this.#ports.gate.offer(this.#x)).then(() => this.#settled.resolve());
    offered.catch((error: unknown) => this.#ports.failed(error));
    await this.#settled.promise;
  }

  /** The client is gone. */
  cancel(): void {
    this.#x.cancel();
    this.#settled.resolve();
  }

  /** Why nothing more of it may be read or written. */
  get broken(): Denial | undefined {
    return this.#broken;
  }

  /** Offers a piece of the open file; `go` is what happens when it may pass. @returns false when it may not */
  content(
    part: ResultPart & { readonly kind: 'content' },
    go: () => Wait,
  ): { readonly passed: boolean; readonly wait: Wait } {
    // Behind a piece that did not pass no smaller one does.
    return this.#broken ? { passed: false, wait: undefined } : this.#deliver(part, go);
  }

  /**
   * The file is closed: it has an end, whatever went before.
   * @param go told why, where only the end itself could not be recorded: nobody may take the file for a whole one
   */
  finish(outcome: Outcome, go: (why: Denial | undefined) => Wait): Wait {
    const before = this.#broken;
    const end = before ? ({ ok: false, code: before.code, text: before.message } as const) : outcome;
    const { passed, wait } = this.#deliver({ kind: 'end', outcome: end }, () => go(undefined));
    return passed ? wait : go(before ? undefined : this.#broken);
  }

  // --- what enforcement says ------------------------------------------------------------------------------------------------------

  send(): void {
    if (!this.#wasHeld) return this.#act(this.plan);
    this.#again().then(
      (plan) => {
        if (plan.command.text === this.plan.command.text) return this.#act(plan);
        const text = 'what was approved leads elsewhere by now';
        void this.#answered({ kind: 'status', status: statuses.failure, text });
      },
      (error: unknown) => this.#ports.failed(error),
    );
  }

  deny(denial: Denial): void {
    this.#ports.denied(denial);
    void this.#ports.answer(refusal(this.id, denial));
  }

  holding(notice: HoldNotice): void {
    this.#wasHeld = true;
    this.#ports.held(notice);
    this.#settled.resolve();
  }

  reply(part: ResultPart): Wait {
    switch (part.kind) {
      case 'content':
      case 'end': {
        const go = this.#release;
        this.#release = undefined;
        return go?.();
      }
      case 'copy':
        this.#copy = part.bytes;
        return undefined;
      case 'message':
        return undefined; // a notice has no place in sftp
      case 'bytes':
      case 'fields':
      case 'rows':
      case 'screen':
        throw new TypeError('files have neither rows nor streams');
      default:
        return part satisfies never;
    }
  }

  breakOff(denial: Denial): void {
    if (!this.#broken) this.#ports.denied(denial);
    this.#broken = denial;
  }

  // --- what the host says ---------------------------------------------------------------------------------------------------------

  #act({ act }: Plan): void {
    if ('answer' in act) void this.#answered(act.answer);
    else this.#ports.slow(this.#ports.host.ask(act.encode, (answer) => this.#answered(answer)));
  }

  #answered(answer: SftpAnswer): Wait {
    if (answer.kind !== 'status' && answer.kind !== this.plan.expects)
      throw malformed(`${answer.kind} where ${this.plan.expects} belongs`);
    if (answer.kind === 'handle') {
      if (!this.#x.masksContents) return this.#opened(answer.handle);
      this.#openMasked(answer.handle).catch((error: unknown) => this.#ports.failed(error));
      return undefined;
    }
    const go = () => this.#ports.answer(answerPacket(this.id, answer));
    const { passed, wait } = this.#deliver({ kind: 'end', outcome: outcomeOf(answer) }, go);
    if (passed || !this.#broken) return wait;
    return this.#ports.answer(refusal(this.id, this.#broken));
  }

  #opened(hostHandle: Buffer): Wait {
    const handle = this.#ports.opened(this, hostHandle, this.#copy);
    return this.#ports.answer(encodePacket(answerTypes.handle, this.id, handle));
  }

  /** The whole file is read and masked before the client has a handle to it. */
  async #openMasked(hostHandle: Buffer): Promise<void> {
    const { host, room, maxMaskedFileBytes: maxBytes } = this.#ports;
    const take = (bytes: Buffer) => this.#mask(bytes, false);
    const read = await readWhole({ host, hostHandle, maxBytes, room, take });
    if (this.#x.signal.aborted) return;
    if (read.ok) {
      const { passed, wait } = this.#mask(Buffer.alloc(0), true);
      if (wait) await wait;
      if (passed) return void this.#opened(hostHandle);
      room.give(read.bytes);
    }
    void host.ask(
      (id) => encodePacket(requestTypes.close, id, hostHandle),
      () => undefined,
    );
    const why = read.ok ? 'unwanted' : read.why;
    if (typeof why !== 'string') return void this.#answered(why);
    const text = uncopied(why, maxBytes);
    if (!this.#broken) this.#ports.tell(text);
    void this.#answered({ kind: 'status', status: statuses.failure, text });
  }

  #mask(bytes: Buffer, isLast: boolean): { readonly passed: boolean; readonly wait: Wait } {
    const { wait } = this.#deliver({ kind: 'copy', bytes, isLast }, () => undefined);
    return { passed: this.#broken === undefined, wait };
  }

  #deliver(part: ResultPart, go: () => Wait): { readonly passed: boolean; readonly wait: Wait } {
    this.#release = go;
    const wait = this.#x.deliver(part);
    const passed = this.#release === undefined;
    this.#release = undefined;
    return { passed, wait };
  }
}

function uncopied(why: 'too-long' | 'no-room' | 'unwanted', maxBytes: number): string {
  const because = {
    'too-long': `a file of more than ${maxBytes} bytes is not`,
    'no-room': 'there is no room for one more: close others first',
    unwanted: 'this one cannot be made',
  };
  return `policy masks what is read: of files masked copies are made, and ${because[why]}`;
}

/** A host's answer, under the client's id. */
export function answerPacket(id: number, answer: SftpAnswer): Buffer {
  switch (answer.kind) {
    case 'status':
      return encodeStatus(id, answer.status, answer.text);
    case 'handle':
      throw new TypeError('a host’s handle is not the client’s');
    case 'attrs':
    case 'data':
    case 'extended':
    case 'name':
      answer.packet.writeUInt32BE(id, 5);
      return answer.packet;
    default:
      return answer satisfies never;
  }
}

/** A no, in one text. */
export function refusal(id: number, { message, hint, requestId, revision }: Denial): Buffer {
  const more = hint === undefined ? '' : ` (${hint})`;
  return encodeStatus(id, statuses.permissionDenied, `${message}${more}; request ${requestId} revision ${revision}`);
}

/** As recordings have it: an error of a host is one, the end of a directory is none. */
export function outcomeOf(answer: SftpAnswer): Outcome {
  if (answer.kind !== 'status' || answer.status === statuses.ok) return { ok: true, tag: 'done' };
  if (answer.status === statuses.eof) return { ok: true, tag: 'end of file' };
  const [name = 'failure'] = Object.entries(statuses).find(([, status]) => status === answer.status) ?? [];
  return { ok: false, code: name, text: answer.text };
}
