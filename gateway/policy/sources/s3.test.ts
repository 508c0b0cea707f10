import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { expect, test } from 'vitest';
import { listening, type Listening } from '../../testing/listening.ts';
import { objectAddress, s3Source, type S3SourceOptions } from './s3.ts';

const { signal } = new AbortController();
const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };

/** Signature Version 4 over a request that came in, written down from docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html. */
function signatureOf(
  request: { readonly method: string; readonly path: string; readonly headers: Readonly<Record<string, string>> },
  secret: string,
): string {
  const [, date = '', region = '', names = ''] =
    /Credential=[^/]+\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+)/.exec(
      request.headers['authorization'] ?? '',
    ) ?? [];
  const headers = names.split(';').map((name) => `${name}:${request.headers[name] ?? ''}\n`);
  const lines = [request.method, request.path, '', headers.join(''), names, request.headers['x-amz-content-sha256']];
  const scope = `${date}/${region}/s3/aws4_request`;
  const hashed = createHash('sha256').update(lines.join('\n')).digest('hex');
  const text = ['AWS4-HMAC-SHA256', request.headers['x-amz-date'], scope, hashed].join('\n');
  const key = [date, region, 's3', 'aws4_request'].reduce<Buffer>(
    (secretSoFar, part) => createHmac('sha256', secretSoFar).update(part).digest(),
    Buffer.from(`AWS4${secret}`),
  );
  return createHmac('sha256', key).update(text).digest('hex');
}

test('the verifier of these tests agrees with the example in the documentation', () => {
  const headers = {
    authorization:
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=host;range;x-amz-content-sha256;x-amz-date',
    host: 'examplebucket.s3.amazonaws.com',
    range: 'bytes=0-9',
    'x-amz-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    'x-amz-date': '20130524T000000Z',
  };
  expect(signatureOf({ method: 'GET', path: '/test.txt', headers }, 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY')).toBe(
    'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  );
});

interface Store extends Listening {
  readonly asked: IncomingMessage[];
  content: string;
}

/** A store with one object, whatever the path: it believes nobody whose signature is not over what arrived. */
async function store(answer?: RequestListener): Promise<Store> {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    if (answer) return answer(request, response);
    const headers = request.headers as Record<string, string>; // none of those that are read comes twice
    const given = /Signature=([0-9a-f]{64})$/.exec(headers['authorization'] ?? '')?.[1];
    const path = request.url ?? '';
    if (given !== signatureOf({ method: request.method ?? '', path, headers }, keys.secretAccessKey)) {
      return response.writeHead(403).end('<Error><Code>SignatureDoesNotMatch</Code><Message>hunter</Message></Error>');
    }
    const etag = `"${createHash('md5').update(at.content).digest('hex')}"`;
    if (headers['if-none-match'] === etag) return response.writeHead(304).end();
    return response.writeHead(200, { etag }).end(at.content);
  });
  const at: Store = { ...(await listening(server)), asked, content: 'one' };
  return at;
}

const source = (endpoint: string, changes: Partial<S3SourceOptions> = {}) =>
  s3Source({
    bucket: 'acme-policy',
    key: 'gateway/bundle.tar.gz',
    region: 'eu-central-1',
    endpoint,
    minPauseMs: 1,
    maxPauseMs: 2,
    credentials: () => Promise.resolve(keys),
    ...changes,
  });

test('an object is fetched with a signature that its store verifies, and again when its ETag changed', async () => {
  await using at = await store();
  const s3 = source(at.url);
  expect((await s3.look(signal))?.archive.toString()).toBe('one');
  expect(await s3.look(signal)).toBeUndefined();
  at.content = 'two';
  expect((await s3.look(signal))?.archive.toString()).toBe('two');
  expect(at.asked.map((r) => r.url)).toEqual(Array(3).fill('/acme-policy/gateway/bundle.tar.gz'));
  expect(at.asked.filter((r) => r.headers['if-none-match'] !== undefined)).toHaveLength(2);
});

test.each(['a b.tar.gz', 'a+b', 'a%2Fb', "it's (1)*!", 'größe/ü.tar.gz', 'a?b#c', 'a&b=c', '~.-_'])(
  'the key %s is signed as it is sent',
  async (key) => {
    await using at = await store();
    expect((await source(at.url, { key }).look(signal))?.archive.toString()).toBe('one');
    expect(decodeURIComponent(at.asked[0]?.url ?? '')).toBe(`/acme-policy/${key}`);
  },
);

