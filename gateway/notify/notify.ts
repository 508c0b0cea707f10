import { setTimeout as sleep } from 'node:timers/promises';
import type { BaseLogger } from 'pino';
import type { AuditEvent } from '../contract/event.ts';
import type { Clock, Notify } from '../contract/ports.ts';
import { attempt, deliveryOf, webhookTarget } from './webhook.ts';
import type { Delivery, WebhookTarget } from './webhook.ts';

export interface NotifyChannel {
  /** The name that rules use. */
  readonly name: string;
  readonly url: string;
  /** `whsec_...` (Standard Webhooks). */
  readonly secret: string;
}

export interface NotifyPorts {
  readonly clock: Clock;
  readonly log: Pick<BaseLogger, 'info' | 'warn' | 'error'>;
  readonly fetch?: typeof fetch | undefined;
  /** Counts for metrics. `unknown`: no such channel. */
  readonly count?: ((channel: string, outcome: 'delivered' | 'dropped' | 'unknown') => void) | undefined;
  /** Waits between tries, milliseconds. Default: 1, 5, 30, 120 and 600 s, each more or less by a fifth. */
  readonly retryMs?: readonly number[] | undefined;
  /** Messages that wait for one channel, at most. Default 1,000. */
  readonly maxWaiting?: number | undefined;
}

export interface Notifier extends Notify, AsyncDisposable {
  /** Resolves when nothing waits any more, or when `signal` aborts: what waits then is dropped, loudly. */
  close(signal: AbortSignal): Promise<void>;
}

const defaultRetryMs = [1_000, 5_000, 30_000, 120_000, 600_000];

/**
 * Tells the configured channels by signed webhook, and always the log. A channel's messages go one after the other.
 * @throws SallyportError `config-invalid`
 */
export function openNotify(channels: readonly NotifyChannel[], ports: NotifyPorts): Notifier {
  const stop = new AbortController();
  const queues = new Map(
    channels.map(({ name, url, secret }) => [
      name,
      new Queue(name, webhookTarget(name, url, secret), ports, stop.signal),
    ]),
  );

  async function close(signal: AbortSignal): Promise<void> {
    const abort = (): void => stop.abort();
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    await Promise.all([...queues.values()].map((queue) => queue.drained()));
    stop.abort();
    signal.removeEventListener('abort', abort);
  }

  return {
    send(channel, event) {
      ports.log.info(
        { channel, type: event.type, request: event.request, identity: event.identity, findings: event.findings },
        'notify',
      );
      const queue = queues.get(channel);
      if (queue) return queue.add(event);
      ports.log.error({ channel, request: event.request }, 'a rule notifies a channel that is not configured');
      ports.count?.(channel, 'unknown');
    },
    close,
    [Symbol.asyncDispose]: () => close(AbortSignal.abort()),
  };
}

/** One channel's messages. A receiver that is down makes them wait, and past the limit drops the newest: nothing of ours waits for it. */
class Queue {
  readonly #name: string;
  readonly #target: WebhookTarget;
  readonly #ports: NotifyPorts;
  readonly #stop: AbortSignal;
  readonly #waiting: Delivery[] = [];
  #running: Promise<void> | undefined;

  constructor(name: string, target: WebhookTarget, ports: NotifyPorts, stop: AbortSignal) {
    this.#name = name;
    this.#target = target;
    this.#ports = ports;
    this.#stop = stop;
  }

  add(event: AuditEvent): void {
    const delivery = deliveryOf(this.#name, event);
    if (this.#stop.aborted) return this.#drop(delivery, 'the gateway stops');
    if (this.#waiting.length >= (this.#ports.maxWaiting ?? 1_000)) return this.#drop(delivery, 'too many wait');
    this.#waiting.push(delivery);
    this.#running ??= this.#run();
  }

  async drained(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      await this.#deliver(next);
      this.#waiting.shift();
    }
    // In the same turn as the look that found nothing: whoever adds next starts anew.
    this.#running = undefined;
  }

  async #deliver(delivery: Delivery): Promise<void> {
    const { clock, log, count, fetch: fetcher = fetch, retryMs = defaultRetryMs } = this.#ports;
    for (let tries = 0; ; tries++) {
      if (this.#stop.aborted) return this.#drop(delivery, 'the gateway stops');
      const tried = await attempt(this.#target, delivery, new Date(clock.now()), fetcher, this.#stop);
      switch (tried.outcome) {
        case 'delivered':
          return count?.(this.#name, 'delivered');
        case 'drop':
          return this.#drop(delivery, tried.why);
        case 'retry': {
          const waitMs = retryMs[tries];
          if (waitMs === undefined) return this.#drop(delivery, tried.why);
          log.warn({ channel: this.#name, id: delivery.id, why: tried.why, waitMs }, 'a notification is tried again');
          await this.#wait(waitMs * (0.8 + Math.random() * 0.4));
          break;
        }
        default:
          return tried satisfies never;
      }
    }
  }

  async #wait(ms: number): Promise<void> {
    try {
      await sleep(ms, undefined, { signal: this.#stop, ref: false });
    } catch {
      // stopped: the loop looks for itself
    }
  }

  #drop(delivery: Delivery, why: string): void {
    this.#ports.log.error({ channel: this.#name, id: delivery.id, why }, 'a notification is lost');
    this.#ports.count?.(this.#name, 'dropped');
  }
}
