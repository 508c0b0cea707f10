import { isDeepStrictEqual } from 'node:util';
import type { Config } from './schema.ts';

/**
 * What takes effect in a running gateway: for logins and sessions that begin from then on, and of masking keys for results.
 * Everything else names a socket, a directory or a key that is open already, or was handed to what runs, and waits for a restart.
 */
const reloadable = ['identity', 'targets', 'masking'] as const;
const fixed = [
  'listen',
  'state_dir',
  'policy',
  'credentials',
  'recordings',
  'audit',
  'decision_log',
  'notify',
  'sessions',
  'log',
] as const;
/** Of `limits`, those that are looked at for each new connection. */
const reloadableLimits = ['connections', 'connections_per_principal', 'unauthenticated', 'unauthenticated_ms'] as const;

// A new section of the configuration does not compile until it is in one of the two lists.
true satisfies Exclude<keyof Config, (typeof reloadable | typeof fixed)[number] | 'limits'> extends never
  ? true
  : never;

/** When a change of a section takes effect, as the reference says it. */
export function takesEffect(section: string): string {
  if (section === 'limits') {
    const names = reloadableLimits.map((name) => `\`${name}\``).join(', ');
    return `Changes of ${names} hold from the next connection on; those of the others take effect at the next start.`;
  }
  if (section === 'policy')
    return 'Changes take effect at the next start, those of `shadow` too; newer bundles at the places named here as soon as they are seen.';
  if (section === 'masking') return 'Changes hold for results that begin after them; no restart is needed.';
  const isReloadable = reloadable.some((name) => name === section);
  return isReloadable
    ? 'Changes hold for logins and sessions that begin after them; no restart is needed.'
    : 'Changes take effect at the next start.';
}

export interface ConfigChange {
  /** What can be taken over now: the running configuration with what is reloadable replaced. */
  readonly config: Config;
  readonly reloaded: readonly (keyof Config)[];
  /** `limits` stands in both lists when both kinds of limits changed. */
  readonly needsRestart: readonly (keyof Config)[];
}

/** What differs between the running configuration and the one in the file. */
export function compareConfigs(running: Config, found: Config): ConfigChange {
  const changed = (sections: readonly (keyof Config)[]): readonly (keyof Config)[] =>
    sections.filter((section) => !isDeepStrictEqual(running[section], found[section]));
  const limits = { ...running.limits };
  for (const name of reloadableLimits) limits[name] = found.limits[name];
  const { identity, targets, masking } = found;
  const config = { ...running, identity, targets, masking, limits };
  const limitsReloaded = !isDeepStrictEqual(limits, running.limits);
  const limitsWait = !isDeepStrictEqual(limits, found.limits);
  return {
    config,
    reloaded: [...changed(reloadable), ...(limitsReloaded ? (['limits'] as const) : [])],
    needsRestart: [...changed(fixed), ...(limitsWait ? (['limits'] as const) : [])],
  };
}
