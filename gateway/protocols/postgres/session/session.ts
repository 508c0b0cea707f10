import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { SallyportError } from '../../../contract/errors.ts';
import type { Gate } from '../../../contract/gate.ts';
import type { Wait } from '../../../contract/wait.ts';
import { serverLimit, serverTag } from '../codec/backend.ts';
import type { SessionCatalog } from '../catalog/session-catalog.ts';
import type { AskOwn } from '../catalog/within.ts';
import { brokenReport, encodeError, type Report } from '../codec/errors.ts';
import type { PgExchange } from '../exchange.ts';
import { Framer } from '../codec/frames.ts';
import { clientLimit, encodeClientMessage } from '../codec/frontend.ts';
import { PgCarrier } from './carrier.ts';
import { ClientSide } from './client.ts';
import { Direction } from './direction.ts';
import { cutOff, endStatements } from './farewell.ts';
import { IdleWatch } from './idle.ts';
import { Offers } from './offers.ts';
import { ownQuery, readPath, type Standing, standingOf } from './own.ts';
import { ServerSide } from './server.ts';
import { SessionState } from './state.ts';

export interface SessionOptions {
  readonly client: Duplex;
  readonly server: Duplex;
  readonly gate: Gate;
  readonly catalog: SessionCatalog;
  readonly major: number;
  readonly standing: Standing;
  readonly searchPathEpoch: number;
  readonly maxMessageBytes: number;
  /** Bytes that may wait for a slow side before the other is paused. */
  readonly maxBufferBytes: number;
  /** How often a waiting client hears that the session lives, so that nothing in between closes it. */
  readonly keepAliveMs: number;
  /** The longest silence of the client; undefined lets it be silent for ever. */
  readonly idleMs?: number | undefined;
  /** Asks the server to cancel what runs. Resolves when it has taken note, or when that failed. */
  readonly cancelUpstream: () => Promise<void>;
  readonly pinned: ReadonlyMap<string, string>;
  /** A ParameterStatus that repeats what the client already knows. */
  readonly heartbeat: Buffer;
  readonly log: (why: string, error: unknown) => void;
}

const terminate = encodeClientMessage({ type: 'terminate' });
const flush = encodeClientMessage({ type: 'flush' });
const sync = encodeClientMessage({ type: 'sync' });
const rowTags: ReadonlySet<number> = new Set([serverTag.dataRow, serverTag.copyData]);

/** One client on one upstream connection: two streams of messages, joined by the gate. The only I/O of the protocol after the log-in. */
export class PgSession {
  readonly #o: SessionOptions;
  readonly #state = new SessionState();
  readonly #clientSide: ClientSide;
  readonly #serverSide: ServerSide;
  readonly #fromClient: Direction;
  readonly #fromServer: Direction;
  readonly #closed = Promise.withResolvers<string>();
  readonly #abort = new AbortController();
  #progress: PromiseWithResolvers<void> | undefined;
  #keepAlive: NodeJS.Timeout | undefined;
  #idle: IdleWatch | undefined;
  #over = false;

