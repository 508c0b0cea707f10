import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AuditEvent } from '../contract/event.ts';
import { openNotify } from './notify.ts';
import type { NotifyPorts } from './notify.ts';

const secret = `whsec_${randomBytes(32).toString('base64')}`;
const event: AuditEvent = {
  type: 'decision',
  time: '2026-06-01T00:00:00.000Z',
  identity: 'bot',
  session: 'S1',
  request: 'R1',
  target: 'crm',
  action: 'read',
  effect: 'mask',
  command: 'select ssn from customers',
  revision: 'r1',
  findings: ['PG-400'],
  detail: {},
};
const numbered = (n: number): AuditEvent => ({ ...event, request: `R${n}` });

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let server: Server;
let url: string;
let received: Received[];
/** Statuses to answer with, in order; then 204. `undefined` hangs up. */
let answers: (number | undefined)[];
let counted: string[];
let lost: unknown[];
let ports: NotifyPorts;

beforeEach(async () => {
  received = [];
  answers = [];
  counted = [];
  lost = [];
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, body });
      const status = answers.length > 0 ? answers.shift() : 204;
      if (status === undefined) return void response.destroy();
      response.writeHead(status, status === 302 ? { location: 'http://127.0.0.1:1/' } : {}).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`; // listening on TCP: the address is never a string
  ports = {
    clock: { now: () => Date.now() },
    log: { info() {}, warn() {}, error: (fields: unknown) => void lost.push(fields) },
    count: (channel, outcome) => void counted.push(`${channel} ${outcome}`),
    retryMs: [1, 1, 1],
  };
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const open = (more: Partial<NotifyPorts> = {}) => openNotify([{ name: 'secops', url, secret }], { ...ports, ...more });
const never = new AbortController().signal;

describe('a notification', () => {
  test('arrives signed, so that its receiver can verify it', async () => {
    const notify = open();
    notify.send('secops', event);
    await notify.close(never);
    const [{ headers, body } = { headers: {}, body: '' }] = received;
    const signed = headers as Record<string, string>; // the three that verify reads are there, or it throws
    expect(new Webhook(secret).verify(body, signed)).toEqual({
      type: 'sallyport.decision',
      timestamp: event.time,
      data: event,
    });
    expect(() => new Webhook(secret).verify(body.replace('bot', 'ana'), signed)).toThrow('signature');
    expect(counted).toEqual(['secops delivered']);
  });

  test('is tried again, under the same id, while its receiver may recover', async () => {
    answers = [500, undefined, 429];
    const notify = open();
    notify.send('secops', event);
    await notify.close(never);
    expect(received).toHaveLength(4);
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(counted).toEqual(['secops delivered']);
  });

  test('is lost loudly after its last try', async () => {
    answers = [500, 500, 500, 500];
    const notify = open();
    notify.send('secops', event);
    await notify.close(never);
    expect(counted).toEqual(['secops dropped']);
    expect(lost).toMatchObject([{ channel: 'secops', why: 'answered 500' }]);
  });

  test('is not tried again when its receiver will never take it', async () => {
    answers = [410];
    const notify = open();
    notify.send('secops', event);
    await notify.close(never);
    expect(received).toHaveLength(1);
    expect(counted).toEqual(['secops dropped']);
  });

  test('follows no redirect', async () => {
    answers = [302];
    const notify = open({ retryMs: [] });
    notify.send('secops', event);
    await notify.close(never);
    expect(counted).toEqual(['secops dropped']);
  });

  test('comes in order with the others of its channel', async () => {
    answers = [500];
    const notify = open();
    for (let n = 1; n <= 3; n++) notify.send('secops', numbered(n));
    await notify.close(never);
    expect(received.map(({ body }) => /"request":"(R\d)"/.exec(body)?.[1])).toEqual(['R1', 'R1', 'R2', 'R3']);
  });

  test('beyond the limit is lost loudly, and nobody waits', async () => {
    const notify = open({ maxWaiting: 2 });
    for (let n = 1; n <= 5; n++) notify.send('secops', numbered(n));
    expect(counted).toEqual(['secops dropped', 'secops dropped', 'secops dropped']);
    await notify.close(never);
    expect(received).toHaveLength(2);
  });

  test('to a channel that is not configured is only logged, loudly', () => {
    const notify = open();
    notify.send('nobody', event);
    expect(counted).toEqual(['nobody unknown']);
    expect(lost).toMatchObject([{ channel: 'nobody' }]);
  });

  test('that waits when the gateway must stop is lost loudly', async () => {
    answers = [500];
    const notify = open({ retryMs: [3_600_000] });
    notify.send('secops', event);
    notify.send('secops', numbered(2));
    await notify[Symbol.asyncDispose]();
    expect(counted).toEqual(['secops dropped', 'secops dropped']);
  });
});

test.each([
  ['http://hooks.example/x', secret, 'https'],
  ['ftp://127.0.0.1/x', secret, 'https'],
  ['nonsense', secret, 'https'],
  ['https://hooks.example/x', 'password', 'whsec_'],
  ['https://hooks.example/x', 'whsec_c2hvcnQ=', 'whsec_'],
])('a channel at %s with secret %s is refused', (at, withSecret, why) => {
  expect(() => openNotify([{ name: 'c', url: at, secret: withSecret }], ports)).toThrow(why);
});
