import type { AuthContext, Connection, KeyboardAuthContext, PasswordAuthContext, PublicKeyAuthContext } from 'ssh2';
import ssh2 from 'ssh2';
import type { Login, SshLoginMethod } from '../../contract/principal.ts';
import { certificateSuffix, isCertificate } from './certificate.ts';
import { targetHint, toldOfChannel } from './errors.ts';
import { fingerprint, publicKeyLine, publicKeyOf, type PublicKey } from './public-key.ts';
import type { Asked } from './session.ts';

export type Proven = { readonly ok: true; readonly login: Login } | { readonly ok: false; readonly message: string };

/** The ways in. What is not there is not offered. */
export interface SshLogins {
  /** Whose key this is, if it was registered and still holds. @param blob its wire form */
  keyLogin(blob: Buffer): Login | undefined;
  /** The same of a certificate, with the key that it is about. @param blob its wire form @returns a sentence when it is refused */
  certificateLogin(blob: Buffer): { readonly key: PublicKey; readonly login: Login } | string;
  /** A login in any browser (RFC 8628), for clients without a registered key. `show` is called once, with what to do. */
  readonly deviceLogin:
    ((show: (prompt: DeviceLoginPrompt) => void, signal: AbortSignal) => Promise<Proven>) | undefined;
  /** Whose one-time code this is: it is used up by the question. @returns a sentence when it opens nothing */
  codeLogin(given: string, target: string): Login | string;
  readonly maxAttempts: number;
}

/** Printable text only. */
export interface DeviceLoginPrompt {
  readonly url: string;
  readonly code: string;
}

export interface LoginEvents {
  /** In the moment in which the client may send more: handlers are attached before this returns. */
  onProven(login: Login, asked: Asked): void;
  onRefused(why: string): void;
  /** A line that the client prints: ssh itself says of a refusal nothing but that it is one. */
  tell(text: string): void;
  /** Too many attempts: the connection has to end. */
  onGivenUp(why: string): void;
}

