import { readFileSync } from 'node:fs';
import type { Config, PostgresTargetConfig, TargetConfig } from '../config/index.ts';
import type { FollowedBy, FollowedLabels } from '../contract/followed.ts';
import type { Audit, Clock } from '../contract/ports.ts';
import type { Protocol, Target } from '../contract/principal.ts';
import { both, type Wait } from '../contract/wait.ts';
import type { Credentials } from '../credentials/index.ts';
import type { SqlAnalyzer } from '../facts/sql/index.ts';
import type { OpenPolicy } from '../policy/open.ts';
import {
  catalogReader,
  connectUpstream,
  type PgTarget,
  TargetCatalog,
  type UpstreamTarget,
} from '../protocols/postgres/index.ts';
import type { SshTarget } from '../protocols/ssh/index.ts';
import type { FollowedLabelStore } from '../store/followed-labels.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { gatewayEvent } from './events.ts';
import { openSshTarget } from './ssh-target.ts';

export interface TargetPorts {
  readonly secrets: Credentials;
  readonly analyzer: SqlAnalyzer;
  readonly policy: OpenPolicy;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly stateDir: string;
  readonly sshListener: Config['listen']['ssh'];
  readonly audit: Audit;
  readonly labels: FollowedLabelStore;
}

const catalogMaxAgeMs = 1_000;

/** How a connection to a target went. */
interface LastConnect {
  readonly atMs: number;
  readonly ok: boolean;
}

/** The configured targets: what policy sees of them, and how they are reached. */
export class Targets implements AsyncDisposable {
  readonly #ports: TargetPorts;
  #configs = new Map<string, TargetConfig>();
  readonly #lastConnects = new Map<string, LastConnect>();
  readonly #open = new Map<string, { readonly config: PostgresTargetConfig; readonly target: PgTarget }>();

  constructor(configs: readonly TargetConfig[], ports: TargetPorts) {
    this.#ports = ports;
    this.configure(configs);
  }

