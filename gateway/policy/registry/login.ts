import { z } from 'zod';
import { SallyportError } from '../../contract/errors.ts';
import { ask, headerOf, type Answered } from '../sources/request.ts';

export interface Login {
  readonly username: string;
  readonly password: string;
}

/** What somebody who asks may do there. */
export type Access = 'pull' | 'pull,push';

const maxTokenBytes = 64 << 10;
const tokenSchema = z.object({ token: z.string().min(1).optional(), access_token: z.string().min(1).optional() });

/**
 * What a registry wants to see after it answered 401: a token of the service that it names, or name and password themselves
 * (distribution.github.io/distribution/spec/auth/token). The access that is asked for is ours, never what the registry suggests.
 * @returns a value of the `authorization` header
 * @throws SallyportError `bundle-invalid` with what to do
 */
export async function answerChallenge(
  refused: Answered,
  asked: {
    readonly registry: URL;
    readonly repository: string;
    readonly access: Access;
    readonly login: Login | undefined;
    readonly ca: string | undefined;
    readonly signal: AbortSignal;
  },
): Promise<string> {
  const { repository, access, login, ca, signal } = asked;
  const challenge = headerOf(refused, 'www-authenticate');
  const fields = fieldsOf(/(?:^|,\s*)bearer\s+(.*)/i.exec(challenge)?.[1] ?? '');
  const realm = fields.get('realm');
  if (realm === undefined) {
    if (!/(?:^|,\s*)basic\b/i.test(challenge)) throw invalid('the registry refuses, and does not say what it wants');
    if (login === undefined) throw invalid('the registry asks for a login, and none is configured');
    return basic(login);
  }
  const url = tokenAddress(realm, asked.registry);
  const service = fields.get('service');
  if (service !== undefined) url.searchParams.set('service', service);
  url.searchParams.set('scope', `repository:${repository}:${access}`);
  const headers = { accept: 'application/json', 'user-agent': 'sallyport' };
  const answer = await ask(url, {
    headers: login === undefined ? headers : { ...headers, authorization: basic(login) },
    ca: url.origin === asked.registry.origin ? ca : undefined,
    signal,
    maxBytes: maxTokenBytes,
  });
  const who = login === undefined ? 'anonymous access' : `the login of ${login.username}`;
  if (answer.status !== 200) throw invalid(`${url.host} refuses ${who} (${answer.status})`);
  return `Bearer ${tokenIn(answer.body, url.host)}`;
}

/** TLS, or the registry's own machine in the clear, which is loopback: name and password go there. */
function tokenAddress(realm: string, registry: URL): URL {
  const url = URL.parse(realm);
  const fine =
    url?.protocol === 'https:' ||
    (registry.protocol === 'http:' && url?.hostname === registry.hostname && url.port !== '');
  if (url !== null && fine) return url;
  throw invalid('the registry sends its login to an address without TLS');
}

/** The only character set of RFC 6750's tokens; anything else does not belong into a header. */
function tokenIn(body: Buffer, host: string): string {
  let token: string | undefined;
  try {
    const read = tokenSchema.parse(JSON.parse(body.toString('utf8')));
    token = read.token ?? read.access_token;
  } catch {
    // said below, without what was in it
  }
  if (token !== undefined && /^[\x21-\x7e]+$/.test(token)) return token;
  throw invalid(`${host} answered with no token`);
}

function basic({ username, password }: Login): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** `realm="...",service="..."` (RFC 9110, section 11.6.1); the first of each name. */
function fieldsOf(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const [, name = '', value = ''] of text.matchAll(/([a-z_]+)\s*=\s*"([^"]*)"/gi)) {
    if (!fields.has(name.toLowerCase())) fields.set(name.toLowerCase(), value);
  }
  return fields;
}

function invalid(what: string): SallyportError {
  return new SallyportError('bundle-invalid', what);
}
