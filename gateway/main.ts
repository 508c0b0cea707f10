import { join } from 'node:path';
import { mkdir, readFile } from 'node:fs/promises';
import { type Api, openApi } from './api/server.ts';
import { openApprovals } from './approvals/index.ts';
import { openAuditLog } from './audit/log.ts';
import { apiPorts } from './composition/api-ports.ts';
import { gatewayEvent, maskingDetail, startEvent } from './composition/events.ts';
import { auditKey, type Environment, maskingKey, openSecrets, trustedKeys } from './composition/secrets.ts';
import { Targets } from './composition/targets.ts';
import { countListenEvents, meteredAudit } from './composition/metered.ts';
import { bundleArchive } from './composition/bundle-archive.ts';
import { policySources } from './composition/policy-source.ts';
import { eachWitness, shadowOf } from './composition/shadow.ts';
import { policyEvents } from './composition/watch-policy.ts';
import { version } from './composition/version.ts';
import { decisionLog } from './composition/decision-log.ts';
import { countDecisions, countNotifications, watchGauges } from './composition/gauges.ts';
import { type Config, type ConfigChange, formatConfigError, watchConfig } from './config/index.ts';
import { openAdmission } from './enforce/admission.ts';
import { openMasks } from './enforce/masking/masks.ts';
import { openIds } from './enforce/request-id.ts';
import { openSqlAnalyzer } from './facts/sql/index.ts';
import { openIdentity } from './identity/index.ts';
import type { ListenEvent } from './listen/events.ts';
import { ConnectionRegistry } from './listen/registry.ts';
import { openNotify } from './notify/index.ts';
import { openPolicy } from './policy/open.ts';
import { openPostgresDoor } from './composition/postgres-door.ts';
import { openSshDoor } from './composition/ssh-door.ts';
import { openRecordings } from './recordings/index.ts';
import { FollowedLabelStore } from './store/followed-labels.ts';
import { holdLock } from './store/lock.ts';
import { openStore } from './store/open.ts';
import { type Log, openLog } from './telemetry/log.ts';
import { openMetrics } from './telemetry/metrics.ts';

export interface GatewayOptions {
  readonly env?: Environment;
  readonly log?: Log;
  /** Standard error unless told. */
  readonly sink?: { write(line: string): void };
  /** The file the configuration came from: watched, and what can be taken over is. */
  readonly configFile?: string;
}

export interface Gateway extends AsyncDisposable {
  readonly addresses: {
    readonly postgres: { readonly host: string; readonly port: number };
    /** Undefined where nothing listens for SSH. */
    readonly ssh: { readonly host: string; readonly port: number } | undefined;
    readonly admin: { readonly host: string; readonly port: number };
  };
  /** Takes over what of a changed configuration can be taken over while running. */
  reload(change: ConfigChange): Promise<void>;
  /** Looks for a new policy bundle now. */
  refreshPolicy(): Promise<void>;
  /** Stops accepting, lets sessions end for `limits.drain_ms`, then closes everything in order. */
  close(): Promise<void>;
}

const holdLimits = { maxOpen: 1_000, maxOpenPerPrincipal: 20 };

/**
 * Builds the gateway: every port from the configuration, in the order in which they need each other. Nothing listens before all of it works.
 * @throws SallyportError with the code of the room that could not be opened
 */
