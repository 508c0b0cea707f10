import type { Handlers } from './handlers.ts';
import { judge } from './judge.ts';
import type { ApiPorts } from './ports.ts';
import { viewTarget } from './views.ts';

/** What there is behind the gateway: to anybody what admits them, and to those who run it all of it. */
export function targetRoutes(ports: ApiPorts): Pick<Handlers, 'targetsList'> {
  return {
    async targetsList({ call, query: { all, limit } }) {
      const { principal, client } = call;
      const subject = { kind: 'target', id: '*', owner: all ? '' : principal.id } as const;
      const released = await judge(ports, call, 'targets.list', subject, 'written');
      if (!released.ok) return released;
      const views = ports
        .targets()
        .map((target) => {
          const logins = all ? target.logins : target.logins.filter((l) => ports.admits(principal, client, target, l));
          return viewTarget(target, logins, all);
        })
        .filter(({ logins }) => all || logins.length > 0);
      return { ok: true, json: { targets: views.slice(0, Math.min(limit, released.maxRows)) } };
    },
  };
}
