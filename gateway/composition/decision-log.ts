import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/index.ts';
import type { Credentials } from '../credentials/index.ts';
import { type DecisionLog, openDecisionLog, type RemoteOptions } from '../decision-log/index.ts';
import { nowFacts } from '../policy/engine/now.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';

type ReceiverConfig = NonNullable<Config['decision_log']['http']>;

/** The decision log as the configuration wants it: to nowhere, unless it says where. */
export async function decisionLog(
  config: Config,
  ports: {
    readonly secrets: Credentials;
    readonly log: Log;
    readonly metrics: Metrics;
    /** The gateway's own. */
    readonly version: string;
  },
): Promise<DecisionLog> {
  const { secrets, log, metrics, version } = ports;
  const { labels, file, http, otlp } = config.decision_log;
  const opened = await openDecisionLog({
    labels: { id: config.audit.origin, version, ...labels },
    spoolDir: join(config.state_dir, 'decision-log'),
    file: file && { path: file.path, maxBytes: file.max_bytes, keep: file.keep },
    http: http && (await remote(http, secrets)),
    otlp: otlp && (await remote(otlp, secrets)),
    nowFacts,
    say: (sink, level, message, error) =>
      log.say(level, { channel: sink, ...(error !== undefined && { err: error }) }, `decision log: ${message}`),
    count: (sink, outcome, events) => metrics.counter('decision_log_events_total', { sink, outcome }).add(events),
  });
  metrics.gauges('decision_log_waiting_bytes', () =>
    opened.waiting().map(([sink, bytes]) => [{ sink }, bytes] as const),
  );
  return opened;
}

async function remote(to: ReceiverConfig, secrets: Credentials): Promise<RemoteOptions> {
  const { url, token, headers, ca, batch_bytes, max_delay_ms, retry_max_s, spool_bytes } = to;
  return {
    url,
    headers: async () => {
      const named = await Promise.all(
        Object.entries(headers).map(
          async ([name, from]) => [name, (await secrets.resolve(from)).reveal().trim()] as const,
        ),
      );
      const bearer = token && (await secrets.resolve(token)).reveal().trim();
      return { ...Object.fromEntries(named), ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }) };
    },
    ca: ca === undefined ? undefined : await readFile(ca, 'utf8'),
    batchBytes: batch_bytes,
    delayMs: max_delay_ms,
    longestPauseMs: retry_max_s * 1_000,
    spoolBytes: spool_bytes,
  };
}
