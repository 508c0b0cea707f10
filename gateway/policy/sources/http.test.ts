import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { expect, test } from 'vitest';
import { settled } from '../../testing/settled.ts';
import { bundleLimits } from '../bundle/read.ts';
import { allowing, compileRego, decidingBy, key, signedBundle, someTimeMs } from '../fixtures.ts';
import { openPolicy, type PolicyEvent } from '../open.ts';
import { listening, type Listening } from '../../testing/listening.ts';
import { tlsPair } from '../../testing/tls.ts';
import { bearer, HttpSource, type HttpSourceOptions } from './http.ts';

const { signal } = new AbortController();
const holding = { 'content-type': 'application/vnd.openpolicyagent.bundles' };

interface Served extends Listening {
  readonly asked: IncomingMessage[];
}

async function serve(answer: RequestListener, tls?: ReturnType<typeof tlsPair>): Promise<Served> {
  const asked: IncomingMessage[] = [];
  const listener: RequestListener = (request, response) => {
    asked.push(request);
    answer(request, response);
  };
  const server: Server = tls ? createTlsServer(tls, listener) : createServer(listener);
  const at = await listening(server, tls ? 'https' : 'http');
  return { ...at, url: `${at.url}/b.tar.gz`, asked };
}

const source = (url: string, changes: Partial<HttpSourceOptions> = {}) =>
  new HttpSource({ url, waitS: 0, minPauseMs: 1, maxPauseMs: 2, ...changes });

/** Answers with this content and its ETag; 304 to whoever has it. */
function file(content: () => string, headers: Record<string, string> = {}): RequestListener {
  return (request, response) => {
    const etag = `"${content()}"`;
    if (request.headers['if-none-match'] === etag) return response.writeHead(304, headers).end();
    return response.writeHead(200, { etag, ...headers }).end(content());
  };
}

test('what is there is found once, and again when it changed', async () => {
  let content = 'one';
  await using server = await serve(file(() => content));
  const http = source(server.url);
  expect((await http.look(signal))?.archive.toString()).toBe('one');
  expect(await http.look(signal)).toBeUndefined();
  content = 'two';
  expect((await http.look(signal))?.archive.toString()).toBe('two');
  expect(server.asked.map((r) => r.headers['if-none-match'])).toEqual([undefined, '"one"', '"one"']);
  expect(server.asked[0]?.headers['prefer']).toBe('modes=snapshot');
});

test('a server that holds requests is asked to, and what it brings is the next look', async () => {
  let content = 'one';
  let release: (() => void) | undefined;
  await using server = await serve((request, response) => {
    const answer = () => file(() => content, holding)(request, response);
    if (request.headers['prefer'] === 'modes=snapshot;wait=30') release = answer;
    else answer();
  });
  const http = source(server.url, { waitS: 30 });
  await http.look(signal);
  const waited = http.wait(signal);
  await expect.poll(() => release, settled).toBeDefined();
  content = 'two';
  release?.();
  await waited;
  expect((await http.look(signal))?.archive.toString()).toBe('two');
  expect(server.asked).toHaveLength(2);
});

test('a look does not wait for a long poll, whose older answer is dropped', async () => {
  let content = 'one';
  const held: (() => void)[] = [];
  await using server = await serve((request, response) => {
    const now = content;
    const answer = () => file(() => now, holding)(request, response);
    if (request.headers['prefer']?.includes('wait')) held.push(answer);
    else answer();
  });
  const http = source(server.url, { waitS: 30 });
  await http.look(signal);
  content = 'two';
  const waited = http.wait(signal);
  await expect.poll(() => held.length, settled).toBe(1);
  content = 'three';
  expect((await http.look(signal))?.archive.toString()).toBe('three');
  held[0]?.();
  await waited;
  expect(await http.look(signal)).toBeUndefined();
});

test('a server that does not say that it holds requests is not asked to', async () => {
  await using server = await serve(file(() => 'one'));
  const http = source(server.url, { waitS: 30 });
  await http.look(signal);
  await http.wait(signal);
  expect(server.asked).toHaveLength(1);
});

test('a server without ETags has something new only when the content is', async () => {
  let content = 'one';
  await using server = await serve((_request, response) => void response.writeHead(200, holding).end(content));
  const http = source(server.url);
  expect(await http.look(signal)).toBeDefined();
  expect(await http.look(signal)).toBeUndefined();
  content = 'two';
  expect((await http.look(signal))?.archive.toString()).toBe('two');
});

test('an abort ends a long poll', async () => {
  await using server = await serve((request, response) => {
    if (!request.headers['prefer']?.includes('wait')) file(() => 'one', holding)(request, response);
  });
  const http = source(server.url, { waitS: 30 });
  await http.look(signal);
  const closing = new AbortController();
  const waited = http.wait(closing.signal);
  await expect.poll(() => server.asked.length, settled).toBe(2);
  closing.abort();
  await expect(waited).resolves.toBeUndefined();
});

test('the token is asked for each time, and sent as bearer', async () => {
  await using server = await serve(file(() => 'one'));
  let turn = 0;
  const http = source(server.url, { authorize: bearer(() => Promise.resolve(`secret-${turn++}\n`)) });
  await http.look(signal);
  await http.look(signal);
  expect(server.asked.map((r) => r.headers.authorization)).toEqual(['Bearer secret-0', 'Bearer secret-1']);
});

