import { isLoopback } from './fields.ts';
import { maskingRemarks } from './masking-section.ts';
import { policySecrets } from './policy-section.ts';
import type { Config, SshTargetConfig } from './schema.ts';

/** Something wrong (or weak) about a field, and where that field is. */
export interface Remark {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What single fields cannot see: whether they agree with each other. */
export function disagreements(config: Config): readonly Remark[] {
  return [
    ...listenerRemarks(config),
    ...issuerRemarks(config),
    ...targetRemarks(config),
    ...nameRemarks(config),
    ...maskingRemarks(config.masking).map(({ path, message }) => ({ path: ['masking', ...path], message })),
  ];
}

/** Weaker modes that somebody asked for by name. Allowed, and said aloud at every start. */
export function weaknesses(config: Config): readonly Remark[] {
  const found: Remark[] = [];
  if (!config.listen.postgres.tls) {
    const message = 'tokens and results travel unencrypted between the clients and the gateway';
    found.push({ path: ['listen', 'postgres', 'cleartext_loopback'], message });
  }
  for (const [i, target] of config.targets.entries()) {
    if (target.protocol === 'ssh') {
      const message = `nothing makes sure which shell reads lines at ${target.name}`;
      if (!target.ask_shell) found.push({ path: ['targets', i, 'ask_shell'], message });
      continue;
    }
    const { mode } = target.tls;
    const at = ['targets', i, 'tls', 'mode'];
    if (mode === 'disable') found.push({ path: at, message: `the way to ${target.name} is not encrypted` });
    if (mode === 'require') found.push({ path: at, message: `anyone in between can pose as ${target.name}` });
    if (mode === 'verify-ca') {
      found.push({ path: at, message: `any server under the same authority can pose as ${target.name}` });
    }
    if (target.allow_md5) {
      found.push({ path: ['targets', i, 'allow_md5'], message: `${target.name} may ask for an MD5 login` });
    }
  }
  if (!config.sessions.end_with_token) {
    const message = 'a session outlives the token that it was opened with';
    found.push({ path: ['sessions', 'end_with_token'], message });
  }
  return found;
}

function listenerRemarks({ listen }: Config): readonly Remark[] {
  const found: Remark[] = [];
  const { postgres, ssh, admin } = listen;
  if (!postgres.tls && !postgres.cleartext_loopback) {
    const message =
      'expected tls {cert, key}: clients send tokens here (or cleartext_loopback: true, on loopback only)';
    found.push({ path: ['listen', 'postgres'], message });
  }
  if (postgres.cleartext_loopback && !isLoopback(postgres.host)) {
    const message = `cleartext is for loopback only, and ${postgres.host} is not: set tls, or listen on 127.0.0.1`;
    found.push({ path: ['listen', 'postgres', 'cleartext_loopback'], message });
  }
  if (!admin.tls && !isLoopback(admin.host)) {
    const message = `the admin API needs tls {cert, key} on ${admin.host}: approvers send tokens here`;
    found.push({ path: ['listen', 'admin'], message });
  }
  if (postgres.host === admin.host && postgres.port === admin.port) {
    found.push({ path: ['listen', 'admin', 'port'], message: 'the same port as listen.postgres' });
  }
  for (const other of ['postgres', 'admin'] as const) {
    if (ssh?.host === listen[other].host && ssh.port === listen[other].port)
      found.push({ path: ['listen', 'ssh', 'port'], message: `the same port as listen.${other}` });
  }
  return found;
}

function issuerRemarks({ identity, listen }: Config): readonly Remark[] {
  const found = repeated(identity.issuers, (i) => i.issuer).map(([i, issuer]) => ({
    path: ['identity', 'issuers', i, 'issuer'],
    message: `${issuer} is configured twice`,
  }));
  if (listen.postgres.auth === 'oauth' && !identity.issuers.some((i) => i.device_login)) {
    const message = 'oauth needs an issuer with device_login: clients are told where to log in';
    return [...found, { path: ['listen', 'postgres', 'auth'], message }];
  }
  return found;
}

function sshRemarks({ logins, login }: SshTargetConfig, i: number): readonly Remark[] {
  const names = Object.keys(logins);
  if (names.length === 0) return [{ path: ['targets', i, 'logins'], message: 'expected at least one login' }];
  const found = Object.entries(logins)
    .filter(([, ways]) => Object.values(ways).filter((way) => way !== undefined).length !== 1)
    .map(([name]) => ({
      path: ['targets', i, 'logins', name],
      message: 'expected exactly one of key, password, certificate',
    }));
  if (login === undefined || names.includes(login)) return found;
  return [
    ...found,
    { path: ['targets', i, 'login'], message: `${login} is not one of its logins (${names.join(', ')})` },
  ];
}

function targetRemarks({
  targets,
  listen,
  credentials,
  notify,
  masking,
  policy,
  decision_log: decisions,
}: Config): readonly Remark[] {
  const found: Remark[] = [];
  const stored: (readonly (string | number)[])[] = [];
  for (const [i, target] of targets.entries()) {
    if (target.protocol === 'ssh') {
      found.push(...sshRemarks(target, i));
      for (const [login, { key, password }] of Object.entries(target.logins)) {
        for (const [field, secret] of Object.entries({ key, password }))
          if (secret && 'store' in secret) stored.push(['targets', i, 'logins', login, field, 'store']);
      }
      continue;
    }
    const logins = Object.keys(target.roles);
    if (logins.length === 0) {
      found.push({ path: ['targets', i, 'roles'], message: 'expected at least one login' });
    } else if (target.catalog_role !== undefined && !logins.includes(target.catalog_role)) {
      const message = `${target.catalog_role} is not one of its roles (${logins.join(', ')})`;
      found.push({ path: ['targets', i, 'catalog_role'], message });
    }
    for (const [login, role] of Object.entries(target.roles)) {
      if ('store' in role.password) stored.push(['targets', i, 'roles', login, 'password', 'store']);
    }
  }
  for (const [i, channel] of notify.channels.entries()) {
    if ('store' in channel.secret) stored.push(['notify', 'channels', i, 'secret', 'store']);
  }
  for (const sink of ['http', 'otlp'] as const) {
    const { token, headers = {} } = decisions[sink] ?? {};
    if (token && 'store' in token) stored.push(['decision_log', sink, 'token', 'store']);
    for (const [name, value] of Object.entries(headers)) {
      if ('store' in value) stored.push(['decision_log', sink, 'headers', name, 'store']);
    }
  }
  for (const [path, reference] of policySecrets(policy)) {
    if ('store' in reference) stored.push(['policy', ...path, 'store']);
  }
  for (const [path, reference] of policy.shadow ? policySecrets(policy.shadow) : []) {
    if ('store' in reference) stored.push(['policy', 'shadow', ...path, 'store']);
  }
  for (const field of ['host_key', 'ca_key', 'upstream_ca_key'] as const) {
    const reference = listen.ssh?.[field];
    if (reference && 'store' in reference) stored.push(['listen', 'ssh', field, 'store']);
  }
  if (masking.key && 'store' in masking.key) stored.push(['masking', 'key', 'store']);
  for (const [i, { key }] of (masking.keys ?? []).entries()) {
    if ('store' in key) stored.push(['masking', 'keys', i, 'key', 'store']);
  }
  if (credentials) return found;
  return [
    ...found,
    ...stored.map((path) => ({ path, message: 'there is no encrypted store: set credentials {store, key}' })),
  ];
}

function nameRemarks({ targets, notify, policy }: Config): readonly Remark[] {
  return [
    ...repeated(targets, (t) => t.name).map(([i, name]) => ({
      path: ['targets', i, 'name'],
      message: `a target ${name} is there already`,
    })),
    ...repeated(notify.channels, (c) => c.name).map(([i, name]) => ({
      path: ['notify', 'channels', i, 'name'],
      message: `a channel ${name} is there already`,
    })),
    ...[...policy.notify.entries()]
      .filter(([, channel]) => !notify.channels.some((c) => c.name === channel))
      .map(([i, channel]) => ({ path: ['policy', 'notify', i], message: `there is no channel ${channel}` })),
    ...repeated(policy.keys, (k) => k.id).map(([i, id]) => ({
      path: ['policy', 'keys', i, 'id'],
      message: `a key ${id} is there already`,
    })),
  ];
}

function repeated<T>(list: readonly T[], key: (item: T) => string): readonly (readonly [number, string])[] {
  const seen = new Set<string>();
  return list.flatMap((item, i) => {
    const name = key(item);
    if (seen.has(name)) return [[i, name] as const];
    seen.add(name);
    return [];
  });
}
