import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { isLoopback } from '../../config/fields.ts';
import { say } from '../output.ts';
import { databaseUrl, placeOf, refusePassword, tlsModeOf, tlsModes, usualTlsMode, wrong } from '../database-url.ts';
import type { Answers, ListenAddress } from './answers.ts';
import { refuseUsed } from './directory.ts';

export interface InitFlags {
  readonly dir?: string;
  readonly database?: string;
  readonly name?: string;
  readonly passwordEnv?: string;
  readonly tls?: string;
  readonly tlsCa?: string;
  readonly issuer?: string;
  readonly audience?: string;
  readonly algorithm?: readonly string[];
  readonly idClaim?: string;
  readonly groupsClaim?: string;
  readonly kindClaim?: string;
  readonly unmarked?: string;
  readonly deviceClient?: string;
  readonly deviceScope?: string;
  readonly listen?: string;
  readonly admin?: string;
  readonly json?: true;
}

export interface Ask {
  /** An empty answer means `fallback`. */
  ask(question: string, fallback?: string): Promise<string>;
  askSecret(question: string): Promise<string>;
}

/** Asks for what the flags leave open. */
export async function answersFrom(flags: InitFlags, ask: Ask): Promise<Answers> {
  const dir = flags.dir ?? (await ask.ask('New directory for configuration and keys', 'sallyport'));
  await refuseUsed(dir); // before anybody has answered anything
  const url = databaseUrl(flags.database ?? (await ask.ask('Database (postgres://login@host:port/database)')));
  const { database, login } = placeOf(url);
  const name = flags.name ?? (await ask.ask('What clients will call it', targetName(database)));
  const password = await passwordFrom(flags, url, login, ask);
  const tlsMode = flags.tls ?? (await ask.ask(`Check of its certificate (${tlsModes.join(', ')})`, usualTlsMode(url)));
  const issuer = (flags.issuer ?? (await ask.ask('Issuer of your tokens (https://...)'))).replace(/\/+$/, '');
  const listen = address('--listen', flags.listen ?? (await ask.ask('Where clients will connect', '127.0.0.1:6432')));
  return {
    dir,
    target: {
      name,
      ...placeOf(url),
      tlsMode: tlsModeOf(tlsMode),
      caFile: flags.tlsCa === undefined ? undefined : await fileHere('--tls-ca', flags.tlsCa),
    },
    password,
    issuer: {
      url: issuer,
      audience: flags.audience ?? (await ask.ask('Audience (`aud`) of tokens for this gateway', 'sallyport')),
      algorithms: flags.algorithm ?? (await algorithmsOf(issuer)),
      idClaim: flags.idClaim ?? (await ask.ask('Claim that names a principal', 'sub')),
      groupsClaim: flags.groupsClaim ?? (await ask.ask('Claim that lists its groups', 'groups')),
      kindClaim: flags.kindClaim ?? (await ask.ask('Claim that says "agent" of an agent', 'kind')),
      unmarked: kindOf(flags.unmarked ?? (await ask.ask('What a token without it stands for (human, agent)', 'human'))),
      deviceClientId: flags.deviceClient,
      deviceScope: flags.deviceScope ?? 'openid',
    },
    listen,
    admin: adminAddress(flags.admin, listen),
  };
}

async function passwordFrom(flags: InitFlags, url: URL, login: string, ask: Ask): Promise<Answers['password']> {
  if (flags.passwordEnv !== undefined) return { env: flags.passwordEnv };
  refusePassword(url, 'leave it out: it is asked for');
  return { value: await ask.askSecret(`Password of ${login}`) };
}

/** What was named from here; the configuration, which lies elsewhere, needs the whole path. */
async function fileHere(flag: string, path: string): Promise<string> {
  const whole = resolve(path);
  await access(whole).catch(() => wrong(flag, 'a file that is there', whole));
  return whole;
}

/** A target's name from a database's: lower case, and nothing that a name cannot have. */
function targetName(database: string): string {
  const name = database
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '');
  return name === '' ? 'db' : name;
}

function kindOf(text: string): 'human' | 'agent' {
  return text === 'human' || text === 'agent' ? text : wrong('--unmarked', 'human or agent', text);
}

function address(flag: string, text: string): ListenAddress {
  const [, host = '', port = ''] = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(text) ?? [];
  const number = Number(port);
  if (host === '' || number < 1 || number > 65_535) return wrong(flag, 'host:port', text);
  return { host, port: number };
}

/** Elsewhere than on loopback it needs a certificate of its own, which is for the configuration to say. */
function adminAddress(flag: string | undefined, listen: ListenAddress): ListenAddress {
  if (flag === undefined) return { host: '127.0.0.1', port: listen.port === 6480 ? 6481 : 6480 };
  const given = address('--admin', flag);
  return isLoopback(given.host) ? given : wrong('--admin', '127.0.0.1:port; with TLS in the configuration', flag);
}

const discovery = z.object({ id_token_signing_alg_values_supported: z.array(z.string()) });
const askIssuerMs = 3_000;

/** The asymmetric algorithms that the issuer says it signs with. An issuer that does not answer now is no obstacle. */
async function algorithmsOf(issuer: string): Promise<readonly string[]> {
  try {
    const signal = AbortSignal.timeout(askIssuerMs);
    const answer = await fetch(`${issuer}/.well-known/openid-configuration`, { signal });
    const supported = discovery.parse(await answer.json()).id_token_signing_alg_values_supported;
    const usable = supported.filter((a) => /^(RS|PS|ES)(256|384|512)$|^EdDSA$/.test(a));
    if (usable.length > 0) return usable;
  } catch {
    // Said below, whatever the reason.
  }
  say(`init: ${issuer} did not say what it signs with; RS256 is written, change it if that is wrong`);
  return ['RS256'];
}
