import type { Socket } from 'node:net';
import type { ClientChannel, ServerChannel } from 'ssh2';
import { SallyportError } from '../../../contract/errors.ts';
import type { Denial } from '../../../contract/exchange.ts';
import type { Gate } from '../../../contract/gate.ts';
import type { Wait } from '../../../contract/wait.ts';
import { abandon, leftHost } from '../at-host.ts';
import { brokenExit, brokenLine, denialLines, holdLine, told } from '../errors.ts';
import { ChannelOutput, type ChannelExit } from '../output.ts';
import type { SshUpstream } from '../upstream.ts';
import { SftpHost } from './host.ts';
import { packetOverhead, type SftpLimits } from './limits.ts';
import { Room } from './room.ts';
import { OpenFiles } from './open-files.ts';
import { FileOperation } from './operation.ts';
import { type JudgedAsk, planOf } from './plans.ts';
import { readInit, readRequest } from './requests.ts';
import { answerTypes, encodePacket, encodeStatus, Packets, statuses, type Status } from './wire.ts';

export interface SftpPorts {
  readonly limits: SftpLimits;
  /** Limits of bytes count over everything that shares it: the session. */
  readonly tally: object;
  /** For masked copies: the session's. */
  readonly room: Room;
  /** Something that never became a command. */
  refused(why: string, text: string): void;
  log(message: string, error: unknown): void;
}

/** Lines on standard error: who does not read them would not read the rest in the end either. */
const maxToldLines = 200;

/** One client's sftp subsystem, between its channel and the host's own. */
export class SftpChannel {
  readonly #channel: ServerChannel;
  readonly #ports: SftpPorts;
  readonly #output: ChannelOutput;
  readonly #packets: Packets;
  readonly #room: Room;
  readonly #inbox: Buffer[] = [];
  readonly #operations = new Set<FileOperation>();
  readonly #over = Promise.withResolvers<void>();
  #left: Promise<void> = Promise.resolve();
  #host: SftpHost | undefined;
  #files: OpenFiles | undefined;
  #gate: Gate | undefined;
  #outstanding = 0;
  /** Waits for the host that are going on. */
  #slow = 0;
  #isPumping = false;
  #hasVersion = false;
  #inputEnded = false;
  #isOver = false;
  #toldLines = 0;
  #lastTold: string | undefined;
  #exit: ChannelExit | undefined;
  /** The operation before has been sent, denied or held. */
  #turn: Promise<void> = Promise.resolve();

  constructor(channel: ServerChannel, socket: Socket, ports: SftpPorts) {
    this.#channel = channel;
    this.#ports = ports;
    this.#output = new ChannelOutput(channel, socket);
    this.#packets = new Packets(ports.limits.maxPacketBytes);
    this.#room = new Room(ports.limits.maxMaskedBytes, ports.room);
    channel.on('error', () => undefined);
  }

  /** Resolves when the channel is closed on both sides. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** It ends with its channel: nothing has to be killed. */
  get begun(): Promise<void> {
    return Promise.resolve();
  }

  /** Resolves when nothing of it runs at the host: once it is over, nothing begins. */
  get left(): Promise<void> {
    return this.#left;
  }

  /** The client has closed it, or the connection is over. */
  gone(): void {
    this.#stop();
    this.#output.abandon();
    this.#over.resolve();
  }

