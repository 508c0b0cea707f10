import { mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareConfigs, type ConfigChange } from './change.ts';
import { configJsonSchema } from './json-schema.ts';
import {
  formatConfigError,
  loadConfig,
  maskingKeys,
  parseConfig,
  watchConfig,
  type Config,
  type ConfigError,
} from './index.ts';

const around = {
  file: '/etc/sallyport/gateway.yaml',
  env: (name: string) => (name === 'CRM_PASSWORD' ? 'secret' : undefined),
  isFile: (path: string) => path.startsWith('/etc/sallyport/'),
};

const good = `listen:
  postgres: { host: 0.0.0.0, port: 6432, tls: { cert: tls/server.pem, key: tls/server.key } }
state_dir: /var/lib/sallyport
identity:
  issuers:
    - issuer: https://login.example.com
      audience: sallyport
      algorithms: [ES256]
      claims: { id: email, groups: groups }
targets:
  - name: crm
    protocol: postgres
    host: db.example.com
    database: crm
    labels: { env: prod }
    roles:
      app: { password: { env: CRM_PASSWORD } }
policy:
  bundle: policy
  keys: [{ id: main, algorithm: ES256, file: bundle.pub }]
masking: { key: { file: masking.key } }
recordings: { dir: recordings }
audit: { dir: audit, origin: example.com/audit, key: { file: audit.key } }
`;

/** The errors of `good` with `old` replaced by `new`, as they are printed. */
function errorsAfter(...changes: readonly (readonly [string, string])[]): readonly string[] {
  let text = good;
  for (const [before, after] of changes) {
    if (!text.includes(before)) throw new Error(`nothing to replace: ${before}`);
    text = text.replace(before, after);
  }
  const read = parseConfig(text, around);
  return read.ok ? [] : read.errors.map((e) => formatConfigError(e).replace('/etc/sallyport/', ''));
}

function parsed(text: string): Config {
  const read = parseConfig(text, around);
  if (!read.ok) throw new Error(read.errors.map(formatConfigError).join('\n'));
  return read.config;
}

const id = 'access_key_id: { env: CRM_PASSWORD }';
const secret = 'secret_access_key: { env: CRM_PASSWORD }';
const token = 'session_token: { env: CRM_PASSWORD }';

