import { createHash } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { SallyportError } from '../contract/errors.ts';
import type { AuditEvent } from '../contract/event.ts';

/** One message, signed once for each try: https://www.standardwebhooks.com */
export interface Delivery {
  /** The same for every try, so that a receiver can drop doubles. */
  readonly id: string;
  readonly body: string;
}

/** How a try ended. `retry`: the receiver may do better later. `drop`: it never will. */
export type Attempt = { readonly outcome: 'delivered' } | { readonly outcome: 'retry' | 'drop'; readonly why: string };

export interface WebhookTarget {
  readonly url: string;
  readonly webhook: Webhook;
}

const timeoutMs = 10_000;

/**
 * @param secret `whsec_` and base64, as the standard wants it, of 24 to 64 bytes
 * @throws SallyportError `config-invalid`
 */
export function webhookTarget(name: string, url: string, secret: string): WebhookTarget {
  const parsed = URL.parse(url);
  const isLoopback = parsed !== null && /^(127(\.\d+){3}|localhost|\[::1\])$/.test(parsed.hostname);
  if (parsed?.protocol !== 'https:' && !(parsed?.protocol === 'http:' && isLoopback)) {
    throw new SallyportError(
      'config-invalid',
      `notify channel ${name}: the URL has to be https (http on loopback only)`,
    );
  }
  const bytes = /^whsec_[A-Za-z0-9+/]+=*$/.test(secret)
    ? Buffer.from(secret.slice('whsec_'.length), 'base64').length
    : 0;
  if (bytes < 24 || bytes > 64) {
    throw new SallyportError(
      'config-invalid',
      `notify channel ${name}: the secret has to be "whsec_" and 24 to 64 bytes in base64`,
    );
  }
  return { url, webhook: new Webhook(secret) };
}

/** What the receiver gets: the log's entry, under a type that it can choose by. */
export function deliveryOf(channel: string, event: AuditEvent): Delivery {
  const body = JSON.stringify({ type: `sallyport.${event.type}`, timestamp: event.time, data: event });
  const id = createHash('sha256').update(channel).update('\0').update(body).digest('hex').slice(0, 32);
  return { id: `msg_${id}`, body };
}

/** Sends once. Never throws. */
export async function attempt(
  target: WebhookTarget,
  delivery: Delivery,
  now: Date,
  fetcher: typeof fetch,
  signal: AbortSignal,
): Promise<Attempt> {
  const { id, body } = delivery;
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'sallyport',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
    'webhook-signature': target.webhook.sign(id, now, body),
  };
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    // A redirect could send the entry, signature and all, to somebody whom nobody configured.
    const response = await fetcher(target.url, { method: 'POST', headers, body, redirect: 'error', signal: limit });
    await response.body?.cancel();
    if (response.ok) return { outcome: 'delivered' };
    const canRecover = response.status >= 500 || response.status === 429 || response.status === 408;
    return { outcome: canRecover ? 'retry' : 'drop', why: `answered ${response.status}` };
  } catch (error) {
    return { outcome: 'retry', why: error instanceof Error ? error.message : 'unknown' };
  }
}