  /** Takes over a changed configuration: for sessions opened from now on. */
  configure(configs: readonly TargetConfig[]): void {
    this.#configs = new Map(configs.map((config) => [config.name, config]));
    for (const name of this.#lastConnects.keys()) if (!this.#configs.has(name)) this.#lastConnects.delete(name);
    for (const [key, { config }] of this.#open) {
      if (this.#configs.get(config.name) === config) continue;
      this.#open.delete(key);
      this.#ports.analyzer.drop(key);
    }
  }

  /** Of a target that is gone from the configuration, the first that there was. */
  protocolOf(name: string): Protocol {
    return this.#configs.get(name)?.protocol ?? 'postgres';
  }

  /** All of them, in the order of the configuration, and how each was reached last. */
  list(): readonly { readonly config: TargetConfig; readonly lastConnect: LastConnect | undefined }[] {
    return [...this.#configs.values()].map((config) => ({ config, lastConnect: this.#lastConnects.get(config.name) }));
  }

  /** What policy sees of a target that is reached by this protocol. */
  facts(name: string, protocol: Protocol): Target | undefined {
    const config = this.#configs.get(name);
    if (config?.protocol !== protocol) return undefined;
    return { name, protocol: config.protocol, labels: config.labels };
  }

  /** @param database undefined for the target's own; any other has to be listed */
  postgres(name: string, database: string | undefined): PgTarget | undefined {
    const config = this.#configs.get(name);
    if (config?.protocol !== 'postgres') return undefined;
    const db = database ?? config.database;
    if (db !== config.database && !config.databases.includes(db)) return undefined;
    const key = `${name}/${db}`;
    const known = this.#open.get(key);
    if (known) return known.target;
    const target = this.#openTarget(key, config, db);
    this.#open.set(key, { config, target });
    return target;
  }

  ssh(name: string): SshTarget | undefined {
    const config = this.#configs.get(name);
    if (config?.protocol !== 'ssh') return undefined;
    return openSshTarget(config, { ...this.#ports, connected: (ok) => this.#connected(name, ok) });
  }

  /** Labels travel in the bundle: a new one may carry others. */
  relabel(): void {
    const { policy } = this.#ports;
    for (const { config, target } of this.#open.values())
      target.catalog.setLabels(policy.columnLabels(config.name), policy.labelsVersion());
  }

  /** Seconds since each catalog was last seen to be what is known of it. */
  catalogAges(): readonly (readonly [string, number])[] {
    return [...this.#open].map(([key, { target }]) => [key, target.catalog.ageMs / 1000] as const);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#open.values()].map(({ target }) => target.catalog[Symbol.asyncDispose]()));
  }

  #openTarget(key: string, config: PostgresTargetConfig, database: string): PgTarget {
    const { analyzer, clock, labels, log, metrics, policy } = this.#ports;
    const doubts = metrics.counter('analysis_doubts_total', { target: config.name });
    const role = config.catalog_role ?? Object.keys(config.roles)[0] ?? '';
    const connect: PgTarget['connect'] = (user, application, signal) =>
      this.#connect(config, database, user, application, signal);
    const catalog = new TargetCatalog({
      target: key,
      analyzer,
      reader: catalogReader(async (signal) => {
        const upstream = await connect(role, 'sallyport catalog', signal);
        if (!upstream) throw new TypeError(`target ${config.name} has no role to read its catalog by`);
        return upstream;
      }),
      now: () => clock.now(),
      maxAgeMs: catalogMaxAgeMs,
      onRead: (snapshot, tookMs) =>
        log.say('debug', { target: key, duration_ms: tookMs }, `catalog read: ${snapshot.relations.length} relations`),
      onUnreadable: (why) =>
        log.say('warn', { target: key }, `catalog not read, and no statement is judged until it is: ${why}`),
      keeper: labels.of(key),
      onFollowed: (followed, by) => this.#followed(config.name, database, followed, by),
      onDoubt: (why) => {
        doubts.add();
        log.say('error', { target: key }, `analysis and server disagree: ${why}`);
      },
    });
    catalog.setLabels(policy.columnLabels(config.name), policy.labelsVersion());
    return { catalog, connect };
  }

  /** Each column is an entry of the log: from now on it leaves masked, and somebody will ask why. */
  #followed(target: string, database: string, followed: readonly FollowedLabels[], by: FollowedBy | undefined): Wait {
    const { audit, clock, log } = this.#ports;
    let wait: Wait;
    for (const { column, labels, sources } of followed) {
      const detail = { database, column, labels: [...labels], sources: [...sources] };
      const event = gatewayEvent(clock.now(), 'label.followed', { ...by, target, action: 'label', detail });
      wait = both(wait, audit.append(event, 'written'));
      log.say(
        'info',
        { target },
        `${column} carries ${labels.join(', ')} now: it holds values of ${sources.join(', ')}`,
      );
    }
    return wait;
  }

  async #connect(
    config: PostgresTargetConfig,
    database: string,
    user: string,
    application: string,
    signal: AbortSignal,
  ): ReturnType<PgTarget['connect']> {
    const role = Object.hasOwn(config.roles, user) ? config.roles[user] : undefined;
    if (!role) return undefined;
    const { secrets } = this.#ports;
    try {
      const password = (await secrets.resolve(role.password)).reveal();
      const upstream = await connectUpstream(upstreamOf(config, database, application), { user, password }, signal);
      this.#connected(config.name, true);
      return upstream;
    } catch (error) {
      this.#connected(config.name, false);
      throw error;
    }
  }

  #connected(target: string, ok: boolean): void {
    const { clock, metrics } = this.#ports;
    metrics.counter('upstream_connects_total', { target, outcome: ok ? 'ok' : 'failed' }).add();
    this.#lastConnects.set(target, { atMs: clock.now(), ok });
  }
}

/** How a configured target is reached. Its authority's file is read here. */
export function upstreamOf(config: PostgresTargetConfig, database: string, application: string): UpstreamTarget {
  const { mode, ca, server_name: serverName } = config.tls;
  return {
    host: config.host,
    port: config.port,
    database,
    application,
    connectTimeoutMs: config.connect_ms,
    authentication: { md5: config.allow_md5 },
    tls:
      mode === 'disable'
        ? { mode }
        : {
            mode,
            // Read at each connect, so that a renewed authority needs no restart.
            ...(ca === undefined ? {} : { ca: readFileSync(ca, 'utf8') }),
            ...(serverName === undefined ? {} : { serverName }),
          },
  };
}