describe('a configuration', () => {
  test('that is right is read whole: paths are absolute, defaults are there', () => {
    const config = parsed(good);
    expect(config.listen.postgres.tls?.cert).toBe('/etc/sallyport/tls/server.pem');
    expect(config.policy.bundle).toBe('/etc/sallyport/policy');
    expect(config.listen.admin).toEqual({ host: '127.0.0.1', port: 6480 });
    expect(config.targets[0]).toMatchObject({
      port: 5432,
      tls: { mode: 'verify-full' },
      allow_md5: false,
      databases: [],
    });
    expect(config.limits.message_bytes).toBe(16 * 1024 * 1024);
    expect(config.limits.statement_bytes).toBe(256 * 1024);
    expect(config.sessions).toEqual({ end_with_token: true, total_s: 86_400 });
    expect(config.identity.issuers[0]?.claims.id).toBe('email');
  });

  test('may name an address for the bundle, with a token and an authority', () => {
    const http = 'http: { token: { env: CRM_PASSWORD }, ca: ca.pem, poll_max_s: 60 }';
    const { policy } = parsed(good.replace('bundle: policy', `bundle: https://b.example/b.tar.gz\n  ${http}`));
    expect(policy).toMatchObject({
      bundle: 'https://b.example/b.tar.gz',
      http: { token: { env: 'CRM_PASSWORD' }, ca: '/etc/sallyport/ca.pem', wait_s: 60, poll_min_s: 10, poll_max_s: 60 },
    });
  });

  test('may name an object in a store, and an artifact in a registry', () => {
    const s3 = `s3://acme-policy/b.tar.gz\n  s3: { region: eu-central-1, ${id}, ${secret} }`;
    expect(parsed(good.replace('bundle: policy', `bundle: ${s3}`)).policy).toMatchObject({
      bundle: 's3://acme-policy/b.tar.gz',
      s3: { region: 'eu-central-1', access_key_id: { env: 'CRM_PASSWORD' }, anonymous: false },
    });
    const oci = `oci://127.0.0.1:5000/p:v1\n  oci: { plain_http: true, username: ci, password: { env: CRM_PASSWORD } }`;
    expect(parsed(good.replace('bundle: policy', `bundle: ${oci}`)).policy).toMatchObject({
      bundle: 'oci://127.0.0.1:5000/p:v1',
      oci: { plain_http: true, username: 'ci' },
    });
  });

  const several = (...bundles: readonly string[]) => `bundles: [${bundles.join(', ')}]`;
  const rules = '{ name: rules, bundle: policy }';

  test('may name several bundles, each with its source, its roots and its keys', () => {
    const columns = '{ name: columns, bundle: "https://b.example/c", roots: [columns/crm], keys: [main] }';
    const { policy } = parsed(good.replace('bundle: policy', several(rules, columns)));
    expect(policy.bundle).toBeUndefined();
    expect(policy.bundles).toMatchObject([
      { name: 'rules', bundle: '/etc/sallyport/policy' },
      { name: 'columns', roots: ['columns/crm'], keys: ['main'], http: { poll_min_s: 10 } },
    ]);
  });

  test.each<readonly [string, string, string]>([
    ['without one of rules', several('{ name: a, bundle: b, roots: [x] }'), 'exactly one bundle without roots'],
    ['with two of rules', several(rules, '{ name: a, bundle: b }'), 'exactly one bundle without roots'],
    ['of one name', several(rules, '{ name: rules, bundle: b, roots: [x] }'), 'a bundle rules is there already'],
    ['with a key that is not there', several(rules, '{ name: a, bundle: b, roots: [x], keys: [no] }'), 'no key no'],
    ['with a root that is none', several(rules, '{ name: a, bundle: b, roots: [""] }'), 'expected a path in the data'],
    ['with a source that is none', several(rules, '{ name: a, bundle: s3://b, roots: [x] }'), 's3://bucket/path'],
    ['with a store beside them', `${several(rules)}\n  s3: { region: r }`, 'expected it in each of bundles'],
    ['that are none', 'keys2: []', 'exactly one of bundle, bundles'],
  ])('whose several bundles are %s is refused, in the shadow as well', (_what, bundles, said) => {
    expect(errorsAfter(['bundle: policy', bundles]).join('\n')).toContain(said);
    const shadow = bundles.replaceAll('\n  ', '\n    ');
    expect(errorsAfter(['bundle: policy', `bundle: policy\n  shadow:\n    ${shadow}`]).join('\n')).toContain(said);
  });

  test.each<readonly [string, string, string]>([
    ['in the clear', 'http://b.example/b', 'expected an https:// address'],
    ['of another kind', 'ftp://b.example/b', 'expected a path, or an https://, s3:// or oci:// address'],
    ['of a store, without its region', 's3://acme/b.tar.gz', 'expected s3 {region}'],
    ['of a store, with half a key', `s3://acme/b\n  s3: { region: r, ${id} }`, 'expected both of access_key_id'],
    [
      'of a store, open and with a key',
      `s3://acme/b\n  s3: { region: r, anonymous: true, ${id}, ${secret} }`,
      'no keys',
    ],
    ['of a store, with a lone session token', `s3://acme/b\n  s3: { region: r, ${token} }`, 'access_key_id and secret'],
    ['of a store in the clear', 's3://acme/b\n  s3: { region: r, endpoint: http://s3.example }', 'an https:// address'],
    [
      'of a store, with a token',
      's3://acme/b\n  s3: { region: r }\n  http: { token: { env: CRM_PASSWORD } }',
      'at s3://',
    ],
    ['of a registry, without a tag', 'oci://ghcr.io/acme/policy', 'expected oci://registry/repository:tag'],
    ['of a registry, with half a login', 'oci://ghcr.io/p:v1\n  oci: { username: ci }', 'expected both of username'],
    ['of a registry in the clear', 'oci://ghcr.io/p:v1\n  oci: { plain_http: true }', 'cleartext is for loopback only'],
    ['that is a file, with a store', 'policy\n  s3: { region: r }', 'the bundle is not at s3://'],
    ['that is a file, with a registry', 'policy\n  oci: {}', 'the bundle is not at oci://'],
    [
      'of a store, with a key from a store that is not there',
      's3://acme/b\n  s3: { region: r, access_key_id: { store: x }, secret_access_key: { store: y } }',
      'no encrypted store',
    ],
    ['beside several', 'policy\n  bundles: [{ name: a, bundle: b }]', 'expected exactly one of bundle, bundles'],
    ['with a channel that is not there', 'policy\n  notify: [nobody]', 'there is no channel nobody'],
    ['with a password', 'https://me:secret@b.example/b', 'set http.token'],
    ['with pauses the wrong way round', 'https://b.example/b\n  http: { poll_min_s: 30 }', 'no less than poll_min_s'],
    ['that is a file, with a token', 'policy\n  http: { token: { env: CRM_PASSWORD } }', 'the bundle is a file'],
    [
      'with a token from a store that is not there',
      'https://b.example/b\n  http: { token: { store: x } }',
      'no encrypted store',
    ],
  ])('whose bundle is an address %s is refused', (_what, bundle, said) => {
    expect(errorsAfter(['bundle: policy', `bundle: ${bundle}`]).join('\n')).toContain(said);
  });

  test.each<readonly [string, string, string, string]>([
    [
      'an unknown key, with what was probably meant',
      'database: crm',
      'databse: crm',
      'gateway.yaml:14:5: targets[0].databse: unknown key databse; did you mean database?',
    ],
    [
      'an unknown key, with what is allowed',
      'masking: {',
      'masking: { zzzzzzzz: 1,',
      'gateway.yaml:21:12: masking.zzzzzzzz: unknown key zzzzzzzz; allowed here: key, keys, current',
    ],
    [
      'a wrong type',
      'port: 6432',
      'port: soon',
      'gateway.yaml:2:36: listen.postgres.port: expected a number, got "soon"',
    ],
    [
      'a number out of bounds',
      'port: 6432',
      'port: 70000',
      'gateway.yaml:2:36: listen.postgres.port: expected at most 65,535',
    ],
    [
      'a choice that is none',
      'protocol: postgres',
      'protocol: mysql',
      'gateway.yaml:12:15: targets[0].protocol: expected one of postgres, ssh, got "mysql"',
    ],
    [
      'a symmetric algorithm',
      '[ES256]',
      '[HS256]',
      'gateway.yaml:8:20: identity.issuers[0].algorithms[0]: expected one of RS256',
    ],
    ['a missing section', 'state_dir: /var/lib/sallyport\n', '', 'gateway.yaml:1:1: state_dir: missing: expected text'],
    ['a missing field', '    host: db.example.com\n', '', 'gateway.yaml:11:5: targets[0].host: missing: expected text'],
    [
      'a file that is not there',
      'bundle.pub',
      '/elsewhere/bundle.pub',
      'gateway.yaml:20:46: policy.keys[0].file: there is no file /elsewhere/bundle.pub',
    ],
    [
      'a variable that is not set',
      'CRM_PASSWORD',
      'OTHER',
      'gateway.yaml:17:31: targets[0].roles.app.password.env: the environment variable OTHER is not set',
    ],
    [
      'a secret in two places',
      '{ env: CRM_PASSWORD }',
      '{ env: CRM_PASSWORD, file: x }',
      'gateway.yaml:17:24: targets[0].roles.app.password: expected exactly one of env, file, store',
    ],
    [
      'a secret in no place',
      '{ env: CRM_PASSWORD }',
      '{}',
      'gateway.yaml:17:24: targets[0].roles.app.password: expected exactly one of env, file, store',
    ],
    [
      'a password that stands there in the clear',
      '{ env: CRM_PASSWORD }',
      'hunter2',
      'gateway.yaml:17:24: targets[0].roles.app.password: expected a mapping, got text; allowed in it: env, file, store',
    ],
    [
      'a password of digits',
      '{ env: CRM_PASSWORD }',
      '271828',
      'gateway.yaml:17:24: targets[0].roles.app.password: expected a mapping, got a number; allowed in it: env, file',
    ],
    [
      'a login without a name',
      'app: {',
      '"": {',
      'gateway.yaml:17:11: targets[0].roles.: no key that is allowed here: expected text that is not empty',
    ],
    [
      'the encrypted store without one',
      '{ env: CRM_PASSWORD }',
      '{ store: crm }',
      'gateway.yaml:17:33: targets[0].roles.app.password.store: there is no encrypted store: set credentials {store, key}',
    ],
    [
      'no encryption at all',
      ', tls: { cert: tls/server.pem, key: tls/server.key }',
      '',
      'gateway.yaml:2:13: listen.postgres: expected tls {cert, key}: clients send tokens here',
    ],
    [
      'cleartext beyond loopback',
      'port: 6432,',
      'port: 6432, cleartext_loopback: true,',
      'gateway.yaml:2:62: listen.postgres.cleartext_loopback: cleartext is for loopback only, and 0.0.0.0 is not',
    ],
    [
      'an admin API in the clear beyond loopback',
      'listen:\n',
      'listen:\n  admin: { host: 10.0.0.1 }\n',
      'gateway.yaml:2:10: listen.admin: the admin API needs tls {cert, key} on 10.0.0.1',
    ],
    [
      'an issuer in the clear',
      'https://login.example.com',
      'http://login.example.com',
      'gateway.yaml:6:15: identity.issuers[0].issuer: expected an https:// address (http:// on loopback only)',
    ],
    [
      'a catalog role that is none',
      '    roles:',
      '    catalog_role: admin\n    roles:',
      'gateway.yaml:16:19: targets[0].catalog_role: admin is not one of its roles (app)',
    ],
    [
      'OAUTHBEARER with nowhere to log in',
      'port: 6432,',
      'port: 6432, auth: oauth,',
      'gateway.yaml:2:48: listen.postgres.auth: oauth needs an issuer with device_login',
    ],
    [
      'an SSH target without a login',
      'targets:\n',
      'targets:\n  - { name: web1, protocol: ssh, host: web1, logins: {} }\n',
      'targets[0].logins: expected at least one login',
    ],
    [
      'a login of an SSH target without its secret',
      'targets:\n',
      'targets:\n  - { name: web1, protocol: ssh, host: web1, logins: { root: {} } }\n',
      'targets[0].logins.root: expected exactly one of key, password',
    ],
    [
      'a login that an SSH target does not have',
      'targets:\n',
      'targets:\n  - { name: web1, protocol: ssh, host: web1, login: x, logins: { root: { key: { env: CRM_PASSWORD } } } }\n',
      'targets[0].login: x is not one of its logins (root)',
    ],
    [
      'no time to connect to an SSH target',
      'targets:\n',
      'targets:\n  - { name: web1, protocol: ssh, host: web1, connect_ms: 0, logins: { root: { key: { env: CRM_PASSWORD } } } }\n',
      'targets[0].connect_ms: expected at least 100',
    ],
    [
      'half an hour to connect to a PostgreSQL target',
      'database: crm\n',
      'database: crm\n    connect_ms: 1_800_000\n',
      'targets[0].connect_ms: expected',
    ],
    [
      'a session that may not last at all',
      'policy:\n',
      'sessions: { total_s: 0 }\npolicy:\n',
      'sessions.total_s: expected at least 1',
    ],
    ['a key twice', 'policy:\n', 'policy:\n  bundle: x\n', 'gateway.yaml:20:3: Map keys must be unique'],
    ['broken YAML', 'targets:\n', 'targets: [\n', 'gateway.yaml:'],
    ['a key without its colon', 'targets:\n', 'targets\n', 'a colon is missing behind this key'],
    ['a tab', '  - name: crm', '\t- name: crm', 'indent with spaces'],
  ])('with %s is refused at that place', (_name, before, after, expected) => {
    const errors = errorsAfter([before, after]);
    expect(errors.join('\n')).toContain(expected);
  });

  test('that is no YAML from some place on is refused at that place alone', () => {
    expect(errorsAfter(['targets:\n', 'targets\n'])).toHaveLength(1);
  });

  test('wrong in three places is told all three, in the order of the file', () => {
    const errors = errorsAfter(['port: 6432', 'port: 0'], ['database: crm', 'databse: crm'], ['origin: ', 'orign: ']);
    const places = errors.map((e) => e.split(': ')[1]);
    expect(places).toEqual([
      'listen.postgres.port',
      'targets[0].database',
      'targets[0].databse',
      'audit.origin',
      'audit.orign',
    ]);
  });

  test.each([
    ['nothing', '', 'the file is empty'],
    ['a list', '- 1', 'expected a mapping, got a list'],
    ['a second document', `${good}---\na: 1\n`, 'multiple documents'],
    ['aliases without end', `a: &a [1]\nb: [${'*a,'.repeat(60)}]`, 'alias'],
  ])('of %s is refused', (_name, text, expected) => {
    const read = parseConfig(text, around);
    expect(read.ok ? '' : read.errors.map((e) => e.message).join('\n')).toContain(expected);
  });

  test('in weaker modes is read, and each of them is named', () => {
    const text = good
      .replace(
        'host: 0.0.0.0, port: 6432, tls: { cert: tls/server.pem, key: tls/server.key }',
        'cleartext_loopback: true',
      )
      .replace('database: crm', 'database: crm\n    allow_md5: true\n    tls: { mode: require }')
      .concat('sessions: { end_with_token: false }\n');
    const read = parseConfig(text, around);
    expect(read.ok && read.warnings.map((w) => w.path)).toEqual([
      'listen.postgres.cleartext_loopback',
      'targets[0].tls.mode',
      'targets[0].allow_md5',
      'sessions.end_with_token',
    ]);
  });

  test('a host whose shell nobody asks for is named too', () => {
    const host =
      'targets:\n  - { name: web1, protocol: ssh, host: web1, ask_shell: false, logins: { root: { key: { env: CRM_PASSWORD } } } }\n';
    const read = parseConfig(good.replace('targets:\n', host).replace('state_dir:', '  ssh: {}\nstate_dir:'), around);
    expect(read.ok && read.warnings.map((w) => w.path)).toEqual(['targets[0].ask_shell']);
  });

  test('that right is has no warnings', () => {
    const read = parseConfig(good, around);
    expect(read.ok && read.warnings).toEqual([]);
  });
});