test('a redirect within the origin is followed', async () => {
  await using server = await serve((request, response) => {
    if (request.url === '/b.tar.gz') response.writeHead(307, { location: '/current' }).end();
    else file(() => 'one')(request, response);
  });
  expect((await source(server.url).look(signal))?.archive.toString()).toBe('one');
});

test('nothing is asked of another origin, and no token goes there', async () => {
  await using elsewhere = await serve(file(() => 'one'));
  await using server = await serve((_request, response) => response.writeHead(302, { location: elsewhere.url }).end());
  const http = source(server.url, { authorize: bearer(() => Promise.resolve('secret')) });
  await expect(http.look(signal)).rejects.toThrow('another origin');
  expect(elsewhere.asked).toEqual([]);
});

const answers: readonly (readonly [string, (response: ServerResponse) => void, string])[] = [
  ['401', (r) => r.writeHead(401).end(), 'answered 401'],
  ['404', (r) => r.writeHead(404).end('no'), 'answered 404'],
  ['500', (r) => r.writeHead(500).end(), 'answered 500'],
  ['204', (r) => r.writeHead(204).end(), 'answered 204'],
  ['304 to one who has nothing', (r) => r.writeHead(304).end(), 'answered 304'],
  ['a redirect without end', (r) => r.writeHead(302, { location: '/b.tar.gz' }).end(), 'redirects'],
  ['a redirect to no address', (r) => r.writeHead(302, { location: 'http://[' }).end(), 'another origin'],
  ['a redirect with a password', (r) => r.writeHead(302, { location: '//a:b@localhost/' }).end(), 'another origin'],
  ['half a body', (r) => (r.writeHead(200, { 'content-length': 9 }), r.write('x', () => r.destroy())), 'aborted'],
  ['nothing', (r) => r.destroy(), 'socket hang up'],
];
test.each(answers)('%s is no bundle', async (_what, answer, said) => {
  await using server = await serve((_request, response) => answer(response));
  await expect(source(server.url).look(signal)).rejects.toMatchObject({
    code: 'bundle-invalid',
    message: expect.stringContaining(said) as string,
  });
});

test('a body that does not end is refused at the limit', async () => {
  let sent = 0;
  await using server = await serve((_request, response) => {
    const chunk = Buffer.alloc(1 << 20);
    const more = (): void => {
      if (response.destroyed) return;
      sent += chunk.length;
      // In a turn of its own: Node 26 calls back at once where the client has hung up, and the end would never be seen.
      response.write(chunk, () => setImmediate(more));
    };
    more();
  });
  await expect(source(server.url).look(signal)).rejects.toThrow(`longer than ${bundleLimits.maxArchiveBytes} bytes`);
  expect(sent).toBeLessThan(2 * bundleLimits.maxArchiveBytes);
});

test('a server that never answers is given up', async () => {
  await using server = await serve(() => undefined);
  await expect(source(server.url, { answerMs: 50 }).look(signal)).rejects.toMatchObject({ code: 'bundle-invalid' });
});

test('after a failure the whole bundle is asked for', async () => {
  let broken = false;
  await using server = await serve((request, response) => {
    if (broken) response.writeHead(503).end();
    else file(() => 'one')(request, response);
  });
  const http = source(server.url);
  await http.look(signal);
  broken = true;
  await expect(http.look(signal)).rejects.toThrow('503');
  broken = false;
  expect((await http.look(signal))?.archive.toString()).toBe('one');
});

test('a private authority is believed where it is named, and nowhere else', async () => {
  const pair = tlsPair();
  await using server = await serve(
    file(() => 'one'),
    pair,
  );
  expect((await source(server.url, { ca: pair.ca }).look(signal))?.archive.toString()).toBe('one');
  await expect(source(server.url).look(signal)).rejects.toThrow('no bundle from https://localhost');
});

test('what is secret in an address is not said', async () => {
  await using server = await serve((_request, response) => response.writeHead(403).end());
  const http = source(`${server.url}?signature=hunter2`, { authorize: bearer(() => Promise.resolve('hunter3')) });
  expect(http.where).toBe(server.url);
  const said = await http.look(signal).catch((error: unknown) => String(error));
  expect(said).toContain('answered 403');
  expect(said).not.toContain('hunter');
});

test('a gateway follows a server: one bundle, then the next, and an outage is told of once', async () => {
  const guarded = `package sets\n\nanswer := ${allowing()} if input.target.name\n`;
  const wasm = await compileRego(process.env, { ...decidingBy('sets.answer'), 'sets.rego': guarded });
  const built = (sequence: number) => signedBundle(wasm, { revision: `v${sequence}`, metadata: { sequence } });
  let content: Buffer | undefined = await built(1);
  await using server = await serve((_request, response) => {
    if (content) response.writeHead(200, { etag: `"${content.length}"` }).end(content);
    else response.writeHead(503).end();
  });
  const events: PolicyEvent[] = [];
  await using policy = await openPolicy({
    source: new HttpSource({ url: server.url, waitS: 0, minPauseMs: 1e6, maxPauseMs: 1e6 }),
    keys: [key.trusted],
    clock: { now: () => someTimeMs },
    onEvent: (event) => void events.push(event),
  });
  content = undefined;
  for (let i = 0; i < 3; i++) await policy.refresh();
  expect(policy.status()).toMatchObject({ revision: 'v1', refused: { code: 'bundle-invalid' } });
  content = await built(2);
  await policy.refresh();
  expect(policy.status()).toMatchObject({ revision: 'v2', refused: null });
  expect(events.map((e) => e.type)).toEqual(['bundle.activated', 'bundle.refused', 'bundle.activated']);
});
