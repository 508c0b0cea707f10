import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openAuditLog } from '../audit/log.ts';
import { logInByDevice } from '../testing/idp-login.ts';
import { startIdp } from '../testing/idp.ts';
import { freePort } from '../testing/ports.ts';

/** The command as a script runs it: no terminal, and an environment of its own. */
interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cli-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

function sallyport(
  args: readonly string[],
  more: { input?: string; env?: object; onErr?: (text: string, child: ChildProcess) => void } = {},
): Promise<Ran> {
  const { PATH, HOME, SALLYPORT_OPA, XDG_CACHE_HOME, NODE_COMPILE_CACHE } = process.env;
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], {
    cwd: dir,
    env: {
      PATH,
      HOME,
      SALLYPORT_OPA,
      XDG_CACHE_HOME,
      NODE_COMPILE_CACHE,
      XDG_CONFIG_HOME: join(dir, 'xdg'),
      ...more.env,
    },
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
    more.onErr?.(text, child);
  });
  child.stdin.end(more.input ?? '');
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
}

describe('help', () => {
  test('names every command, what exit codes mean, and comes out as a result', async () => {
    const { code, out } = await sallyport(['--help']);
    expect(code).toBe(0);
    for (const name of [
      'init',
      'serve',
      'config',
      'login',
      'token',
      'approvals',
      'sessions',
      'audit',
      'policy',
      'credentials',
    ]) {
      expect(out).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
    }
    expect(out).toContain('3  nobody answered');
  });
  test.each([
    ['init'],
    ['serve'],
    ['config', 'check'],
    ['login'],
    ['token'],
    ['approvals', 'list'],
    ['approvals', 'approve'],
    ['sessions', 'list'],
    ['sessions', 'replay'],
    ['sessions', 'export'],
    ['audit', 'verify'],
    ['audit', 'query'],
    ['policy', 'build'],
    ['credentials', 'set'],
  ])('of %s %s shows an example', async (...command) => {
    const { code, out } = await sallyport([...command, '--help']);
    expect(code).toBe(0);
    expect(out).toContain(`Usage: sallyport ${command.join(' ')} `);
    expect(out).toMatch(/Examples?:\n {2}(\S+=\S+ |pass show \S+ \| )?(PGPASSWORD=\S+ )?sallyport/);
  });
});

