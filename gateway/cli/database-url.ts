import type { PostgresTargetConfig } from '../config/index.ts';
import { CliError, exitCodes } from './exit.ts';

export type TlsMode = PostgresTargetConfig['tls']['mode'];
export const tlsModes: readonly TlsMode[] = ['verify-full', 'verify-ca', 'require', 'disable'];

/** A database as people name it: `postgres://login@host:port/database`. */
export function databaseUrl(text: string): URL {
  const url = URL.parse(text);
  const whole =
    url &&
    /^postgres(ql)?:$/.test(url.protocol) &&
    url.hostname !== '' &&
    url.username !== '' &&
    url.pathname.length > 1;
  return whole ? url : wrong('database', 'postgres://login@host:port/database', text.replace(/:[^:@/]*@/, ':...@'));
}

export function placeOf(url: URL): {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly login: string;
} {
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 5432 : Number(url.port),
    database: decodeURIComponent(url.pathname.slice(1)),
    login: decodeURIComponent(url.username),
  };
}

/** @param instead what to do with the password */
export function refusePassword(url: URL, instead: string): void {
  if (url.password === '') return;
  throw new CliError(exitCodes.usage, 'a password in the command line is seen by everybody on this machine', instead);
}

export function usualTlsMode(url: URL): TlsMode {
  return /^(localhost|127\.|\[?::1)/.test(url.hostname) ? 'disable' : 'verify-full';
}

export function tlsModeOf(text: string): TlsMode {
  return tlsModes.find((mode) => mode === text) ?? wrong('--tls', `one of ${tlsModes.join(', ')}`, text);
}

export function wrong(what: string, expected: string, got: string): never {
  throw new CliError(exitCodes.usage, `${what}: expected ${expected}, got ${got}`);
}
