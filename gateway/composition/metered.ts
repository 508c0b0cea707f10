import type { AuditEvent, Durability } from '../contract/event.ts';
import type { Audit } from '../contract/ports.ts';
import type { Json, Protocol } from '../contract/principal.ts';
import type { Wait } from '../contract/wait.ts';
import type { ListenEvent } from '../listen/events.ts';
import type { Metrics, Tally } from '../telemetry/metrics.ts';

/**
 * The audit log, counted: what has an entry has a number. Nothing is counted that was not written.
 * @param now milliseconds since the epoch
 * @param protocolOf a target’s
 */
export function meteredAudit(
  audit: Audit,
  metrics: Metrics,
  now: () => number,
  protocolOf: (target: string) => Protocol,
): Audit {
  const entries: { readonly [durability in Durability]: Tally } = {
    written: metrics.counter('audit_entries_total', { durability: 'written' }),
    flushed: metrics.counter('audit_entries_total', { durability: 'flushed' }),
  };
  const failures = metrics.counter('audit_failures_total');
  const count = eventCounter(metrics, now, protocolOf);
  return {
    append(event, durability): Wait {
      let wait: Wait;
      try {
        wait = audit.append(event, durability);
      } catch (error) {
        failures.add();
        throw error;
      }
      entries[durability].add();
      if (event.type !== 'decision') count(event);
      return wait?.catch((error: unknown) => {
        failures.add();
        throw error;
      });
    },
  };
}

const reasons = ['syntax', 'too-long', 'too-deep', 'deadline', 'crashed', 'encoding', 'grammar', 'protocol'] as const;

function eventCounter(
  metrics: Metrics,
  now: () => number,
  protocolOf: (target: string) => Protocol,
): (event: AuditEvent) => void {
  const opened = new Map<string, number>();
  metrics.gauge('holds', () => opened.size);
  return ({ type, effect, identity, target, detail }) => {
    switch (type) {
      case 'session.start':
        return metrics.counter('logins_total', { outcome: 'ok' }).add();
      case 'login.refused':
        // Before anybody is proven there is nobody whom policy could deny.
        return metrics.counter('logins_total', { outcome: identity === '-' ? 'token' : 'denied' }).add();
      case 'refused': {
        const why = textOf(detail['why']);
        const reason = reasons.find((known) => why.startsWith(known)) ?? 'other';
        const named = reason === 'too-long' ? 'too_long' : reason === 'too-deep' ? 'too_deep' : reason;
        return metrics.counter('refused_total', { protocol: protocolOf(target), reason: named }).add();
      }
      case 'hold.opened':
        opened.set(textOf(detail['hold']), now());
        return undefined;
      case 'hold.resolved': {
        const hold = textOf(detail['hold']);
        const sinceMs = opened.get(hold);
        opened.delete(hold);
        if (sinceMs !== undefined) metrics.histogram('hold_seconds').observe((now() - sinceMs) / 1000);
        const outcome = (['approved', 'refused', 'expired', 'cancelled'] as const).find((known) => known === effect);
        if (outcome) metrics.counter('holds_total', { outcome }).add();
        return undefined;
      }
      default:
        return undefined;
    }
  };
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** What happens on listeners. Bytes are counted when a connection is over. */
export function countListenEvents(metrics: Metrics): (event: ListenEvent) => void {
  const bytesIn = metrics.counter('client_bytes_total', { direction: 'in' });
  const bytesOut = metrics.counter('client_bytes_total', { direction: 'out' });
  return (event) => {
    if (event.kind === 'closed') {
      bytesIn.add(event.bytesRead);
      bytesOut.add(event.bytesWritten);
    } else if (event.kind === 'refused') {
      const reason = event.why === 'too-many-connections' ? 'too_many_connections' : 'too_many_unauthenticated';
      metrics.counter('connections_refused_total', { reason }).add();
    } else if (event.kind === 'login-deadline') metrics.counter('logins_total', { outcome: 'deadline' }).add();
  };
}