export async function startGateway(config: Config, options: GatewayOptions = {}): Promise<Gateway> {
  const { env = process.env } = options;
  const clock = { now: () => Date.now() };
  const log = options.log ?? openLog({ level: config.log.level, ...(options.sink ? { sink: options.sink } : {}) });
  const metrics = openMetrics();
  const nextId = openIds(() => clock.now());
  await using opening = new AsyncDisposableStack();

  await mkdir(config.state_dir, { recursive: true, mode: 0o700 });
  const secrets = await openSecrets(config, env, clock);
  const firstMaskKey = await maskingKey(config, secrets);
  const masks = openMasks(firstMaskKey);
  const store = opening.use(await openStore(join(config.state_dir, 'sallyport.sqlite')));
  const auditLog = opening.use(
    await openAuditLog({
      dir: config.audit.dir,
      key: await auditKey(config.audit.key, env),
      origin: config.audit.origin,
      checkpointEveryMs: config.audit.checkpoint_interval_ms,
      onFailure: (error) => log.say('error', { err: error }, 'the audit log cannot be folded into its tree'),
    }),
  );
  const audit = meteredAudit(
    auditLog,
    metrics,
    () => clock.now(),
    (target) => targets.protocolOf(target),
  );
  await audit.append(startEvent(clock.now(), auditLog.recovered, firstMaskKey, log), 'flushed');
  const channels = await Promise.all(
    config.notify.channels.map(async ({ name, url, secret }) => ({
      name,
      url,
      secret: (await secrets.resolve(secret)).reveal(),
    })),
  );
  const notify = opening.use(openNotify(channels, { clock, log, count: countNotifications(metrics) }));
  const keys = await trustedKeys(config);
  const policy = opening.use(
    await openPolicy({
      source: await policySources(config.policy, keys, secrets),
      keys,
      clock,
      stateFile: join(config.state_dir, 'policy.json'),
      lastGoodFile: join(config.state_dir, 'policy-last-good.tar.gz'),
      archive: bundleArchive(config),
      onEvent: policyEvents({ audit, clock, log, metrics, notify, channels: config.policy.notify }),
      onFault: (error) => log.say('error', { err: error }, 'policy'),
    }),
  );
  const recordings = opening.use(
    await openRecordings({
      dir: config.recordings.dir,
      maxResultBytes: config.recordings.max_result_bytes,
      maxTerminalBytes: config.recordings.max_terminal_bytes,
      queueBytes: config.recordings.queue_bytes,
      origin: config.audit.origin,
      sessions: store.sessions,
      clock,
      onFailure: (error) => log.say('warn', { err: error }, 'a recording stays uncompressed'),
      onClosed: ({ session, digest, bytes, events }) => {
        const detail = { digest, bytes, events };
        return audit.append(
          gatewayEvent(clock.now(), 'recording.closed', { session, action: 'record', detail }),
          'written',
        );
      },
    }),
  );
  const approvals = opening.use(
    await openApprovals(
      { store: store.holds, clock, audit, log },
      { ...holdLimits, maxTtlS: config.limits.hold_ttl_max_s },
    ),
  );
  const analyzer = opening.use(
    openSqlAnalyzer({ maxBytes: config.limits.statement_bytes, deadlineMs: config.limits.parser_deadline_ms }),
  );
  const keysDir = join(config.state_dir, 'issuer-keys');
  let identity = opening.use(await openIdentity(config.identity, { clock, log, keysDir }));
  opening.use(holdLock(join(config.state_dir, 'labels.lock')));
  const labels = opening.use(new FollowedLabelStore(join(config.state_dir, 'labels.sqlite'), () => clock.now()));
  const targets = opening.use(
    new Targets(config.targets, {
      ...{ secrets, analyzer, policy, clock, log, metrics, audit, labels },
      stateDir: config.state_dir,
      sshListener: config.listen.ssh,
    }),
  );

  const decisions = opening.use(await decisionLog(config, { secrets, log, metrics, version: version() }));
  const shadow = await shadowOf(config, { policy, secrets, clock, log, metrics });
  if (shadow) opening.use(shadow);
  const countDecided = countDecisions(metrics);
  const witness = eachWitness(decisions.decided, shadow?.witness);
  const admission = openAdmission({
    targets: (name, protocol) => targets.facts(name, protocol),
    policy: policy.policy,
    audit,
    recordings,
    approvals,
    masks,
    notify,
    clock,
    nextId,
    decided: (decided) => {
      countDecided(decided);
      witness(decided);
    },
    fault: (error) => log.say('error', { err: error }, 'the end of a session'),
    endWithToken: config.sessions.end_with_token,
    totalMs: config.sessions.total_s * 1_000,
  });
  opening.use(
    policy.onChange(() => {
      targets.relabel();
      admission.recheck();
    }),
  );

  const countListen = countListenEvents(metrics);
  const onListenEvent = (event: ListenEvent) => {
    countListen(event);
    if (event.kind === 'failed') log.say('error', { err: event.error }, 'a connection failed');
  };
  const registry = new ConnectionRegistry(connectionLimits(config));
  const door = { admission, nextId, targets, registry, log, onEvent: onListenEvent, identity: () => identity };
  const postgres = opening.use(await openPostgresDoor(config, door));
  const ssh = config.listen.ssh
    ? opening.use(await openSshDoor(config, config.listen.ssh, { ...door, secrets, clock }))
    : undefined;
  const api: Api = opening.use(
    await openApi(
      { ...config.listen.admin, tls: await pemPair(config.listen.admin.tls) },
      apiPorts({
        admission,
        targets,
        policy,
        audit,
        auditLog,
        notify,
        approvals,
        store,
        recordings,
        metrics,
        clock,
        log,
        nextId,
        verify,
        decided: witness,
        shadow,
        ssh,
      }),
    ),
  );
  watchGauges(metrics, {
    admission,
    registry,
    policy,
    auditLog,
    targets,
    recordings,
    issuers: () => identity.status(),
    now: () => clock.now(),
  });

  const opened = opening.move();
  if (options.configFile !== undefined) {
    const watching = watchConfig(options.configFile, config, {
      onChange: (change) =>
        void reload(change).catch((error: unknown) => log.say('error', { err: error }, 'not reloaded')),
      onRefused: (errors) => log.say('error', {}, `configuration refused: ${errors.map(formatConfigError).join('; ')}`),
    });
    opened.use(watching);
  }
  let closing: Promise<void> | undefined;
  log.say('info', {}, `listening for PostgreSQL on ${postgres.host}:${postgres.port}`);
  if (ssh)
    log.say('info', { fingerprint: ssh.fingerprint }, `listening for SSH on ${ssh.address.host}:${ssh.address.port}`);
  return {
    addresses: { postgres: { host: postgres.host, port: postgres.port }, ssh: ssh?.address, admin: api.address },
    refreshPolicy: () => policy.refresh(),
    reload,
    close,
    [Symbol.asyncDispose]: close,
  };

  function verify(token: string, method: 'jwt') {
    return identity.verify(token, method);
  }

  async function reload({ config: next, reloaded, needsRestart }: ConfigChange): Promise<void> {
    if (needsRestart.length > 0) log.say('warn', {}, `takes effect at the next start: ${needsRestart.join(', ')}`);
    if (reloaded.length === 0) return;
    // First what can fail: a key that cannot be read leaves everything as it was.
    const maskKey = reloaded.includes('masking') ? await maskingKey(next, secrets) : undefined;
    if (maskKey) masks.rotate(maskKey);
    if (reloaded.includes('targets')) targets.configure(next.targets);
    if (reloaded.includes('limits')) registry.setLimits(connectionLimits(next));
    if (reloaded.includes('identity')) {
      const before = identity;
      identity = opened.use(await openIdentity(next.identity, { clock, log, keysDir }));
      void before[Symbol.asyncDispose]();
    }
    await audit.append(
      gatewayEvent(clock.now(), 'admin', {
        action: 'config.reload',
        detail: { sections: [...reloaded], ...(maskKey ? maskingDetail(maskKey) : {}) },
      }),
      'flushed',
    );
    log.say('info', {}, `configuration reloaded: ${reloaded.join(', ')}`);
  }

  function close(): Promise<void> {
    closing ??= (async () => {
      const { drain_ms: deadlineMs } = config.limits;
      await Promise.all([postgres.drain(deadlineMs), ...(ssh ? [ssh.drain(deadlineMs)] : [])]);
      await audit.append(gatewayEvent(clock.now(), 'gateway.stop', { action: 'stop' }), 'flushed');
      await opened.disposeAsync();
    })();
    return closing;
  }
}

function connectionLimits(config: Config) {
  const { connections, connections_per_principal, unauthenticated, unauthenticated_ms } = config.limits;
  return {
    connections,
    connectionsPerPrincipal: connections_per_principal,
    unauthenticated,
    unauthenticatedMs: unauthenticated_ms,
  };
}

async function pemPair(files: { readonly cert: string; readonly key: string } | undefined) {
  return files && { cert: await readFile(files.cert, 'utf8'), key: await readFile(files.key, 'utf8') };
}