test('a session token is sent and signed', async () => {
  await using at = await store();
  await source(at.url, { credentials: () => Promise.resolve({ ...keys, sessionToken: 'temporary' }) }).look(signal);
  expect(at.asked[0]?.headers['x-amz-security-token']).toBe('temporary');
  expect(at.asked[0]?.headers.authorization).toContain(';x-amz-security-token,');
});

test('a key that changed counts from the next request on', async () => {
  await using at = await store();
  let secretAccessKey = 'old';
  const s3 = source(at.url, { credentials: () => Promise.resolve({ ...keys, secretAccessKey }) });
  await expect(s3.look(signal)).rejects.toThrow('answered 403: SignatureDoesNotMatch');
  ({ secretAccessKey } = keys);
  expect(await s3.look(signal)).toBeDefined();
});

test('without credentials nothing is signed', async () => {
  await using at = await store((_request, response) => void response.end('one'));
  const { credentials: _none, ...open } = { bucket: 'b-1', key: 'k', region: 'r', endpoint: at.url, ...pace };
  expect((await s3Source(open).look(signal))?.archive.toString()).toBe('one');
  expect(at.asked[0]?.headers.authorization).toBeUndefined();
});

const pace = { minPauseMs: 1, maxPauseMs: 2, credentials: undefined };

const refusals: readonly (readonly [number, Record<string, string>, string, string])[] = [
  [403, {}, '<Error><Code>AccessDenied</Code></Error>', 'answered 403: AccessDenied (the key needs s3:GetObject)'],
  [404, {}, '<Error><Code>NoSuchKey</Code></Error>', 'answered 404: NoSuchKey'],
  [301, { 'x-amz-bucket-region': 'us-west-2' }, '', 'answered 301: the bucket is in us-west-2'],
  [403, {}, '<Error><Code>RequestTimeTooSkewed</Code></Error>', 'clock is wrong'],
  [500, {}, 'nobody knows', 'answered 500'],
];
test.each(refusals)('a store that answers %s %o is understood', async (status, headers, body, said) => {
  await using at = await store((_request, response) => void response.writeHead(status, headers).end(body));
  await expect(source(at.url).look(signal)).rejects.toMatchObject({
    code: 'bundle-invalid',
    message: expect.stringContaining(`no bundle from s3://acme-policy/gateway/bundle.tar.gz: `) as string,
  });
  await expect(source(at.url).look(signal)).rejects.toThrow(said);
});

test('neither a secret nor what a store writes about it is said', async () => {
  await using at = await store();
  const s3 = source(at.url, { credentials: () => Promise.resolve({ ...keys, secretAccessKey: 'hunter2' }) });
  const said = await s3.look(signal).catch((error: unknown) => String(error));
  expect(said).toContain('SignatureDoesNotMatch');
  expect(said).not.toContain('hunter');
});

test('a redirect to another origin gets no signature', async () => {
  await using elsewhere = await store();
  await using at = await store((_request, response) => void response.writeHead(307, { location: elsewhere.url }).end());
  await expect(source(at.url).look(signal)).rejects.toThrow('another origin');
  expect(elsewhere.asked).toEqual([]);
});

const addresses: readonly (readonly [Partial<Parameters<typeof objectAddress>[0]>, string])[] = [
  [{}, 'https://acme.s3.eu-west-1.amazonaws.com/a/b.tar.gz'],
  [{ pathStyle: true }, 'https://s3.eu-west-1.amazonaws.com/acme/a/b.tar.gz'],
  [{ bucket: 'acme.policy' }, 'https://s3.eu-west-1.amazonaws.com/acme.policy/a/b.tar.gz'],
  [{ endpoint: 'https://minio.internal:9000' }, 'https://minio.internal:9000/acme/a/b.tar.gz'],
  [{ endpoint: 'https://minio.internal:9000', pathStyle: false }, 'https://acme.minio.internal:9000/a/b.tar.gz'],
  [{ endpoint: 'https://store.example/storage/v1/s3/' }, 'https://store.example/storage/v1/s3/acme/a/b.tar.gz'],
];
test.each(addresses)('%o is at %s', (changes, address) => {
  const where = { bucket: 'acme', key: 'a/b.tar.gz', region: 'eu-west-1', ...changes };
  expect(objectAddress(where).href).toBe(address);
});
