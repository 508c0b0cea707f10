import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { listening, type Listening } from './listening.ts';

/** How a registry of a test wants to be asked. */
export type RegistryAuth = 'none' | 'basic' | 'token' | 'token-login';

export interface TestRegistry extends Listening {
  /** `localhost:port` */
  readonly host: string;
  /** Method and path of what was asked, in order. */
  readonly asked: string[];
  /** `authorization` headers that came, in order, without those of tokens. */
  readonly proofs: string[];
  readonly blobs: Map<string, Buffer>;
  /** `repository tag` or `repository digest` to the manifest. */
  readonly manifests: Map<string, { readonly type: string; readonly body: Buffer }>;
  /** Tokens that count. A test that clears it makes everybody come again. */
  readonly tokens: Set<string>;
}

export const registryLogin = { username: 'ci', password: 'hunter2' };

/**
 * A registry as the OCI distribution specification has it, in memory: pull, push in two steps, tags and digests, 401 with a challenge.
 * @param before sees each request first; true: it answered
 */
export async function startTestRegistry(
  auth: RegistryAuth = 'none',
  before: (request: IncomingMessage, response: ServerResponse, at: TestRegistry) => boolean = () => false,
  tls?: { readonly cert: string; readonly key: string },
): Promise<TestRegistry> {
  const listener: RequestListener = (request, response) => {
    const path = request.url ?? '';
    at.asked.push(`${request.method ?? ''} ${path}`);
    if (before(request, response, at)) return;
    if (path.startsWith('/token?')) return grantToken(at, auth, request, response);
    if (!isAllowed(at, auth, request)) {
      const challenge =
        auth === 'basic'
          ? 'Basic realm="test"'
          : `Bearer realm="${at.url}/token",service="test",scope="repository:all:*"`;
      return refuse(response, 401, 'UNAUTHORIZED', { 'www-authenticate': challenge });
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => serve(at, request, response, Buffer.concat(chunks)));
  };
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  const open = await listening(server, tls ? 'https' : 'http');
  const at: TestRegistry = {
    ...open,
    host: new URL(open.url).host,
    asked: [],
    proofs: [],
    blobs: new Map(),
    manifests: new Map(),
    tokens: new Set(),
  };
  return at;
}

function grantToken(at: TestRegistry, auth: RegistryAuth, request: IncomingMessage, response: ServerResponse): void {
  const { authorization } = request.headers;
  at.proofs.push(authorization ?? '');
  if (auth === 'token-login' && authorization !== basicOf(registryLogin)) return refuse(response, 401, 'UNAUTHORIZED');
  const token = `t${String(at.tokens.size)}.${new URL(request.url ?? '', at.url).searchParams.get('scope') ?? ''}`;
  at.tokens.add(token);
  response.end(JSON.stringify({ token, expires_in: 60 }));
}

function isAllowed(at: TestRegistry, auth: RegistryAuth, request: IncomingMessage): boolean {
  const { authorization = '' } = request.headers;
  if (auth === 'none') return true;
  if (auth === 'basic') return authorization === basicOf(registryLogin);
  const token = authorization.replace(/^Bearer /, '');
  const needsPush = request.method === 'POST' || request.method === 'PUT';
  return at.tokens.has(token) && (!needsPush || token.endsWith(':pull,push'));
}

function serve(at: TestRegistry, request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const { pathname, searchParams } = new URL(request.url ?? '', at.url);
  const [, repository = '', kind = '', name = ''] =
    /^\/v2\/(.+)\/(manifests|blobs\/uploads|blobs)\/(.*)$/.exec(pathname) ?? [];
  if (kind === 'manifests' && request.method === 'PUT') {
    const stored = { type: request.headers['content-type'] ?? '', body };
    at.manifests.set(`${repository} ${name}`, stored).set(`${repository} ${digest(body)}`, stored);
    return void response.writeHead(201, { 'docker-content-digest': digest(body) }).end();
  }
  if (kind === 'manifests') {
    const stored = at.manifests.get(`${repository} ${name}`);
    if (stored === undefined) return refuse(response, 404, 'MANIFEST_UNKNOWN');
    const headers = { 'content-type': stored.type, 'docker-content-digest': digest(stored.body) };
    response.writeHead(200, { ...headers, 'content-length': stored.body.length });
    return void response.end(request.method === 'HEAD' ? undefined : stored.body);
  }
  if (kind === 'blobs/uploads' && request.method === 'POST') {
    return void response.writeHead(202, { location: `/v2/${repository}/blobs/uploads/1?state=x` }).end();
  }
  if (kind === 'blobs/uploads' && request.method === 'PUT') {
    const wanted = searchParams.get('digest') ?? '';
    if (wanted !== digest(body)) return refuse(response, 400, 'DIGEST_INVALID');
    at.blobs.set(wanted, body);
    return void response.writeHead(201, { location: `/v2/${repository}/blobs/${wanted}` }).end();
  }
  const blob = kind === 'blobs' ? at.blobs.get(name) : undefined;
  if (blob === undefined) return refuse(response, 404, 'BLOB_UNKNOWN');
  response.writeHead(200, { 'content-length': blob.length });
  response.end(request.method === 'HEAD' ? undefined : blob);
}

function refuse(response: ServerResponse, status: number, code: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, headers).end(JSON.stringify({ errors: [{ code, message: 'no' }] }));
}

function digest(body: Buffer): string {
  return `sha256:${createHash('sha256').update(body).digest('hex')}`;
}

function basicOf({ username, password }: typeof registryLogin): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