test('the published JSON Schema is the one of the code: run `node scripts/generate.ts`', async () => {
  const file = join(import.meta.dirname, '../../docs/reference/config.schema.json');
  expect(await readFile(file, 'utf8')).toBe(configJsonSchema());
});

describe('masking keys', () => {
  const one = 'key: { file: masking.key }';
  const two = 'keys: [{ version: 1, key: { file: masking.key } }, { version: 7, key: { env: CRM_PASSWORD } }]';
  test.each([
    ['one key is version 1', one, 1, [1]],
    ['of several the highest version is in use', two, 7, [1, 7]],
    ['or the one that is named', `${two}, current: 1`, 1, [1, 7]],
  ])('%s', (_, section, current, versions) => {
    const keys = maskingKeys(parsed(good.replace(one, section)).masking);
    expect([keys.current, [...keys.all.keys()]]).toEqual([current, versions]);
  });

  test.each([
    ['none', '', 'masking: expected exactly one of key, keys'],
    ['both', `${one}, ${two}`, 'masking: expected exactly one of key, keys'],
    ['a version that there is not', `${two}, current: 2`, 'masking.current: there is no key of version 2'],
    ['a version twice', two.replace('7', '1'), 'masking.keys[1].version: a version 1 is there already'],
    ['a version that needs two bytes', two.replace('7', '256'), 'masking.keys[1].version: expected at most 255'],
    ['a store that is not there', 'keys: [{ version: 1, key: { store: m } }]', 'there is no encrypted store'],
  ])('%s is refused', (_, section, said) => {
    expect(errorsAfter([one, section]).join('\n')).toContain(said);
  });

  test('are taken over while the gateway runs', () => {
    expect(compareConfigs(parsed(good), parsed(good.replace(one, two)))).toMatchObject({
      reloaded: ['masking'],
      needsRestart: [],
    });
  });
});

