import { effects } from '../contract/decision.ts';

/**
 * Every metric there is. Values of labels are listed too, so that nobody can make series without end: a principal, a statement or a request
 * is never a label. `configured` labels take names from the configuration, which are few.
 */
export const metricList = {
  commands_total: counter('Commands judged, by the effect of the decision.', {
    protocol: ['postgres', 'ssh', 'session'],
    effect: effects,
  }),
  refused_total: counter('Input that never became a command.', {
    protocol: ['postgres', 'ssh'],
    reason: ['syntax', 'too_long', 'too_deep', 'deadline', 'crashed', 'encoding', 'grammar', 'protocol', 'other'],
  }),
  logins_total: counter('Logins, by how they ended.', {
    outcome: ['ok', 'token', 'denied', 'deadline'],
  }),
  sessions: gauge('Sessions that are open.', { protocol: ['postgres', 'ssh'] }),
  connections: gauge('Connections, by whether somebody is proven on them.', { state: ['unauthenticated', 'admitted'] }),
  connections_refused_total: counter('Connections refused unread.', {
    reason: ['too_many_connections', 'too_many_unauthenticated'],
  }),
  holds: gauge('Commands that wait for an approval.', {}),
  holds_total: counter('Holds that are over, by how they ended.', {
    outcome: ['approved', 'refused', 'expired', 'cancelled'],
  }),
  hold_seconds: histogram('How long holds waited.', {}, [1, 5, 15, 60, 300, 900, 3600]),
  client_bytes_total: counter('Bytes on client connections.', { direction: ['in', 'out'] }),
  upstream_connects_total: counter('Connections to targets.', { target: 'configured', outcome: ['ok', 'failed'] }),
  recorder_queue_bytes: gauge('Bytes that wait to be written to recordings.', {}),
  audit_entries_total: counter('Entries of the audit log, by durability.', { durability: ['written', 'flushed'] }),
  audit_failures_total: counter('Entries that could not be written. Nothing ran then.', {}),
  audit_tree_size: gauge('Entries under the latest signed checkpoint.', {}),
  bundle: gauge('1 for the revision in force.', { revision: 'configured' }),
  bundle_activated_timestamp_seconds: gauge('When the revision in force was activated.', {}),
  bundle_expires_timestamp_seconds: gauge('When every decision becomes a deny, unless a newer bundle comes.', {
    bundle: 'configured',
  }),
  bundle_checked_timestamp_seconds: gauge('When the source was last seen to answer; missing while it has not.', {
    bundle: 'configured',
  }),
  bundle_refused: gauge('1 with the error’s code while what is at the source is not what runs.', {
    code: ['bundle-invalid', 'bundle-signature', 'bundle-rollback', 'bundle-expired', 'engine-failed', 'other'],
  }),
  bundle_refused_total: counter('Bundles that were not taken.', {}),
  shadow_decisions_total: counter(
    'Decisions that the shadow bundle judged too, by how its answer differs; or could not, or was not asked.',
    {
      outcome: ['same', 'reworded', 'tightened', 'loosened', 'mixed', 'failed', 'dropped'],
    },
  ),
  shadow_seconds_total: counter('Time that the shadow bundle took.', {}),
  shadow_bundle: gauge('1 for the revision in the shadow.', { revision: 'configured' }),
  shadow_bundle_refused_total: counter('Shadow bundles that were not taken.', {}),
  analysis_doubts_total: counter(
    'Output columns that the target described as others than the analysis did. Masked; each is a defect to look at, or a catalog that was stale.',
    { target: 'configured' },
  ),
  catalog_age_seconds: gauge('Time since what is known of a target’s tables was last seen to be so.', {
    target: 'configured',
  }),
  issuer_keys_age_seconds: gauge('Age of an issuer’s keys; missing while there are none.', { issuer: 'configured' }),
  decision_log_events_total: counter(
    'Decisions sent elsewhere: delivered, or lost because there was no room for them.',
    {
      sink: ['file', 'http', 'otlp'],
      outcome: ['delivered', 'lost'],
    },
  ),
  decision_log_waiting_bytes: gauge('Decisions that wait to be delivered, in memory and on disk.', {
    sink: ['file', 'http', 'otlp'],
  }),
  notifications_total: counter('Notifications, by how they ended.', {
    channel: 'configured',
    outcome: ['sent', 'failed', 'dropped'],
  }),
} as const satisfies Readonly<Record<string, Metric>>;

export type MetricName = keyof typeof metricList;

/** The values that each label may have. */
export type LabelValues = Readonly<Record<string, readonly string[] | 'configured'>>;

export type Metric =
  | { readonly kind: 'counter' | 'gauge'; readonly help: string; readonly labels: LabelValues }
  | {
      readonly kind: 'histogram';
      readonly help: string;
      readonly labels: LabelValues;
      readonly buckets: readonly number[];
    };

function counter<const Labels extends LabelValues>(help: string, labels: Labels) {
  return { kind: 'counter', help, labels } as const;
}

function gauge<const Labels extends LabelValues>(help: string, labels: Labels) {
  return { kind: 'gauge', help, labels } as const;
}

/** @param buckets upper bounds, in the unit of the name */
function histogram<const Labels extends LabelValues>(help: string, labels: Labels, buckets: readonly number[]) {
  return { kind: 'histogram', help, labels, buckets } as const;
}