  constructor(options: SessionOptions) {
    this.#o = options;
    const { gate, catalog, major, pinned } = options;
    const state = this.#state;
    state.searchPath = options.standing.searchPath;
    state.role = options.standing.role;
    state.searchPathEpoch = options.searchPathEpoch;
    const offers = new Offers(state, gate);
    this.#serverSide = new ServerSide({ state, gate, catalog, offers, pinned, progressed: () => this.#progressed() });
    const carrier = new PgCarrier({
      state,
      catalog,
      frame: gate.frame,
      offers,
      flushClient: () => this.#flushClient(),
      fatal: (report) => this.#fatal(report),
      held: (x) => this.#hold(x),
    });
    this.#clientSide = new ClientSide({
      state,
      gate,
      catalog,
      carrier,
      major,
      signal: this.#abort.signal,
      fail: (travel, report, declared) => carrier.fail(travel, report, declared),
      drained: () => this.#until(() => state.pipeline.length === 0),
      copyingOrDrained: () => this.#until(() => state.copyIn || state.pipeline.length === 0),
      readSearchPath: () => this.#readSearchPath(),
      askWithin: () => this.#askWithin(),
      leave: () => this.#leave(),
    });
    this.#fromClient = new Direction({
      source: options.client,
      framer: new Framer(clientLimit(options.maxMessageBytes)),
      runs: new Set(),
      maxWaitingBytes: options.maxBufferBytes,
      handle: (frame) => this.#clientSide.handle(frame),
      flush: () => {
        this.#idle?.heard();
        this.#flush();
      },
      // What waits for a human keeps what was sent along with it (its Bind) from the server: that would hold locks meanwhile.
      flushBeforeWait: () => this.#flushClient(),
      broken: (error) => this.#broken(error),
      ended: () => this.#close('client hung up'),
    });
    this.#fromServer = new Direction({
      source: options.server,
      framer: new Framer(serverLimit(options.maxMessageBytes)),
      runs: rowTags,
      maxWaitingBytes: options.maxBufferBytes,
      handle: (frame, count) => this.#serverSide.handle(frame, count),
      flush: () => this.#flushClient(),
      flushBeforeWait: () => this.#flushClient(),
      broken: (error) => this.#broken(error),
      ended: () => this.#upstreamLost(),
    });
  }

  /** Carries messages until one side is gone. @returns why it ended */
  run(draining: AbortSignal): Promise<string> {
    const { gate } = this.#o;
    this.#when(gate.ending, () => this.#endNow(String(gate.ending.reason)));
    this.#when(draining, () => this.#endSoon('the gateway is shutting down; connect again'));
    const { idleMs } = this.#o;
    if (idleMs !== undefined) {
      const busy = () => this.#state.pipeline.length > 0 || this.#state.held !== undefined;
      const end = () => this.#endSoon(`session ended: nothing was said for ${idleMs / 1000} s`);
      this.#idle = new IdleWatch(idleMs, busy, end);
    }
    this.#fromServer.start();
    this.#fromClient.start();
    return this.#closed.promise;
  }

  /** A CancelRequest arrived with this session's key. */
  cancel(): void {
    if (this.#state.held) this.#state.held.cancel();
    else if (this.#state.pipeline.length > 0 && this.#state.pipeline.current?.kind !== 'own')
      void this.#o.cancelUpstream();
  }

  // --- writing --------------------------------------------------------------------------------------------------------------------

  #flush(): void {
    this.#flushServer();
    this.#flushClient();
  }

  #flushServer(): void {
    if (this.#over) return;
    if (!this.#state.toServer.writeTo(this.#o.server)) this.#fromClient.pauseFor(drained(this.#o.server));
  }

  #flushClient(): void {
    if (this.#over) return;
    if (!this.#state.toClient.writeTo(this.#o.client)) this.#fromServer.pauseFor(drained(this.#o.client));
  }

  // --- waiting --------------------------------------------------------------------------------------------------------------------

  /** Resolves when the pipeline has come that far. The server may be holding answers back: a Flush calls for them. */
  async #until(reached: () => boolean): Promise<void> {
    if (reached()) return;
    this.#state.toServer.add(flush);
    this.#flush();
    while (!reached()) {
      this.#progress ??= Promise.withResolvers();
      await this.#progress.promise;
      if (this.#over) throw new SallyportError('upstream-lost', 'the session is over');
    }
  }

  #progressed(): void {
    this.#progress?.resolve();
    this.#progress = undefined;
  }

  async #readSearchPath(): Promise<void> {
    const state = this.#state;
    const { epoch } = this.#o.catalog;
    const rows = await this.#ownQuery(readPath);
    if (!rows) throw new SallyportError('catalog-unavailable', 'the search path cannot be read');
    const { searchPath, role } = standingOf(rows);
    // Another role with the same path: what was read says of SET ROLE what is not so any more.
    if (role !== state.role || !isDeepStrictEqual(searchPath, state.searchPath)) state.searchPath = searchPath;
    state.role = role;
    state.searchPathEpoch = epoch;
    state.searchPathDirty = false;
  }

  /** In a failed transaction nothing can be asked, and the server runs nothing either. */
  #askWithin(): AskOwn | undefined {
    const state = this.#state;
    if (state.status === 'E' || state.skipping) return undefined;
    const ask = async (text: string): Promise<(string | null)[][]> => {
      await this.#until(() => state.pipeline.length === 0);
      const rows = state.status === 'E' || state.skipping ? undefined : await this.#ownQuery(ownQuery(text));
      if (!rows) throw new SallyportError('catalog-unavailable', 'the catalog cannot be read within the transaction');
      return rows;
    };
    return Object.assign(ask, { inBlock: state.status === 'T' });
  }

  #ownQuery(messages: Buffer): Promise<(string | null)[][] | undefined> {
    const { toServer, pipeline, status, segmentSent } = this.#state;
    const synced = status !== 'I' || !segmentSent;
    return new Promise((done) => {
      toServer.add(messages);
      toServer.add(synced ? sync : flush);
      pipeline.push({ kind: 'own', rows: [], synced, closes: 2, failed: false, done });
      this.#flush();
    });
  }

  #hold(x: PgExchange | undefined): void {
    this.#state.held = x;
    clearInterval(this.#keepAlive);
    if (!x) return;
    this.#keepAlive = setInterval(() => {
      this.#state.toClient.add(this.#o.heartbeat);
      this.#flushClient();
    }, this.#o.keepAliveMs).unref();
  }

  // --- the end --------------------------------------------------------------------------------------------------------------------

  #when(signal: AbortSignal, act: () => void): void {
    if (signal.aborted) act();
    else signal.addEventListener('abort', act, { once: true, signal: this.#abort.signal });
  }

  /** A goodbye comes after what was sent before it. Who does not wait for the answers hangs up, and that ends what runs. */
  #leave(): Wait {
    const state = this.#state;
    const leave = () => this.#close('client left');
    const isOver = () => state.pipeline.length === 0 || state.copyIn;
    if (!isOver()) return this.#until(isOver).then(leave, leave);
    leave();
    return undefined;
  }

  /** Ends between two commands: what runs may finish, nothing new is released. */
  #endSoon(reason: string): void {
    const state = this.#state;
    const end = () => this.#fatal({ severity: 'FATAL', sqlstate: '57P01', message: reason });
    state.held?.cancel();
    if (state.pipeline.length === 0) end();
    else this.#until(() => state.pipeline.length === 0).then(end, end);
  }

  #endNow(reason: string): void {
    if (this.#over) return;
    const report = { severity: 'FATAL', sqlstate: '57P01', message: reason } as const;
    if (this.#state.pipeline.length === 0) return this.#fatal(report);
    this.#fatal({ ...report, detail: 'A statement was running. It was cancelled, unless it ended in this moment.' });
  }

  #fatal(report: Report): void {
    if (this.#over) return;
    this.#state.toClient.add(encodeError(report));
    this.#flushClient();
    this.#close(report.message);
  }

  #broken(error: unknown): void {
    if (this.#over) return;
    this.#o.log('session broken', error);
    try {
      if (error instanceof SallyportError) void this.#o.gate.refused(`${error.code}: ${error.message}`, '');
    } catch (cause) {
      this.#o.log('refusal not recorded', cause);
    }
    this.#fatal(brokenReport(error));
  }

  #upstreamLost(): void {
    if (this.#over) return;
    // What the server said last (a FATAL of its own) is on its way to the client already.
    this.#broken(new SallyportError('upstream-lost', 'the target closed the connection'));
  }

  #close(reason: string): void {
    if (this.#over) return;
    this.#flush();
    this.#over = true;
    this.#fromClient.discard();
    this.#fromServer.discard();
    clearInterval(this.#keepAlive);
    this.#idle?.[Symbol.dispose]();
    this.#state.held?.cancel();
    this.#abort.abort();
    this.#progressed();
    const { client, server } = this.#o;
    if (server.writable) server.end(terminate);
    client.end();
    // Closing the connection would leave a statement running that does not write.
    if (this.#state.pipeline.length === 0 || server.readableEnded || server.destroyed) {
      cutOff(server);
      this.#closed.resolve(reason);
    } else void this.#endStatements(reason);
  }

  async #endStatements(reason: string): Promise<void> {
    const { server, cancelUpstream } = this.#o;
    const ended = await endStatements(server, cancelUpstream);
    if (!ended) this.#o.log('a statement could not be cancelled', undefined);
    this.#closed.resolve(`${reason}; what ran ${ended ? 'was' : 'could not be'} cancelled`);
  }
}

async function drained(stream: Duplex): Promise<void> {
  const over = new AbortController();
  const { signal } = over;
  try {
    await Promise.race([once(stream, 'drain', { signal }), once(stream, 'close', { signal })]);
  } finally {
    over.abort();
  }
}