describe('a change of the configuration', () => {
  test('is taken over where it can be, and named where it needs a restart', () => {
    const found = good.replace('env: prod', 'env: test').replace('port: 6432', 'port: 6433');
    const change = compareConfigs(parsed(good), parsed(found));
    expect(change.reloaded).toEqual(['targets']);
    expect(change.needsRestart).toEqual(['listen']);
    expect(change.config.targets[0]?.labels).toEqual({ env: 'test' });
    expect(change.config.listen.postgres.port).toBe(6432);
  });

  test.each([
    ['connections: 5', ['limits'], []],
    ['statement_bytes: 1000', [], ['limits']],
    ['connections: 5, statement_bytes: 1000', ['limits'], ['limits']],
  ])('of limits {%s} is taken over as far as it can be', (limits, reloaded, needsRestart) => {
    const change = compareConfigs(parsed(good), parsed(good.concat(`limits: {${limits}}\n`)));
    expect(change).toMatchObject({ reloaded, needsRestart });
    expect(change.config.limits.statement_bytes).toBe(262_144);
  });
});

describe('a watched file', () => {
  let dir = '';
  let file = '';
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'config-'));
    file = join(dir, 'gateway.yaml');
    for (const name of ['server.pem', 'server.key', 'bundle.pub', 'masking.key', 'audit.key'])
      await writeFile(join(dir, name), '');
    process.env['CRM_PASSWORD'] = 'secret';
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));
  const here = good.replaceAll('tls/server', 'server');

  test('that is not there, or not text, is an error like any other', async () => {
    expect(await loadConfig(join(dir, 'none.yaml'))).toMatchObject({ errors: [{ message: 'there is no such file' }] });
    await writeFile(join(dir, 'latin1.yaml'), Buffer.from([0x61, 0x3a, 0xe9]));
    expect(await loadConfig(join(dir, 'latin1.yaml'))).toMatchObject({
      errors: [{ message: 'the file is not UTF-8' }],
    });
  });

  test('is taken over when it changes, keeps the running configuration when it is wrong, and follows a swapped link', async () => {
    await writeFile(join(dir, 'one.yaml'), here);
    await symlink('one.yaml', file);
    const first = await loadConfig(file);
    if (!first.ok) throw new Error(first.errors.map(formatConfigError).join('\n'));
    const told: (ConfigChange | readonly ConfigError[])[] = [];
    let wake = (): void => undefined;
    const tell = (what: ConfigChange | readonly ConfigError[]): void => (told.push(what), wake());
    const next = async (): Promise<ConfigChange | readonly ConfigError[] | undefined> => {
      if (told.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return told.shift();
    };
    using watch = watchConfig(file, first.config, { onChange: tell, onRefused: tell });

    await writeFile(join(dir, 'two.yaml'), here.replace('env: prod', 'env: test'));
    await symlink('two.yaml', join(dir, 'link'));
    await rename(join(dir, 'link'), file);
    expect(await next()).toMatchObject({ reloaded: ['targets'], needsRestart: [] });

    await writeFile(join(dir, 'two.yaml'), here.concat('log: { level: loud }\n'));
    expect(await next()).toMatchObject([{ path: 'log.level' }]);

    await writeFile(join(dir, 'two.yaml'), here.replace('env: prod', 'env: test').concat('# the same\n'));
    await watch.refresh();
    expect(told).toEqual([]);
  });
});
