import type { NowFacts } from '../contract/command.ts';
import type { Decided } from '../contract/decided.ts';
import { withoutValues } from './erase.ts';

/** What every event says of who wrote it: `id` and `version`, and what the configuration adds. */
export type EventLabels = { readonly [name: string]: string };

/**
 * One decision as OPA logs it (EventV1, openpolicyagent.org/docs/management-decision-logs), so that what collects OPA's logs can collect ours.
 * `input` is what rules could read and `result` what came of it, both without labelled values; `erased` and `masked` say what is missing.
 */
export function decisionEvent(decided: Decided, now: NowFacts, labels: EventLabels): object {
  const { frame, requestId, decision, around, effect, atMs, tookMs } = decided;
  const { session, approval } = around;
  const { command, findings, erased, masked } = withoutValues(decided);
  const { revision, masks, limits } = decision;
  return {
    labels,
    decision_id: requestId,
    ...(revision !== '' && { bundles: { policy: { revision } } }),
    path: `sallyport/${decided.command.protocol}/decision`,
    input: {
      v: 1,
      request_id: requestId,
      now,
      principal: frame.principal,
      client: frame.client,
      target: frame.target,
      session,
      command,
      ...(approval && { approval }),
    },
    result: {
      v: 1,
      request_id: requestId,
      effect: decision.effect,
      ...(effect !== decision.effect && { took_effect: effect }),
      findings,
      masks,
      approval: decision.approval,
      limits,
    },
    ...(erased.length > 0 && { erased }),
    ...(masked.length > 0 && { masked }),
    requested_by: frame.client.ip,
    timestamp: new Date(atMs).toISOString(),
    metrics: { timer_rego_query_eval_ns: Math.round(tookMs * 1e6) },
  };
}
