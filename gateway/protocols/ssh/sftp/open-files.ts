import type { FileFlag } from '../../../contract/command-ssh.ts';
import type { Wait } from '../../../contract/wait.ts';
import type { SftpAnswer } from './answers.ts';
import { type SftpRequest, Unread } from './asks.ts';
import { attributesField, setSize } from './attributes.ts';
import type { SftpHost } from './host.ts';
import { packetOverhead, type SftpLimits } from './limits.ts';
import { answerPacket, type FileOperation, outcomeOf, refusal } from './operation.ts';
import type { JudgedAsk, Opened } from './plans.ts';
import type { Room } from './room.ts';
import {
  answerTypes,
  encodePacket,
  encodeStatus,
  malformed,
  requestTypes as types,
  statuses,
  type Status,
} from './wire.ts';

export interface OpenFilePorts {
  answer(packet: Buffer): Wait;
  refuse(id: number, status: Status, why: string): void;
  /** The host takes no more until then. */
  slow(wait: Wait): void;
  /** That masked copies are in. */
  readonly room: Room;
}

type HandleRequest = Extract<
  SftpRequest,
  { readonly kind: 'read' | 'write' | 'close' | 'fstat' | 'readdir' | 'fsync' | 'fstatvfs' | 'fsetstat' }
>;

interface OpenFile extends Opened {
  readonly operation: FileOperation;
  readonly isDirectory: boolean;
  readonly flags: readonly FileFlag[];
  /** Stands in for the file where policy masks what is read. */
  readonly copy: Buffer | undefined;
  /** Requests that the host has not answered yet. */
  inFlight: number;
  /** Setstats and copies that have no answer yet: what comes behind them on this file comes behind them at the host too. And pieces not taken. */
  before: number;
  /** What waits for them; and a close, for the answers before it. */
  readonly waiting: HandleRequest[];
}

/** What one channel has open, by the handles that the client was given. What is read and written belongs to the open that was judged. */
export class OpenFiles {
  readonly #host: SftpHost;
  readonly #limits: SftpLimits;
  readonly #ports: OpenFilePorts;
  readonly #files = new Map<string, OpenFile>();
  /** The client has closed them, the host not yet. */
  readonly #closing = new Map<string, OpenFile>();
  #opening = 0;
  #lastHandle = 0;

  constructor(host: SftpHost, limits: SftpLimits, ports: OpenFilePorts) {
    this.#host = host;
    this.#limits = limits;
    this.#ports = ports;
  }

