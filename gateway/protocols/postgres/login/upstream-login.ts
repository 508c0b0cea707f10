import { createHash, randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { SallyportError } from '../../../contract/errors.ts';
import type { Authentication, BackendKey } from '../codec/backend.ts';
import { parseServerMessage, serverLimit } from '../codec/backend.ts';
import { Writer } from '../codec/bytes.ts';
import { Framer } from '../codec/frames.ts';
import { clientTag } from '../codec/frontend.ts';
import { ScramClient, endPointBinding } from './scram.ts';
import type { Binding } from './scram.ts';
import { handBack, readFrame } from '../codec/socket-input.ts';
import { encodeStartup } from './startup.ts';

/** Nothing that a server says before its first ReadyForQuery is longer. */
const MAX_LOGIN_BYTES = 65_536;

export interface UpstreamCredential {
  readonly user: string;
  readonly password: string;
}

/** What the gateway agrees to do with a password. SCRAM-SHA-256 always. */
export interface UpstreamAuthentication {
  /** The weak old way, for servers that know no better. */
  readonly md5?: boolean;
  /** The password itself; only ever through TLS or to a loopback address. */
  readonly cleartext?: boolean;
  /** `prefer`: bound to the TLS channel whenever the server offers it. `require`: or not at all. */
  readonly channelBinding?: 'prefer' | 'require' | 'disable';
}

export interface UpstreamGreeting {
  readonly parameters: Map<string, string>;
  readonly key: BackendKey;
}

/**
 * Logs in and waits for the first ReadyForQuery.
 * @throws SallyportError `upstream-auth` when the credential or the way to prove it is refused, `upstream-refused` when the server will not
 * have us for another reason, `upstream-lost`, `protocol-violation`
 */
export async function login(
  socket: Socket,
  startup: Iterable<readonly [string, string]>,
  credential: UpstreamCredential,
  allowed: UpstreamAuthentication,
  signal: AbortSignal,
): Promise<UpstreamGreeting> {
  const framer = new Framer(serverLimit(MAX_LOGIN_BYTES));
  const proof = new Proof(socket, credential, allowed);
  const parameters = new Map<string, string>();
  let key: BackendKey | undefined;
  socket.write(encodeStartup([['user', credential.user], ...startup]));
  while (await readFrame(socket, framer, signal)) {
    const message = parseServerMessage(framer);
    if (message.type === 'authentication' && !proof.accepted) await proof.answer(message.authentication);
    else if (message.type === 'error') throw refusal(message.fields);
    else if (message.type === 'notice') continue;
    else if (!proof.accepted) throw unexpected(message.type);
    else if (message.type === 'parameterStatus') parameters.set(message.name, message.value);
    else if (message.type === 'backendKey') key = message.key;
    else if (message.type === 'ready' && key !== undefined) {
      handBack(socket, framer.takeRest());
      return { parameters, key };
    } else throw unexpected(message.type);
  }
  throw new SallyportError('upstream-lost', 'the target hung up during the login');
}

/** The dance of authentication messages. Each step is allowed once and in order; what was not configured is refused. */
class Proof {
  accepted = false;
  readonly #socket: Socket;
  readonly #credential: UpstreamCredential;
  readonly #allowed: UpstreamAuthentication;
  #scram: ScramClient | undefined;
  #step: 'start' | 'password' | 'first' | 'final' | 'verified' = 'start';
  #bound = false;

  constructor(socket: Socket, credential: UpstreamCredential, allowed: UpstreamAuthentication) {
    this.#socket = socket;
    this.#credential = credential;
    this.#allowed = allowed;
  }

  async answer(request: Authentication): Promise<void> {
    const { user, password } = this.#credential;
    switch (request.request) {
      case 'ok':
        // In the middle of SCRAM the server has not proven itself yet.
        if (this.#step === 'first' || this.#step === 'final') throw refuse('the target broke off SCRAM with a yes');
        if (this.#allowed.channelBinding === 'require' && !this.#bound)
          throw refuse('channel binding is required and the target did without');
        this.accepted = true;
        return;
      case 'sasl':
        this.#to('first', 'start');
        this.#scram = this.#begin(request.mechanisms);
        return;
      case 'saslContinue':
        this.#to('final', 'first');
        this.#send(Buffer.from((await this.#scram?.final(request.bytes.toString('latin1'))) ?? ''));
        return;
      case 'saslFinal':
        this.#to('verified', 'final');
        this.#scram?.verify(request.bytes.toString('latin1'));
        return;
      case 'md5':
        this.#to('password', 'start');
        if (this.#allowed.md5 !== true) throw refuse('the target asks for MD5, which is not configured for it');
        this.#send(Buffer.from(`md5${md5(Buffer.concat([Buffer.from(md5(password + user)), request.salt]))}\0`));
        return;
      case 'cleartext':
        this.#to('password', 'start');
        if (this.#allowed.cleartext !== true)
          throw refuse('the target asks for the password itself, which is not configured for it');
        if (!(this.#socket instanceof TLSSocket) && !isLoopback(this.#socket.remoteAddress))
          throw refuse('the target asks for the password itself over an open connection');
        this.#send(Buffer.from(`${password}\0`));
        return;
      case 'unsupported':
        throw refuse(`the target asks for authentication method ${request.code}, which the gateway does not have`);
      default:
        return request satisfies never;
    }
  }

  #begin(mechanisms: readonly string[]): ScramClient {
    const encrypted = this.#socket instanceof TLSSocket;
    const wanted = this.#allowed.channelBinding ?? 'prefer';
    const offered = mechanisms.includes('SCRAM-SHA-256-PLUS');
    if (offered && !encrypted) throw refuse('the target offers channel binding without a channel');
    const bind = offered && wanted !== 'disable';
    if (!bind && wanted === 'require') throw refuse('channel binding is required and the target does not offer it');
    if (!bind && !mechanisms.includes('SCRAM-SHA-256'))
      throw refuse(`the target offers no login that the gateway has: ${mechanisms.join(', ')}`);
    this.#bound = bind;
    const binding: Binding = bind ? this.#certificateHash() : encrypted && wanted !== 'disable' ? 'unoffered' : 'none';
    const scram = new ScramClient(this.#credential.password, randomBytes(18).toString('base64'), binding);
    const first = Buffer.from(scram.first());
    const to = new Writer().message(clientTag.authentication).text(bind ? 'SCRAM-SHA-256-PLUS' : 'SCRAM-SHA-256');
    this.#socket.write(to.value(first).take());
    return scram;
  }

  #certificateHash(): Buffer {
    const certificate = this.#socket instanceof TLSSocket ? this.#socket.getPeerX509Certificate() : undefined;
    if (certificate === undefined) throw refuse('the target showed no certificate to bind to');
    return endPointBinding(certificate.raw);
  }

  #to(next: 'password' | 'first' | 'final' | 'verified', from: 'start' | 'first' | 'final'): void {
    if (this.#step !== from) throw refuse('the target’s login messages are out of order');
    this.#step = next;
  }

  #send(body: Buffer): void {
    this.#socket.write(new Writer().message(clientTag.authentication).bytes(body).take());
  }
}

export function isLoopback(ip: string | undefined): boolean {
  return ip !== undefined && (ip === '::1' || /^(::ffff:)?127\./.test(ip));
}

function md5(of: string | Buffer): string {
  return createHash('md5').update(of).digest('hex');
}

function refusal(fields: ReadonlyMap<string, string>): SallyportError {
  const sqlstate = fields.get('C') ?? '';
  const code = sqlstate.startsWith('28') ? 'upstream-auth' : 'upstream-refused';
  return new SallyportError(code, `the target refused the login: ${fields.get('M') ?? ''} (${sqlstate})`);
}

function refuse(why: string): SallyportError {
  return new SallyportError('upstream-auth', why);
}

function unexpected(type: string): SallyportError {
  return new SallyportError('protocol-violation', `the target sent ${type} during the login`);
}