test('whoever reads may have enough: nothing is said about it, and the command is over', async () => {
  const line = `"$0" "$1" policy test --help | true; echo "\${PIPESTATUS[0]}"`;
  const child = spawn('bash', ['-c', line, process.execPath, join(import.meta.dirname, 'main.ts')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (text: Buffer) => (out += text.toString()));
  child.stderr.on('data', (text: Buffer) => (err += text.toString()));
  await once(child, 'close');
  expect({ out, err }).toEqual({ out: '141\n', err: '' });
});

describe('the exit code', () => {
  test.each<readonly [number, string, readonly string[], string]>([
    [2, 'an unknown command', ['aprovals'], 'Did you mean approvals?'],
    [2, 'an unknown option', ['audit', 'query', '--sincee', '1h'], 'Did you mean --since?'],
    [2, 'a time that is none', ['audit', 'query', '--since', 'yesterday'], 'expected a time such as 15m'],
    [
      2,
      'an effect that is none',
      ['audit', 'query', '--effect', 'denied'],
      'Allowed choices are allow, mask, require_approval, deny',
    ],
    [2, 'a kind of entry that is none', ['audit', 'query', '--type', 'decisions'], 'Allowed choices are gateway.start'],
    [2, 'an id that is none', ['approvals', 'show', '../../x'], 'expected a ULID'],
    [2, 'a configuration that is not there', ['config', 'check', '-c', 'none.yaml'], 'there is no such file'],
    [
      2,
      'a gateway without encryption',
      ['approvals', 'list', '--gateway', 'http://10.0.0.1'],
      'is no https:// address',
    ],
    [
      2,
      'a password in the command line',
      ['init', '--dir', 'x', '--database', 'postgres://a:b@c/d', '--name', 'd'],
      'is seen by everybody',
    ],
    [
      2,
      'an admin API without TLS for everybody',
      [
        'init',
        '--dir',
        'x',
        '--database',
        'postgres://a@c/d',
        '--password-env',
        'P',
        '--issuer',
        'https://i',
        '--admin',
        '0.0.0.0:6480',
      ],
      '--admin: expected 127.0.0.1:port',
    ],
    [2, 'a question with nobody to ask', ['init', '--dir', 'x'], 'missing: Database'],
    [4, 'a command without a login', ['approvals', 'list'], 'run: sallyport login'],
  ])('is %i for %s', async (code, _name, args, said) => {
    const ran = await sallyport(args);
    expect(ran.err).toContain(said);
    expect(ran.code).toBe(code);
    expect(ran.out).toBe('');
  });

  test('is 3 when nobody answers', async () => {
    const gateway = `http://127.0.0.1:${String(await freePort())}`;
    const ran = await sallyport(['approvals', 'list', '--gateway', gateway], { env: { SALLYPORT_TOKEN: 'x' } });
    expect(ran.err).toContain('ECONNREFUSED');
    expect(ran.err).toContain('--gateway or SALLYPORT_GATEWAY says where it is');
    expect(ran.code).toBe(3);
  });
});

describe('init', () => {
  const flags = [
    '--database',
    'postgres://app@db.example.com/shop',
    '--issuer',
    'https://login.invalid',
    '--audience',
    'sallyport',
    '--algorithm',
    'ES256',
  ];
  const more = ['--admin', '127.0.0.1:7480', '--device-client', 'cli', '--device-scope', 'openid groups'];
  let ran: Ran;
  beforeAll(async () => {
    ran = await sallyport(['init', '--dir', 'home', ...flags, '--password-env', 'DB_PASSWORD', ...more, '--json']);
  });

  test('writes a configuration that is right, with a bundle built from the default policies', async () => {
    expect(ran.err).not.toContain('sallyport:');
    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.out)).toMatchObject({ config: 'home/sallyport.yaml' });
    const check = await sallyport(['config', 'check', '-c', 'home/sallyport.yaml', '--json'], {
      env: { DB_PASSWORD: 'x' },
    });
    expect(JSON.parse(check.out)).toEqual({ ok: true, warnings: [] });
    const text = await readFile(join(dir, 'home/sallyport.yaml'), 'utf8');
    expect(text).toContain('kind: { claim: kind, agent: [agent], default: human }');
    expect(text).toContain('admin: { host: "127.0.0.1", port: 7480 }');
    expect(text).toContain('device_login: { client_id: cli, scope: "openid groups" }');
    expect(await readFile(join(dir, 'home/policies/columns/data.yaml'), 'utf8')).toContain('\nshop: {}\n');
    expect((await stat(join(dir, 'home/policy/bundle.tar.gz'))).size).toBeGreaterThan(10_000);
  });

  test('config check says that a bundle is not there, and that another key signed one', async () => {
    const text = await readFile(join(dir, 'home/sallyport.yaml'), 'utf8');
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    await writeFile(join(dir, 'home/other.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
    const changed: readonly (readonly [RegExp, string, RegExp])[] = [
      [
        /^( *bundle: ).*$/m,
        '$1nowhere.tar.gz',
        /: policy\.bundle: no bundle at .*nowhere\.tar\.gz; "sallyport policy build" makes one/,
      ],
      [/^(.*algorithm: ES256.*file: )[^ ,}]*/m, '$1other.pub', /: policy\.bundle: .*sign/],
    ];
    for (const [what, by, said] of changed) {
      expect(text).toMatch(what);
      await writeFile(join(dir, 'home/changed.yaml'), text.replace(what, by));
      const { code, err } = await sallyport(['config', 'check', '-c', 'home/changed.yaml'], {
        env: { DB_PASSWORD: 'x' },
      });
      expect(err).toMatch(said);
      expect(code).toBe(2);
    }
  });

  test('keeps private keys from everybody else', async () => {
    for (const key of ['bundle', 'audit', 'masking', 'credentials']) {
      expect((await stat(join(dir, `home/keys/${key}.key`))).mode & 0o077).toBe(0);
    }
    expect((await stat(join(dir, 'home'))).mode & 0o077).toBe(0);
  });

  test('writes over nothing', async () => {
    const again = await sallyport(['init', '--dir', 'home', ...flags, '--password-env', 'DB_PASSWORD']);
    expect(again.code).toBe(1);
    expect(again.err).toContain('is not empty');
    const unasked = await sallyport(['init', '--dir', 'home']);
    expect(unasked.err).toContain('is not empty');
  });

  test('leaves nothing behind when it fails, and says of what a killed one left that it is unfinished', async () => {
    const again = ['init', '--dir', 'deep/failed', ...flags, '--password-env', 'DB_PASSWORD'];
    const failed = await sallyport(again, { env: { SALLYPORT_OPA: '/nowhere/opa' } });
    expect(failed.err).toContain('/nowhere/opa');
    expect(failed.code).toBe(1);
    await expect(stat(join(dir, 'deep'))).rejects.toThrow('ENOENT');

    await mkdir(join(dir, 'volume'));
    const there = again.map((arg) => (arg === 'deep/failed' ? 'volume' : arg));
    expect((await sallyport(there, { env: { SALLYPORT_OPA: '/nowhere/opa' } })).code).toBe(1);
    expect(await readdir(join(dir, 'volume'))).toEqual([]);

    await mkdir(join(dir, 'volume/keys'));
    const refused = await sallyport(there);
    expect(refused.err).toContain('an init that was killed left it unfinished\n  no gateway has run with it: remove');
    expect(refused.code).toBe(1);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('leaves nothing behind when %s interrupts it', async (signal) => {
    const interrupted = await sallyport(['init', '--dir', 'interrupted', ...flags, '--password-env', 'DB_PASSWORD'], {
      onErr: (text, child) => text.includes('init: bundle: test') && child.kill(signal),
    });
    expect(interrupted).toMatchObject({ code: null, out: '' });
    await expect(stat(join(dir, 'interrupted'))).rejects.toThrow('ENOENT');
  });

  test('takes the file of --tls-ca from where one stands', async () => {
    await writeFile(join(dir, 'db-ca.pem'), await readFile(join(dir, 'home/tls/ca.pem')));
    const all = ['init', '--dir', 'with-ca', ...flags, '--password-env', 'DB_PASSWORD', '--tls-ca'];
    expect((await sallyport([...all, 'other.pem'])).err).toMatch(
      /--tls-ca: expected a file that is there, got \/.*other/,
    );
    expect((await sallyport([...all, 'db-ca.pem'])).code).toBe(0);
    const check = await sallyport(['config', 'check', '-c', 'with-ca/sallyport.yaml'], { env: { DB_PASSWORD: 'x' } });
    expect(check).toMatchObject({ code: 0, out: 'with-ca/sallyport.yaml: fine\n' });
  });

  test('leaves a directory whose policies can be changed and built again', async () => {
    const sources = ['--policies', 'home/policies', '--tests', 'home/policy-tests', '--key', 'home/keys/bundle.key'];
    const out = ['--out', 'home/policy/bundle.tar.gz', '--revision', 'second', '--json'];
    const built = await sallyport(['policy', 'build', ...sources, ...out]);
    expect(built.err).toBe('');
    const said = JSON.parse(built.out) as { readonly tests: number; readonly lines: number };
    expect(said).toMatchObject({ revision: 'second', out: 'home/policy/bundle.tar.gz' });
    expect(said.tests).toBeGreaterThan(100);
    expect(said.lines).toBeGreaterThan(100);

    const bundle = join(dir, 'home/policy/bundle.tar.gz');
    const before = await readFile(bundle);
    const wrong = 'target: crm\nas: reader\ncases:\n  - run: delete from customers\n    expect: {effect: allow}\n';
    await writeFile(join(dir, 'home/policy-tests/postgres/wrong.yaml'), wrong);
    const refused = await sallyport(['policy', 'build', ...sources, ...out]);
    expect(refused.err).toMatch(/wrong\.yaml:4 ana: delete from customers \[lines\]/);
    expect(refused.err).toMatch(/1 of \d+ lines of the policy tests were judged otherwise: nothing was built/);
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect((await readFile(bundle)).equals(before)).toBe(true);
    await rm(join(dir, 'home/policy-tests/postgres/wrong.yaml'));
  });

  test('leaves a key whose masks can be computed by hand, and under its older versions once it is rotated', async () => {
    const env = { DB_PASSWORD: 'x' };
    const mask = (...more: string[]) =>
      sallyport(['mask', '-c', 'home/sallyport.yaml', '--label', 'pii.ssn', ...more], {
        env,
        input: '078-05-1120\n219-09-9999\n',
      });
    const whichKey = async (method: string, input: string) =>
      (
        await sallyport(
          ['mask', '-c', 'home/sallyport.yaml', '--label', 'pii.ssn', '--method', method, '--which-key'],
          { env, input },
        )
      ).out;
    const first = await mask('--method', 'hash');
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(first.out).toMatch(/^01[0-9a-f]{24}\n01[0-9a-f]{24}\n$/);
    const tokens = await mask('--method', 'tokenize');
    expect(tokens.out).toMatch(/^\d{3}-\d\d-\d{4}\n\d{3}-\d\d-\d{4}\n$/);
    expect((await mask('--method', 'hash', '--shape', 'date')).out).toBe('\\N\n\\N\n');

    const file = join(dir, 'home/sallyport.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(join(dir, 'home/keys/masking-2.key'), `${'ab'.repeat(32)}\n`, { mode: 0o600 });
    const keys =
      'keys: [{ version: 1, key: { file: keys/masking.key } }, { version: 2, key: { file: keys/masking-2.key } }]';
    await writeFile(file, text.replace('key: { file: keys/masking.key }', keys));
    expect((await mask('--method', 'hash')).out).toMatch(/^02[0-9a-f]{24}\n/);
    expect((await mask('--method', 'hash', '--key-version', '1')).out).toBe(first.out);
    const tokensNow = await mask('--method', 'tokenize');
    expect(await whichKey('hash', first.out)).toBe('1\n1\n');
    expect(await whichKey('tokenize', tokens.out + tokensNow.out)).toBe('1\n1\n2\n2\n');
    expect(await whichKey('tokenize', '1234\n')).toBe('1 2\n');
    expect(await whichKey('hash', `03${'0'.repeat(24)}\n`)).toBe('none\n');
    expect(await mask('--method', 'hash', '--key-version', '3')).toMatchObject({ code: 1, out: '' });
    await writeFile(file, text);
  });

  test('leaves an encrypted store that takes secrets and never shows them', async () => {
    const env = { DB_PASSWORD: 'x' };
    const config = ['-c', 'home/sallyport.yaml'];
    expect(await sallyport(['credentials', 'set', 'shop/app', ...config], { input: 'hunter2\n', env })).toMatchObject({
      code: 0,
      out: '',
    });
    const list = await sallyport(['credentials', 'list', ...config], { env });
    expect(list.out).toMatch(/^NAME +VERSION +SET AT\nshop\/app +1 +20/);
    expect(await readFile(join(dir, 'home/credentials.json'), 'utf8')).not.toContain('hunter2');
    expect((await sallyport(['credentials', 'remove', 'shop/app', ...config], { env })).code).toBe(0);
    expect((await sallyport(['credentials', 'remove', 'shop/app', ...config], { env })).code).toBe(1);
  });
});

test('every mistake in a configuration is told, for people and as JSON', async () => {
  await writeFile(join(dir, 'wrong.yaml'), 'listn: {}\ntargets: []\n');
  const people = await sallyport(['config', 'check', '-c', 'wrong.yaml']);
  expect(people.code).toBe(2);
  expect(people.err).toContain('wrong.yaml:1:1: listn: unknown key listn; did you mean listen?');
  expect(people.err).toContain('wrong.yaml:2:10: targets: expected at least one entry');
  const json = await sallyport(['config', 'check', '-c', 'wrong.yaml', '--json']);
  expect(json.code).toBe(2);
  expect(JSON.parse(json.out)).toMatchObject({ ok: false });
});

test('a person logs in by the device flow, and the token is then there for every command', async () => {
  await using idp = await startIdp({ principals: [{ name: 'ana', kind: 'human', groups: ['readers'] }] });
  let walked: Promise<string> | undefined;
  const login = await sallyport(['login', '--issuer', idp.issuer, '--client-id', idp.clientId, '--scope', idp.scope], {
    onErr: (text) => {
      const url = /Open (\S+)/.exec(text)?.[1];
      if (url !== undefined) walked ??= logInByDevice(url, 'ana');
    },
  });
  expect(login.err).toContain('Logged in.');
  expect(await walked).toBe('Logged in');
  const token = await sallyport(['token']);
  const claims: unknown = JSON.parse(Buffer.from(token.out.split('.')[1] ?? '', 'base64url').toString());
  expect(claims).toMatchObject({ sub: 'ana', aud: 'sallyport' });
  await sallyport(['logout']);
  expect((await sallyport(['token'])).code).toBe(4);
});

test('audit verify passes a whole log, and fails when a bit of it is flipped', async () => {
  const log = join(dir, 'log');
  const { privateKey } = generateKeyPairSync('ed25519');
  const verifierKey = await (async () => {
    await using audit = await openAuditLog({
      dir: log,
      key: privateKey,
      origin: 'test/log',
      onFailure: (e) => expect(e).toBeUndefined(),
    });
    const event = {
      identity: 'ana',
      session: '',
      request: '',
      target: 'crm',
      command: '',
      revision: '',
      findings: [],
      detail: {},
    };
    await audit.append(
      { ...event, type: 'admin', time: new Date().toISOString(), action: 'x', effect: 'ok' },
      'flushed',
    );
    return audit.verifierKey;
  })();
  await writeFile(join(dir, 'log.pub'), verifierKey);
  const args = ['audit', 'verify', '--dir', 'log', '--key', 'log.pub'];
  const whole = await sallyport(args);
  expect(whole.out).toMatch(/^verified: test\/log, 1 entries/);
  expect(whole.code).toBe(0);

  const checkpoint = await readFile(join(log, 'checkpoint'));
  checkpoint[10] = (checkpoint[10] ?? 0) ^ 1;
  await writeFile(join(log, 'checkpoint'), checkpoint);
  const broken = await sallyport(args);
  expect(broken.out).toContain('NOT VERIFIED');
  expect(broken.code).toBe(1);
});