  /** Why a request is not even judged. */
  refusal(ask: JudgedAsk): string | undefined {
    const { maxHandles } = this.#limits;
    switch (ask.kind) {
      case 'open':
      case 'opendir':
        if (this.#files.size + this.#closing.size + this.#opening < maxHandles) return undefined;
        return `more than ${maxHandles} open files`;
      case 'fsetstat':
        return this.#find(ask.handle) ? undefined : noHandle;
      case 'copy-data': {
        const [from, to] = [this.#find(ask.from.handle), this.#find(ask.to.handle)];
        if (!from || !to) return noHandle;
        if (from.copy) return 'policy masks what is read of this file: the host does not copy it';
        return from.flags.includes('read') && to.flags.includes('write') ? undefined : wrongHandle;
      }
      default:
        return undefined;
    }
  }

  /** Where a file that was opened for writing ends is a part of what is written: clients truncate behind what they uploaded. */
  isTruncation({ handle, attributes }: SftpRequest & { readonly kind: 'fsetstat' }): boolean {
    const { size, owner, mode, times } = attributes;
    const isAll = size !== undefined && [owner, mode, times].every((other) => other === undefined);
    return isAll && this.#find(handle)?.flags.includes('write') === true;
  }

  /** Keeps a place for what will be open, and the order on what is. @returns to be called when the request has its answer */
  reserve(ask: JudgedAsk): () => void {
    switch (ask.kind) {
      case 'open':
      case 'opendir':
        this.#opening++;
        return () => this.#opening--;
      case 'fsetstat':
      case 'copy-data': {
        const handles = ask.kind === 'fsetstat' ? [ask.handle] : [ask.from.handle, ask.to.handle];
        const files = handles.flatMap((handle) => this.#find(handle) ?? []);
        for (const file of files) file.before++;
        return () => {
          for (const file of files) {
            file.before--;
            this.#goOn(file);
          }
        };
      }
      default:
        return () => undefined;
    }
  }

  /** @throws Unread for what is none: `refusal` comes before */
  opened(handle: Buffer): Opened {
    const file = this.#find(handle) ?? this.#closing.get(keyOf(handle));
    if (!file) throw new Unread(statuses.failure, noHandle);
    return file;
  }

  /** @returns the client's handle */
  add(operation: FileOperation, hostHandle: Buffer, copy: Buffer | undefined): Buffer {
    const { file } = operation.plan.command;
    if (!file) throw new TypeError('what opens a file names it');
    const handle = Buffer.from(String(++this.#lastHandle));
    const { path, asked_path: asked, flags } = file;
    const isDirectory = file.operation === 'list';
    const own = { operation, isDirectory, flags, copy, inFlight: 0, before: 0, waiting: [] };
    this.#files.set(keyOf(handle), { path, asked, hostHandle, ...own });
    return handle;
  }

  request(request: HandleRequest): void {
    const file = this.#find(request.handle);
    if (!file) return this.#ports.refuse(request.id, statuses.failure, noHandle);
    if (!fits(file, request)) return this.#ports.refuse(request.id, statuses.failure, wrongHandle);
    if (request.kind === 'close') {
      this.#files.delete(keyOf(request.handle));
      this.#closing.set(keyOf(request.handle), file);
    }
    file.waiting.push(request);
    this.#goOn(file);
  }

  /** The channel is over: what is open is told of as far as it went. */
  abandon(): void {
    const outcome = { ok: false, code: 'cut', text: 'the session ended before the file was closed' } as const;
    for (const { operation } of [...this.#files.values(), ...this.#closing.values()])
      void operation.finish(outcome, () => undefined);
    this.#files.clear();
    this.#closing.clear();
  }

  #find(handle: Buffer): OpenFile | undefined {
    return this.#files.get(keyOf(handle));
  }

  #goOn(file: OpenFile): void {
    for (let next = file.waiting[0]; next && file.before === 0; next = file.waiting[0]) {
      // Answers that come behind the close would be on no record.
      if (next.kind === 'close' && file.inFlight > 0) return;
      file.waiting.shift();
      this.#ports.slow(this.#send(file, next));
    }
  }

  #send(file: OpenFile, request: HandleRequest): Wait {
    const { hostHandle } = file;
    const { id } = request;
    switch (request.kind) {
      case 'read':
        return file.copy ? this.#readCopy(file, file.copy, request) : this.#read(file, request);
      case 'write': {
        const { offset, bytes } = request;
        const go = () => this.#ask(file, id, types.write, hostHandle, BigInt(offset), bytes);
        const { passed, wait } = file.operation.content({ kind: 'content', direction: 'in', offset, bytes }, go);
        return passed ? wait : this.#withheld(file, id);
      }
      case 'close':
        return this.#host.ask(
          (hostId) => encodePacket(types.close, hostId, hostHandle),
          (answer) => this.#closed(request, file, answer),
        );
      case 'fsetstat':
        return this.#ask(file, id, types.fsetstat, hostHandle, attributesField(request.attributes));
      case 'fstat':
        return this.#fstat(file, id);
      case 'readdir':
        return this.#ask(file, id, types.readdir, hostHandle);
      case 'fsync':
      case 'fstatvfs':
        return this.#ask(file, id, types.extended, `${request.kind}@openssh.com`, hostHandle);
      default:
        return request satisfies never;
    }
  }

  /** Passes a request on, and its answer back. */
  #ask(file: OpenFile, id: number, type: number, ...fields: Parameters<typeof encodePacket>[2][]): Wait {
    file.inFlight++;
    return this.#host.ask(
      (hostId) => encodePacket(type, hostId, ...fields),
      (answer) => {
        const wait = this.#ports.answer(answerPacket(id, answer));
        this.#answered(file);
        return wait;
      },
    );
  }

  #read(file: OpenFile, { id, offset, length }: HandleRequest & { readonly kind: 'read' }): Wait {
    const most = Math.min(length, this.#limits.maxPacketBytes - packetOverhead);
    file.inFlight++;
    return this.#host.ask(
      (hostId) => encodePacket(types.read, hostId, file.hostHandle, BigInt(offset), most),
      (answer) => {
        const wait = this.#piece(file, id, offset, most, answer);
        this.#answered(file);
        return wait;
      },
    );
  }

