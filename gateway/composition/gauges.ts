import type { AuditLog } from '../audit/log.ts';
import type { Witness } from '../contract/decided.ts';
import { effects } from '../contract/decision.ts';
import type { SessionFrame } from '../contract/ports.ts';
import type { IssuerStatus } from '../identity/identity.ts';
import type { ConnectionRegistry } from '../listen/registry.ts';
import type { OpenPolicy } from '../policy/open.ts';
import type { RecordingRoom } from '../recordings/index.ts';
import { metricList } from '../telemetry/metric-list.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Targets } from './targets.ts';

export interface Watched {
  readonly admission: { readonly sessions: ReadonlySet<{ readonly frame: SessionFrame }> };
  readonly registry: ConnectionRegistry;
  readonly policy: OpenPolicy;
  readonly auditLog: AuditLog;
  readonly targets: Targets;
  readonly recordings: RecordingRoom;
  readonly issuers: () => readonly IssuerStatus[];
  readonly now: () => number;
}

/** Counts decisions that took effect. One series for each effect, looked up once: this runs for every command. */
export function countDecisions(metrics: Metrics): Witness {
  const series = (protocol: 'postgres' | 'ssh' | 'session') =>
    new Map(effects.map((effect) => [effect, metrics.counter('commands_total', { protocol, effect })]));
  const byProtocol = { postgres: series('postgres'), ssh: series('ssh'), session: series('session') };
  return ({ effect, command: { protocol } }) => {
    if (protocol !== 'admin') byProtocol[protocol].get(effect)?.add();
  };
}

/** @returns what `openNotify` counts by */
export function countNotifications(metrics: Metrics) {
  const outcomes = { delivered: 'sent', dropped: 'failed', unknown: 'dropped' } as const;
  return (channel: string, outcome: keyof typeof outcomes): void =>
    metrics.counter('notifications_total', { channel, outcome: outcomes[outcome] }).add();
}

/** Everything whose present value is asked for when somebody collects metrics. */
export function watchGauges(metrics: Metrics, watched: Watched): void {
  const { admission, registry, policy, auditLog, targets, recordings, issuers, now } = watched;
  for (const protocol of ['postgres', 'ssh'] as const) {
    const open = () => [...admission.sessions].filter(({ frame }) => frame.target.protocol === protocol).length;
    metrics.gauge('sessions', open, { protocol });
  }
  metrics.gauge('connections', () => registry.counts.unauthenticated, { state: 'unauthenticated' });
  metrics.gauge('connections', () => registry.counts.open - registry.counts.unauthenticated, { state: 'admitted' });
  metrics.gauge('audit_tree_size', () => auditLog.status().folded);
  metrics.gauge('recorder_queue_bytes', () => recordings.status().queuedBytes);
  metrics.gauge('bundle_activated_timestamp_seconds', () => policy.status().activatedAtMs / 1000);
  metrics.gauges('bundle', () => [[{ revision: policy.revision() }, 1]]);
  metrics.gauges('bundle_expires_timestamp_seconds', () =>
    policy.status().bundles.map(({ name, expiresAtMs }) => [{ bundle: name }, expiresAtMs / 1000] as const),
  );
  metrics.gauges('bundle_checked_timestamp_seconds', () =>
    policy
      .status()
      .bundles.flatMap(({ name, checkedAtMs }) =>
        checkedAtMs === null ? [] : [[{ bundle: name }, checkedAtMs / 1000] as const],
      ),
  );
  metrics.gauges('bundle_refused', () => {
    const { refused } = policy.status();
    if (refused === null) return [];
    const known = metricList.bundle_refused.labels.code.find((code) => code === refused.code);
    return [[{ code: known ?? 'other' }, 1]];
  });
  metrics.gauges('catalog_age_seconds', () => targets.catalogAges().map(([target, age]) => [{ target }, age] as const));
  metrics.gauges('issuer_keys_age_seconds', () =>
    issuers().flatMap(({ issuer, fetchedAtMs }) =>
      fetchedAtMs === null ? [] : [[{ issuer }, (now() - fetchedAtMs) / 1000] as const],
    ),
  );
}