/** Answers a client's attempts to log in (RFC 4252) until one is good or there were too many. */
export function offerLogins(client: Connection, logins: SshLogins, events: LoginEvents, signal: AbortSignal): void {
  const { deviceLogin } = logins;
  const methods: ('publickey' | 'keyboard-interactive' | 'password')[] = deviceLogin
    ? ['publickey', 'keyboard-interactive', 'password']
    : ['publickey', 'password'];
  let attempts = 0;
  let proven = false;
  const told = new Set<string>();
  let lastWhy = 'the client offered no way to log in that is taken here';

  const refuse = (context: AuthContext, why?: string): void => {
    if (why !== undefined) lastWhy = why;
    // The first question of every client is what there is to choose from.
    if (context.method !== 'none') attempts++;
    if (attempts >= logins.maxAttempts) {
      events.onGivenUp(`too many attempts to log in: ${lastWhy}`);
      return;
    }
    context.reject(methods, false);
  };

  /** For what the client has of this gateway, and is about itself. Of keys it offers all that it has. */
  const refuseAloud = (context: AuthContext, why: string, remedy: string): void => {
    if (!told.has(why)) events.tell(toldOfChannel(`not taken: ${why}; ${remedy}`));
    told.add(why);
    refuse(context, why);
  };

  client.on('authentication', (context) => {
    switch (context.method) {
      case 'publickey':
        return byKey(context);
      case 'keyboard-interactive':
        if (!deviceLogin) return refuse(context);
        void byDevice(context, deviceLogin).catch(() => refuse(context, 'the device login failed'));
        return undefined;
      case 'password':
        return byPassword(context);
      default:
        return refuse(context);
    }
  });
  client.on('close', () => {
    if (attempts > 0 && !proven) events.onRefused(lastWhy);
  });

  function accept(context: AuthContext, method: SshLoginMethod, { principal, expiresAtMs }: Login, asked: Asked): void {
    proven = true;
    const { at } = principal.auth;
    const login: Login = { principal: { ...principal, auth: { method, at } }, expiresAtMs };
    client.once('ready', () => events.onProven(login, asked));
    context.accept();
  }

  function byKey(context: PublicKeyAuthContext): void {
    const asked = askedFor(context.username);
    const known = whose(context);
    if (!asked) return refuseAloud(context, noTarget, targetHint);
    if (typeof known === 'string')
      return isCertificate(context.key.data) ? refuseAloud(context, known, renewal) : refuse(context, known);
    const { key, login } = known;
    // Asked whether it would do: the proof comes with the next request.
    if (!context.signature || !context.blob) return context.accept();
    // SHA-1 signatures of RSA keys can be forged; OpenSSH has not made them since 8.8.
    if (key.type === 'ssh-rsa' && !/^sha(256|512)$/.test(context.hashAlgo ?? ''))
      return refuse(context, 'an RSA signature with SHA-1');
    const parsed = ssh2.utils.parseKey(publicKeyLine(key));
    if (parsed instanceof Error) return refuse(context, 'a key that cannot be read');
    if (parsed.verify(context.blob, context.signature, context.hashAlgo) !== true)
      return refuse(context, 'a signature that is not the key’s');
    return accept(context, isCertificate(context.key.data) ? 'certificate' : 'key', login, asked);
  }

  function byPassword(context: PasswordAuthContext): void {
    // A client that wants to change its password sends two of them.
    if (typeof context.password !== 'string') return refuse(context, 'a change of password');
    return byCode(context, context.password);
  }

  function byCode(context: AuthContext, given: string): void {
    const asked = askedFor(context.username);
    if (!asked) return refuseAloud(context, noTarget, targetHint);
    const login = logins.codeLogin(given, asked.target);
    if (typeof login !== 'string') return accept(context, 'code', login, asked);
    return refuseAloud(context, login, `"sallyport ssh code ${asked.target}" prints another`);
  }

  function whose({ key: { algo, data } }: PublicKeyAuthContext) {
    if (algo.endsWith(certificateSuffix) !== isCertificate(data)) return 'a key of another kind than its algorithm';
    if (isCertificate(data)) return logins.certificateLogin(data);
    const key = publicKeyOf(data);
    if (typeof key === 'string') return key;
    const login = logins.keyLogin(key.blob);
    return login ? { key, login } : `an unknown key ${fingerprint(key.blob)}`;
  }

  async function byDevice(context: KeyboardAuthContext, login: NonNullable<typeof deviceLogin>): Promise<void> {
    const asked = askedFor(context.username);
    if (!asked) return refuse(context, noTarget);
    const gone = new AbortController();
    context.once('abort', () => gone.abort());
    const typed = new AbortController();
    const answered = Promise.withResolvers<string>();
    const browser = login(
      ({ url, code }) => {
        const text = `Open ${url}\nand check that it shows the code ${code}\n`;
        const prompt = 'Press Enter when that is done, or type a one-time code: ';
        context.prompt([{ prompt, echo: true }], 'Sallyport', text, (answers) => answered.resolve(answers[0] ?? ''));
      },
      AbortSignal.any([signal, gone.signal, typed.signal]),
    );
    const answer = answered.promise.then<string | Proven>(async (text) => text.trim() || (await browser));
    const result = await Promise.race([browser, answer]);
    if (gone.signal.aborted) return;
    if (typeof result === 'string') {
      typed.abort();
      return byCode(context, result);
    }
    // The client waits for its user first: what it is told before that, it does not expect.
    if (result.ok) await answered.promise;
    if (result.ok) accept(context, 'device', result.login, asked);
    else refuseAloud(context, result.message, 'log in again');
  }
}

const renewal = '"sallyport ssh login" gets a new one';
const noTarget = 'the user name has to be a target, or login@target';

/** `web1`, or `deploy@web1`: the login may hold an @ itself, a target cannot. */
export function askedFor(username: string): Asked | undefined {
  const at = username.lastIndexOf('@');
  const target = username.slice(at + 1);
  const user = at < 0 ? undefined : username.slice(0, at);
  if (!/^[a-z0-9][a-z0-9._-]{0,62}$/.test(target)) return undefined;
  if (user !== undefined && !/^[A-Za-z0-9_.@-]{1,64}$/.test(user)) return undefined;
  return { target, user };
}
