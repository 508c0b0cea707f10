import type { AuditEvent, Durability } from '../contract/event.ts';
import type { Audit, Clock } from '../contract/ports.ts';
import type { Wait } from '../contract/wait.ts';
import type { PolicyEvent } from '../policy/open.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { gatewayEvent } from './events.ts';

/** Every bundle that took effect, or was refused, is an entry of the log before anything else happens. */
export function policyEvents(audit: Audit, clock: Clock, log: Log, metrics: Metrics): (event: PolicyEvent) => Wait {
  const refused = metrics.counter('bundle_refused_total');
  const append = (event: AuditEvent, durability: Durability) => audit.append(event, durability);
  return (event) => {
    switch (event.type) {
      case 'bundle.activated': {
        const { revision, sequence, digest, keyId, expiresAtMs, origin } = event;
        log.say('info', { revision }, `policy bundle active (sequence ${sequence}, signed by ${keyId})`);
        if (origin === 'last-good') {
          log.say(
            'error',
            { revision },
            'the source has no bundle to run: started with the last good one, kept on disk',
          );
        }
        const detail = { sequence, digest, key: keyId, expires_at: new Date(expiresAtMs).toISOString(), origin };
        return append(
          gatewayEvent(clock.now(), 'bundle.activated', { action: 'activate', revision, detail }),
          'flushed',
        );
      }
      case 'bundle.refused': {
        const { code, reason, digest } = event;
        refused.add();
        log.say('error', { code }, `policy bundle refused: ${reason}`);
        const detail = { code, reason, digest };
        return append(
          gatewayEvent(clock.now(), 'bundle.refused', { action: 'activate', effect: 'refused', detail }),
          'flushed',
        );
      }
      default:
        return event satisfies never;
    }
  };
}
