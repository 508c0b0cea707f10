import type { Handlers } from './handlers.ts';
import { judge } from './judge.ts';
import type { ApiPorts } from './ports.ts';
import { problem } from './problem.ts';

export function sshKeyRoutes(ports: ApiPorts): Pick<Handlers, 'sshKeysRegister'> {
  return {
    async sshKeysRegister({ call, body }) {
      const { principal, login } = call;
      const subject = { kind: 'ssh_key', id: '*', owner: principal.id } as const;
      const released = await judge(ports, call, 'ssh.keys.register', subject, 'flushed');
      if (!released.ok) return released;
      const registered = ports.registerSshKey(body.public_key, login);
      if (registered === undefined)
        return problem('not_found', 'nothing listens for SSH: set listen.ssh in the configuration');
      if (typeof registered === 'string') return problem('bad_request', registered);
      const { fingerprint, hostKey: host_key } = registered;
      const expires = new Date(login.expiresAtMs).toISOString();
      return { ok: true, json: { fingerprint, principal: principal.id, expires_at: expires, host_key } };
    },
  };
}