  /** Ends it with lines on standard error, unless it has ended. */
  fail(lines: string | readonly string[], code = brokenExit): void {
    if (this.#isOver) return;
    this.#stop();
    void this.#output.write('stderr', told(typeof lines === 'string' ? [lines] : lines, false));
    this.#output.end({ code }).catch((error: unknown) => this.#ports.log('channel not closed', error));
  }

  /** The connection to the host is over. */
  lost(): void {
    this.fail('connection to the target lost');
  }

  /** Opens the host's subsystem and serves the client. Nothing of what the client asks for is passed on unjudged. */
  async serve(gate: Gate, upstream: SshUpstream): Promise<void> {
    if (this.#isOver) return;
    try {
      this.#gate = gate;
      const starting = upstream.subsystem('sftp');
      this.#left = leftHost(starting);
      const running = await starting;
      if (this.#isOver) return abandon(running);
      const host = new SftpHost(running, this.#ports.limits.maxPacketBytes, (error) => this.#broken(error));
      this.#host = host;
      this.#watch(running);
      await Promise.race([host.start(), this.over]);
      if (this.#isOver) return host.close();
      this.#files = new OpenFiles(host, this.#ports.limits, {
        answer: (packet) => this.#answer(packet),
        refuse: (id, status, why) => this.#refuse(id, status, why),
        slow: (wait) => this.#slowDown(wait),
        room: this.#room,
      });
      this.#channel.on('data', (chunk: Buffer) => this.#take(chunk));
      this.#channel.once('end', () => {
        this.#inputEnded = true;
        this.#pump();
      });
    } catch (error) {
      this.#broken(error);
    }
  }

  #watch(running: ClientChannel): void {
    running.on('error', () => undefined);
    running.on('exit', (code: number | null) => {
      if (code !== null) this.#exit = { code };
    });
    running.on('close', () => {
      if (this.#isOver) return;
      if (!this.#exit || this.#outstanding > 0) return this.lost();
      const exit = this.#exit;
      this.#stop();
      this.#output.end(exit).catch((error: unknown) => this.#ports.log('channel not closed', error));
    });
  }

  #stop(): void {
    this.#isOver = true;
    this.#inbox.length = 0;
    for (const operation of this.#operations) operation.cancel();
    this.#files?.abandon();
    this.#room.close();
    this.#host?.close();
  }

  #broken(error: unknown): void {
    if (this.#isOver) return;
    this.#ports.log('sftp failed', error);
    this.fail(brokenLine(error));
  }

  // --- what the client sends ------------------------------------------------------------------------------------------------------

  #take(chunk: Buffer): void {
    if (this.#isOver) return;
    try {
      this.#inbox.push(...this.#packets.push(chunk));
      this.#pump();
    } catch (error) {
      this.#violation(error);
    }
  }

  #violation(error: unknown): void {
    if (!(error instanceof SallyportError)) return this.#broken(error);
    this.#ports.refused(`protocol: ${error.message}`, 'sftp');
    this.fail(error.message);
  }

  /** Takes up requests as long as there is room for their answers; until then the client is not read. */
  #pump(): void {
    if (this.#isPumping || this.#isOver) return;
    this.#isPumping = true;
    while (!this.#isOver && this.#slow === 0 && this.#outstanding < this.#ports.limits.maxRequests) {
      const packet = this.#inbox.shift();
      if (!packet) break;
      try {
        this.#packet(packet);
      } catch (error) {
        this.#violation(error);
      }
    }
    this.#isPumping = false;
    if (this.#isOver) return;
    if (this.#inbox.length > 0 || this.#slow > 0) this.#channel.pause();
    else this.#channel.resume();
    if (this.#inputEnded && this.#inbox.length === 0 && this.#outstanding === 0) this.#host?.end();
  }

  /** The host takes no more for now. */
  #slowDown(wait: Wait): void {
    if (!wait) return;
    this.#slow++;
    void wait.then(() => {
      this.#slow--;
      this.#pump();
    });
  }

  #packet(packet: Buffer): void {
    const [host, files] = [this.#host, this.#files];
    if (!host || !files) return;
    const { maxPathBytes, maxHandles, maxPacketBytes } = this.#ports.limits;
    if (!this.#hasVersion) {
      const version = readInit(packet);
      if (version < 3)
        throw new SallyportError('protocol-violation', `sftp of version ${version}, and 3 is spoken here`);
      this.#hasVersion = true;
      const extensions = host.extensions.flatMap((one) => [one.name, one.version]);
      this.#outstanding++;
      return this.#answer(encodePacket(answerTypes.version, undefined, 3, ...extensions)) as undefined;
    }
    const request = readRequest(packet, { maxPathBytes, extensions: host.extensions });
    this.#outstanding++;
    switch (request.kind) {
      case 'refused':
        return this.#refuse(request.id, request.status, request.why);
      case 'limits': {
        const { limits } = host;
        const least = (own: number, theirs: number) => BigInt(theirs === 0 ? own : Math.min(own, theirs));
        const piece = maxPacketBytes - packetOverhead;
        const values = [least(maxPacketBytes, limits.packet), least(piece, limits.read), least(piece, limits.write)];
        void this.#answer(encodePacket(answerTypes.extended, request.id, ...values, least(maxHandles, limits.handles)));
        return;
      }
      case 'read':
      case 'write':
      case 'close':
      case 'fstat':
      case 'readdir':
      case 'fsync':
      case 'fstatvfs':
        return files.request(request);
      case 'fsetstat':
        if (files.isTruncation(request)) return files.request(request);
        break;
      case 'symlink':
        // Others have the two paths the other way round, and nobody can tell.
        if (host.extensions.some(({ name }) => name.endsWith('@openssh.com'))) break;
        return this.#refuse(
          request.id,
          statuses.unsupported,
          'symbolic links are made at hosts with OpenSSH’s sftp only',
        );
      default:
        break;
    }
    const why = files.refusal(request);
    if (why !== undefined) return this.#refuse(request.id, statuses.failure, why);
    const release = files.reserve(request);
    this.#turn = this.#turn.then(() => this.#judge(request, release)).catch((error: unknown) => this.#broken(error));
  }

  async #judge({ id, ...ask }: { readonly id: number } & JudgedAsk, release: () => void): Promise<void> {
    const [host, gate, files] = [this.#host, this.#gate, this.#files];
    if (this.#isOver || !host || !gate || !files) return;
    const plan = () => planOf(ask, host, (handle) => files.opened(handle));
    const operation: FileOperation = new FileOperation(id, await plan(), plan, {
      ...{ gate, host, tally: this.#ports.tally, room: this.#room },
      maxMaskedFileBytes: this.#ports.limits.maxMaskedFileBytes,
      opened: (opening, hostHandle, copy) => files.add(opening, hostHandle, copy),
      answer: (packet) => {
        this.#operations.delete(operation);
        release();
        return this.#answer(packet);
      },
      slow: (wait) => this.#slowDown(wait),
      denied: (denial) => this.#tell(denialLines(denial), denial),
      held: (notice) => this.#tell([holdLine(notice)]),
      tell: (line) => this.#tell([line]),
      failed: (error) => this.#broken(error),
    });
    if (this.#isOver) return;
    this.#operations.add(operation);
    await operation.offer();
  }

  // --- what the client is told ----------------------------------------------------------------------------------------------------

  /** The promise, if any, resolves when the client can take more. */
  #answer(packet: Buffer): Wait {
    const wait = this.#isOver ? undefined : this.#output.write('stdout', packet);
    const done = () => {
      this.#outstanding--;
      this.#pump();
    };
    if (!wait) done();
    else void wait.then(done);
    return wait;
  }

  #refuse(id: number, status: Status, why: string): void {
    this.#ports.refused(`sftp: ${why}`, '');
    void this.#answer(encodeStatus(id, status, why));
  }

  /** OpenSSH’s clients print of a status what it is called, and never its text: so the text goes where they do print it. */
  #tell(lines: readonly string[], denial?: Denial): void {
    if (this.#isOver) return;
    if (denial?.code === 'session_ended') return this.fail(lines);
    // A client asks in several ways for what it does not get.
    if (this.#toldLines >= maxToldLines || lines[0] === this.#lastTold) return;
    this.#lastTold = lines[0];
    this.#toldLines += lines.length;
    const last = this.#toldLines >= maxToldLines ? ['what follows is not told here any more'] : [];
    void this.#output.write('stderr', told([...lines, ...last], false));
  }
}
