import type { TargetOnList } from '../api/ports.ts';
import type { TargetConfig } from '../config/index.ts';
import type { SessionFrame } from '../contract/ports.ts';
import { placeText } from '../facts/forwards/index.ts';
import type { Targets } from './targets.ts';

/** The targets as the admin API lists them. @param sessions that are open */
export function listedTargets(
  targets: Pick<Targets, 'list'>,
  sessions: Iterable<{ readonly frame: SessionFrame }>,
): readonly TargetOnList[] {
  const open = new Map<string, number>();
  for (const { frame } of sessions) open.set(frame.target.name, (open.get(frame.target.name) ?? 0) + 1);
  return targets.list().map(({ config, lastConnect }) => ({
    ...reachOf(config),
    name: config.name,
    labels: config.labels,
    address: placeText(config),
    sessions: open.get(config.name) ?? 0,
    lastConnect,
  }));
}

function reachOf(config: TargetConfig): Pick<TargetOnList, 'protocol' | 'databases' | 'logins' | 'defaultLogin'> {
  switch (config.protocol) {
    case 'postgres': {
      const databases = [config.name, ...config.databases.map((database) => `${config.name}/${database}`)];
      return { protocol: 'postgres', databases, logins: Object.keys(config.roles), defaultLogin: undefined };
    }
    case 'ssh': {
      const logins = Object.keys(config.logins);
      return { protocol: 'ssh', databases: [], logins, defaultLogin: config.login ?? logins[0] };
    }
    default:
      return config satisfies never;
  }
}
