import type { AuditEvent } from '../contract/event.ts';
import type { Audit, Clock, Notify } from '../contract/ports.ts';
import type { Json } from '../contract/principal.ts';
import type { PolicyEvent } from '../policy/open.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { gatewayEvent } from './events.ts';

export interface PolicyWatch {
  readonly audit: Audit;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly notify: Notify;
  /** Names of the channels that are told of every bundle. */
  readonly channels: readonly string[];
}

/** Every bundle that took effect, or was refused, is an entry of the log before anything else happens; then people are told. */
export function policyEvents(watch: PolicyWatch): (event: PolicyEvent) => Promise<void> {
  const { audit, clock, log, metrics, notify, channels } = watch;
  const refusals = metrics.counter('bundle_refused_total');
  const record = async (event: AuditEvent) => {
    await audit.append(event, 'flushed');
    for (const channel of channels) notify.send(channel, event);
  };
  return async (event) => {
    switch (event.type) {
      case 'bundle.activated': {
        const { revision, sequence, keyId, origin } = event;
        await record(gatewayEvent(clock.now(), event.type, { action: 'activate', revision, detail: activated(event) }));
        log.say('info', { revision }, `policy bundle active (sequence ${sequence}, signed by ${keyId})`);
        if (origin === 'last-good') {
          const said = 'the source has no bundle to run: started with the last good one, kept on disk';
          log.say('error', { revision }, said);
        }
        return;
      }
      case 'bundle.refused': {
        const { code, reason, digest } = event;
        refusals.add();
        log.say('error', { code }, `policy bundle refused: ${reason}`);
        const detail = { code, reason, digest };
        await record(gatewayEvent(clock.now(), event.type, { action: 'activate', effect: 'refused', detail }));
        return;
      }
      default:
        return event satisfies never;
    }
  };
}

type Activated = Extract<PolicyEvent, { type: 'bundle.activated' }>;

/** What the log says of an activation; of several bundles each, with its own end. */
function activated({ sequence, digest, keyId, expiresAtMs, origin, bundles }: Activated): Record<string, Json> {
  const whole = { sequence, digest, key: keyId, expires_at: rfc3339(expiresAtMs), origin };
  if (bundles.length === 1) return whole;
  const each = bundles.map((bundle) => ({
    name: bundle.name,
    revision: bundle.revision,
    sequence: bundle.sequence,
    digest: bundle.digest,
    key: bundle.keyId,
    expires_at: rfc3339(bundle.expiresAtMs),
  }));
  return { ...whole, bundles: each };
}

function rfc3339(ms: number): string {
  return new Date(ms).toISOString();
}