  #readCopy(file: OpenFile, copy: Buffer, { id, offset, length }: HandleRequest & { readonly kind: 'read' }): Wait {
    const bytes = copy.subarray(offset, offset + Math.min(length, this.#limits.maxPacketBytes - packetOverhead));
    if (bytes.length === 0) return this.#ports.answer(encodeStatus(id, statuses.eof, 'end of file'));
    const go = () => this.#ports.answer(encodePacket(answerTypes.data, id, bytes));
    const { passed, wait } = file.operation.content({ kind: 'content', direction: 'out', offset, bytes }, go);
    const taken = passed ? wait : this.#withheld(file, id);
    // It is all there at once: a client that does not read it would have us keep it twice.
    if (taken) {
      file.before++;
      void taken.then(() => {
        file.before--;
        this.#goOn(file);
      });
    }
    return taken;
  }

  /** The size is that of what is read. */
  #fstat(file: OpenFile, id: number): Wait {
    file.inFlight++;
    return this.#host.ask(
      (hostId) => encodePacket(types.fstat, hostId, file.hostHandle),
      (answer) => {
        if (file.copy && answer.kind === 'attrs') setSize(answer.packet, file.copy.length);
        const wait = this.#ports.answer(answerPacket(id, answer));
        this.#answered(file);
        return wait;
      },
    );
  }

  #piece(file: OpenFile, id: number, offset: number, most: number, answer: SftpAnswer): Wait {
    const go = () => this.#ports.answer(answerPacket(id, answer));
    if (answer.kind === 'status') return go();
    if (answer.kind !== 'data' || answer.bytes.length > most) throw malformed('something else than was read');
    const part = { kind: 'content', direction: 'out', offset, bytes: answer.bytes } as const;
    const { passed, wait } = file.operation.content(part, go);
    return passed ? wait : this.#withheld(file, id);
  }

  #withheld({ operation: { broken } }: OpenFile, id: number): Wait {
    if (!broken) throw new TypeError('a piece is withheld for a reason');
    return this.#ports.answer(refusal(id, broken));
  }

  #answered(file: OpenFile): void {
    file.inFlight--;
    this.#goOn(file);
  }

  #closed({ id, handle }: HandleRequest, file: OpenFile, answer: SftpAnswer): Wait {
    if (!this.#closing.delete(keyOf(handle))) return undefined;
    if (file.copy) this.#ports.room.give(file.copy.length);
    return file.operation.finish(outcomeOf(answer), (why) =>
      this.#ports.answer(why ? refusal(id, why) : answerPacket(id, answer)),
    );
  }
}

const noHandle = 'no handle that was given out';
const wrongHandle = 'the file was not opened for that';

function keyOf(handle: Buffer): string {
  return handle.toString('latin1');
}

/** Whether a file was opened for this. What it was not opened for was not judged. */
function fits({ isDirectory, flags }: OpenFile, { kind }: HandleRequest): boolean {
  switch (kind) {
    case 'read':
    case 'write':
      return !isDirectory && flags.includes(kind);
    case 'readdir':
      return isDirectory;
    case 'fsync':
      return !isDirectory;
    case 'close':
    case 'fsetstat':
    case 'fstat':
    case 'fstatvfs':
      return true;
    default:
      return kind satisfies never;
  }
}
