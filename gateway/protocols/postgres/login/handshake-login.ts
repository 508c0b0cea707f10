import type { Socket } from 'node:net';
import type { Login } from '../../../contract/principal.ts';
import { encodeAuthentication } from '../codec/backend.ts';
import { Reader } from '../codec/bytes.ts';
import { Framer } from '../codec/frames.ts';
import { clientTag } from '../codec/frontend.ts';
import { Gone, Refusal, refuse } from './handshake-terms.ts';
import type { HandshakeOptions } from './handshake-terms.ts';
import { encodeBearerChallenge, parseBearer } from './oauthbearer.ts';
import type { OAuthDiscovery } from './oauthbearer.ts';
import { handBack, readFrame } from '../codec/socket-input.ts';
import { AUTH_SETTING, MAX_STARTUP_BYTES } from './startup.ts';
import type { Startup } from './startup.ts';

/**
 * Asks for a token and has it proven.
 * @throws Refusal with words that a user can act on and that never hold the token; SallyportError `protocol-violation`, `frame-too-large`
 */
export async function askForToken(
  socket: Socket,
  startup: Startup,
  options: HandshakeOptions,
  signal: AbortSignal,
): Promise<Login> {
  const maxBytes = options.maxTokenBytes ?? MAX_STARTUP_BYTES;
  const framer = new Framer((tag) => (tag === clientTag.authentication ? maxBytes : 0));
  const talk: Talk = { socket, framer, options, signal };
  const wanted = startup.settings.get(AUTH_SETTING) ?? options.mechanism;
  const login = await (wanted === 'oauth' ? byBearer(talk) : byPassword(talk));
  handBack(socket, framer.takeRest());
  return login;
}

interface Talk {
  readonly socket: Socket;
  readonly framer: Framer;
  readonly options: HandshakeOptions;
  readonly signal: AbortSignal;
}

async function byPassword(talk: Talk): Promise<Login> {
  talk.socket.write(encodeAuthentication({ request: 'cleartext' }));
  await answer(talk);
  const body = new Reader(talk.framer, 'PasswordMessage');
  const token = body.text();
  body.finish();
  if (token === '') refuse('28P01', 'no token: send one as the password', 'Get one with: sallyport token');
  const result = await talk.options.authenticate(token, 'jwt', talk.signal);
  return result.ok ? result.login : refuse('28P01', result.message, result.hint);
}

/** RFC 7628; PostgreSQL's use of it: postgresql.org/docs/current/sasl-authentication.html */
async function byBearer(talk: Talk): Promise<Login> {
  const { discovery } = talk.options;
  talk.socket.write(encodeAuthentication({ request: 'sasl', mechanisms: ['OAUTHBEARER'] }));
  await answer(talk);
  const body = new Reader(talk.framer, 'SASLInitialResponse');
  if (body.text() !== 'OAUTHBEARER') throw body.wrong('chooses a mechanism that was not offered');
  const first = body.value();
  body.finish();
  const token = parseBearer(first?.toString('latin1') ?? '');
  if (token !== '') {
    const result = await talk.options.authenticate(token, 'oauthbearer', talk.signal);
    if (result.ok) return result.login;
    if (discovery) await challenge(talk, discovery);
    return refuse('28000', result.message, result.hint);
  }
  if (!discovery) return refuse('28000', 'no token was sent, and the gateway names no issuer to get one from');
  await challenge(talk, discovery);
  // libpq shows the device login by itself and comes back with a token over a new connection.
  const hint = `Tokens come from the issuer at ${discovery.configurationUrl}.`;
  throw new Refusal({ severity: 'FATAL', sqlstate: '28000', message: 'no token was sent', hint }, true);
}

async function challenge(talk: Talk, discovery: OAuthDiscovery): Promise<void> {
  talk.socket.write(encodeAuthentication({ request: 'saslContinue', bytes: encodeBearerChallenge(discovery) }));
  await answer(talk);
  const body = new Reader(talk.framer, 'SASLResponse');
  if (body.rest().toString('latin1') !== '\x01') throw body.wrong('is not the empty answer to a refusal');
}

async function answer(talk: Talk): Promise<void> {
  if (!(await readFrame(talk.socket, talk.framer, talk.signal))) throw new Gone('hung up instead of sending a token');
}
