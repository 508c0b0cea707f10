import type { Handlers } from './handlers.ts';
import { judge } from './judge.ts';
import type { ApiPorts } from './ports.ts';
import { problem } from './problem.ts';

const noListener = problem('not_found', 'nothing listens for SSH: set listen.ssh in the configuration');

export function sshKeyRoutes(ports: ApiPorts): Pick<Handlers, 'sshKeysRegister' | 'sshKeysForget' | 'sshCodesIssue'> {
  return {
    async sshKeysRegister({ call, body }) {
      const { principal, login } = call;
      const subject = { kind: 'ssh_key', id: '*', owner: principal.id } as const;
      const released = await judge(ports, call, 'ssh.keys.register', subject, 'flushed');
      if (!released.ok) return released;
      const registered = ports.registerSshKey(body.public_key, login);
      if (registered === undefined) return noListener;
      if (typeof registered === 'string') return problem('bad_request', registered);
      const { fingerprint, certificate, hostKey: host_key, authority } = registered;
      const expires = new Date(login.expiresAtMs).toISOString();
      const json = { fingerprint, principal: principal.id, expires_at: expires, certificate, host_key, authority };
      return { ok: true, json };
    },

    async sshCodesIssue({ call, body: { target } }) {
      const { principal, login } = call;
      const subject = { kind: 'ssh_code', id: target, owner: principal.id } as const;
      const released = await judge(ports, call, 'ssh.codes.issue', subject, 'flushed');
      if (!released.ok) return released;
      const issued = ports.issueSshCode(target, login);
      if (issued === undefined) return noListener;
      if (typeof issued === 'string') return problem('bad_request', issued);
      const expires_at = new Date(issued.expiresAtMs).toISOString();
      return { ok: true, json: { code: issued.code, target, principal: principal.id, expires_at } };
    },

    async sshKeysForget({ call, body }) {
      const owner = body.principal ?? call.principal.id;
      const subject = { kind: 'ssh_key', id: '*', owner } as const;
      const released = await judge(ports, call, 'ssh.keys.forget', subject, 'flushed');
      if (!released.ok) return released;
      // One's own are those of one's own issuer: another's people may have the same names.
      const issuer = owner === call.principal.id ? call.principal.issuer : undefined;
      const forgotten = ports.forgetSshKeys(owner, issuer);
      return forgotten === undefined ? noListener : { ok: true, json: { principal: owner, forgotten } };
    },
  };
}
