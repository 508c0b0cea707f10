import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import type { AuditEvent } from '../contract/event.ts';
import { openNotify } from '../notify/index.ts';
import type { PolicyEvent } from '../policy/open.ts';
import { openLog } from '../telemetry/log.ts';
import { openMetrics } from '../telemetry/metrics.ts';
import { listening } from '../testing/listening.ts';
import { policyEvents } from './watch-policy.ts';

const secret = `whsec_${randomBytes(32).toString('base64')}`;
const clock = { now: () => Date.UTC(2026, 0, 5) };
const part = { sequence: 1, digest: 'd', keyId: 'main', expiresAtMs: clock.now() };
const activated: PolicyEvent = {
  type: 'bundle.activated',
  revision: 'r1+columns:c1',
  ...part,
  origin: 'source',
  bundles: [
    { name: 'rules', revision: 'r1', ...part },
    { name: 'columns', revision: 'c1', ...part },
  ],
};
const refused: PolicyEvent = { type: 'bundle.refused', code: 'bundle-expired', reason: 'too old', digest: 'd' };

interface Received {
  readonly body: string;
  readonly headers: Record<string, string>;
}

async function watching(append: (event: AuditEvent) => Promise<void>) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      received.push({ body, headers: request.headers as Record<string, string> }); // none of those that are read comes twice
      response.writeHead(204).end();
    });
  });
  const at = await listening(server);
  const lines: string[] = [];
  const log = openLog({ level: 'info', sink: { write: (line) => void lines.push(line) } });
  const notify = openNotify([{ name: 'secops', url: `${at.url}/hook`, secret }], { clock: { now: Date.now }, log });
  const metrics = openMetrics();
  const tell = policyEvents({ audit: { append }, clock, log, metrics, notify, channels: ['secops'] });
  return { ...at, received, lines, notify, metrics, tell };
}

test('every bundle that took effect or was refused is told to the configured channels, signed', async () => {
  const recorded: AuditEvent[] = [];
  await using world = await watching((event) => Promise.resolve(void recorded.push(event)));
  await world.tell(activated);
  await world.tell(refused);
  await world.notify.close(AbortSignal.timeout(20_000));
  const bodies = world.received.map(({ body, headers }) => new Webhook(secret).verify(body, headers));
  expect(bodies).toMatchObject([
    {
      type: 'sallyport.bundle.activated',
      data: {
        revision: 'r1+columns:c1',
        detail: { bundles: [{ name: 'rules' }, { name: 'columns', revision: 'c1' }] },
      },
    },
    {
      type: 'sallyport.bundle.refused',
      data: { effect: 'refused', detail: { code: 'bundle-expired', reason: 'too old' } },
    },
  ]);
  expect(recorded.map(({ type }) => type)).toEqual(['bundle.activated', 'bundle.refused']);
  expect(world.lines.join('')).toContain('policy bundle refused: too old');
  expect((await world.metrics.export()).text).toContain('bundle_refused_total 1');
});

test('nobody is told that a bundle took effect before that is written', async () => {
  await using world = await watching(() => Promise.reject(new Error('disk full')));
  await expect(world.tell(activated)).rejects.toThrow('disk full');
  await world.notify.close(AbortSignal.timeout(20_000));
  expect(world.received).toEqual([]);
  expect(world.lines.join('')).not.toContain('policy bundle active');
});
