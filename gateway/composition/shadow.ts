import type { Witness } from '../contract/decided.ts';
import type { Clock } from '../contract/ports.ts';
import type { Config } from '../config/index.ts';
import type { Credentials } from '../credentials/index.ts';
import type { OpenPolicy } from '../policy/open.ts';
import { openShadow, type Shadow, type ShadowEvent } from '../policy/shadow/shadow.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { policySources } from './policy-source.ts';
import { trustedKeys } from './secrets.ts';

export interface ShadowPorts {
  /** The one in force. */
  readonly policy: OpenPolicy;
  readonly secrets: Credentials;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** The shadow bundle of the configuration, if there is one. A bundle that is missing or bad is no reason not to start. */
export async function shadowOf({ policy: config, targets }: Config, ports: ShadowPorts): Promise<Shadow | undefined> {
  if (!config.shadow) return undefined;
  const { policy, secrets, clock, log, metrics } = ports;
  const { keys = config.keys, cpu_percent, queue } = config.shadow;
  const trusted = await trustedKeys({ policy: { keys } });
  const sources = await policySources(config.shadow, trusted, secrets);
  const seconds = metrics.counter('shadow_seconds_total');
  const shadow = openShadow({
    sources,
    clock,
    maxWaiting: queue,
    share: cpu_percent / 100,
    inForce: policy,
    targets: targets.map(({ name }) => name),
    onEvent: saidBy(log, metrics),
    count: (outcome) => metrics.counter('shadow_decisions_total', { outcome }).add(),
    took: (amount) => seconds.add(amount),
  });
  metrics.gauges('shadow_bundle', () => {
    const { revision } = shadow.report(0);
    return revision === '' ? [] : [[{ revision }, 1]];
  });
  return shadow;
}

/** Both are told; each has promised not to throw. */
export function eachWitness(...witnesses: readonly (Witness | undefined)[]): Witness {
  const present = witnesses.flatMap((witness) => witness ?? []);
  return (decided) => {
    for (const witness of present) witness(decided);
  };
}

function saidBy(log: Log, metrics: Metrics): (event: ShadowEvent) => void {
  return (event) => {
    switch (event.type) {
      case 'bundle.activated':
        return log.say('info', { revision: event.revision }, 'shadow bundle judges from now on, without effect');
      case 'bundle.refused':
        metrics.counter('shadow_bundle_refused_total').add();
        return log.say('error', { code: event.code }, `shadow bundle refused: ${event.reason}`);
      case 'shadow.differs': {
        const { decided, to, what } = event;
        const { frame, requestId, decision } = decided;
        const about = { request: requestId, principal: frame.principal.id, target: frame.target.name };
        const difference = what.length === 0 ? ' in other words' : `: ${what.join(', ')}`;
        return log.say('info', { ...about, effect: decision.effect }, `shadow bundle would ${to}${difference}`);
      }
      case 'shadow.stopped':
        return log.say('error', {}, `shadow bundle stopped: ${event.why}`);
      case 'shadow.failed':
        return log.say('error', { err: event.error }, 'shadow bundle could not judge');
      default:
        return event satisfies never;
    }
  };
}
