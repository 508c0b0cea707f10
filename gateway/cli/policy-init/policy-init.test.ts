import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { delimiter, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { root, temporaryFolder } from '../../policy/fixtures.ts';
import { namedSources } from '../policy-sources.ts';
import { version } from '../../composition/version.ts';
import { writeRepository } from './write.ts';

let home: Awaited<ReturnType<typeof temporaryFolder>>;
/** As `policy init` left it: tests change copies. */
let fresh: string;

beforeAll(async () => {
  home = await temporaryFolder();
  fresh = join(home.path, 'fresh');
  const command = `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'gateway/cli/main.ts')}' "$@"\n`;
  // Sallyport's own repository, as far as CI wants it: a tag, and the command in scripts/.
  await mkdir(join(home.path, 'sallyport.git/scripts'), { recursive: true });
  await writeFile(join(home.path, 'sallyport.git/scripts/sallyport'), command, { mode: 0o755 });
  await mkdir(join(home.path, 'bin'));
  await writeFile(join(home.path, 'bin/sallyport'), command, { mode: 0o755 });
  const made = await shell(
    home.path,
    `cd sallyport.git && ${git('init --quiet')} && ${git('add .')} && ${git('commit --quiet -m one')} && ${git(`tag v${version()}`)}`,
  );
  expect(made).toMatchObject({ code: 0 });
  expect(await shell(home.path, 'sallyport policy init fresh')).toMatchObject({ code: 0, err: '' });
});
afterAll(() => home[Symbol.asyncDispose]());

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** With `sallyport` first on PATH, and nobody's settings of git. */
function shell(cwd: string, script: string, env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const path = [join(home.path, 'bin'), process.env['PATH']].join(delimiter);
  const isolated = {
    HOME: home.path,
    XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'] ?? join(process.env['HOME'] ?? '', '.cache'),
  };
  const all = { ...process.env, ...isolated, PATH: path, GIT_CONFIG_NOSYSTEM: '1', ...env };
  return new Promise((done) => {
    // Node's pipes are sockets, and by them bash takes itself for one that rshd started: then it reads bashrc.
    const child = execFile(
      'bash',
      ['--norc', '-euo', 'pipefail', '-c', script],
      { cwd, env: all },
      (_error, out, err) => done({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

function git(command: string): string {
  return `git -c user.name=t -c user.email=t@example.com -c init.defaultBranch=main ${command}`;
}

async function copied(name: string): Promise<string> {
  const dir = join(home.path, name);
  await cp(fresh, dir, { recursive: true });
  return dir;
}

async function change(file: string, before: string, after: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  expect(text).toContain(before);
  await writeFile(file, text.replace(before, after));
}

const workflow = z.object({
  jobs: z.record(z.string(), z.object({ steps: z.array(z.object({ run: z.string().optional() })) })),
});

describe('a new repository', () => {
  test('passes its own CI as it is: checked, tested, built, signed and verified', async () => {
    const dir = await copied('ci');
    const file = parse(await readFile(join(dir, '.github/workflows/policy.yml'), 'utf8')) as unknown; // read below
    const { jobs } = workflow.parse(file);
    expect(Object.keys(jobs)).toEqual(['test', 'bundle']);
    const env = {
      SALLYPORT_GIT: `file://${join(home.path, 'sallyport.git')}`,
      GITHUB_PATH: join(home.path, 'github-path'),
      GITHUB_SHA: '0123456789abcdef',
      RUNNER_TEMP: home.path,
      BUNDLE_KEY: await readFile(join(dir, 'keys/main.key'), 'utf8'),
    };
    await rm(join(dir, 'keys'), { recursive: true }); // never in git
    const said: string[] = [];
    for (const { run } of Object.values(jobs).flatMap(({ steps }) => steps)) {
      if (run === undefined) continue;
      const ran = await shell(dir, `PATH="$(cat "$GITHUB_PATH" 2>/dev/null || true):$PATH"\n${run}`, env);
      expect({ run, ...ran }).toMatchObject({ code: 0 });
      said.push(ran.out);
    }
    expect(said.join('')).toMatch(/nothing wrong[^]*12 passed[^]*revision 0123456789abcdef, signed by main/);
    expect(await readFile(env.GITHUB_PATH, 'utf8')).toContain(`${dir}/.sallyport/${version()}/.bin`);

    const { out } = await shell(dir, 'sallyport policy inspect dist/main.tar.gz --json');
    const { metadata } = z.object({ metadata: z.object({ packs: z.array(z.unknown()) }) }).parse(JSON.parse(out));
    const digest: unknown = expect.stringMatching(/^[0-9a-f]{64}$/);
    const names = ['library', 'postgres', 'ssh', 'session', 'admin', 'labels'];
    expect(metadata.packs).toEqual(names.map((name) => ({ name, version: version(), digest })));
  });

  test('has the same steps for GitLab', async () => {
    const github = await readFile(join(fresh, '.github/workflows/policy.yml'), 'utf8');
    const gitlab = await readFile(join(fresh, '.gitlab-ci.yml'), 'utf8');
    expect(() => parse(gitlab) as unknown).not.toThrow();
    const commands = (text: string) => [...text.matchAll(/sallyport policy (\w+)/g)].map(([, name]) => name);
    expect(commands(gitlab)).toEqual(commands(github));
  });

  test('keeps the key that signs from git and from others', async () => {
    expect((await stat(join(fresh, 'keys/main.key'))).mode & 0o777).toBe(0o600);
    const ran = await shell(
      await copied('ignored'),
      `${git('init --quiet')} && git add . && git ls-files && git status --short --ignored`,
    );
    expect(ran.out).toContain('bundles/main.pub');
    expect(ran.out).not.toMatch(/^(A +)?keys/m);
    expect(ran.out).toContain('!! keys/');
  });

  test('lets its hook refuse a commit with a policy that is wrong', async () => {
    const dir = await copied('hook');
    const begin = `${git('init --quiet')} && git config core.hooksPath .githooks && git add . && ${git('commit --quiet --no-verify -m one')}`;
    expect(await shell(dir, begin)).toMatchObject({ code: 0 });
    await change(join(dir, 'policies/rules/postgres/ours.rego'), 'command.kind', 'command.knid');
    const ran = await shell(dir, `${git('commit --quiet -am two')}`);
    expect(ran.code).not.toBe(0);
    expect(ran.err).toContain('policies/rules/postgres/ours.rego:'); // git prints what a hook says there
    // What is no policy is not held up.
    const other = 'git stash --quiet && echo more >> README.md && ' + git('commit --quiet -am three');
    expect(await shell(dir, other)).toMatchObject({ code: 0, out: '' });
  });

  test('has a JSON Schema for each kind of its YAML', async () => {
    const settings = z
      .object({ 'yaml.schemas': z.record(z.string(), z.array(z.string())) })
      .parse(JSON.parse(await readFile(join(fresh, '.vscode/settings.json'), 'utf8')));
    for (const file of Object.keys(settings['yaml.schemas'])) {
      const schema: unknown = JSON.parse(await readFile(join(fresh, file), 'utf8'));
      expect(schema).toMatchObject({ type: 'object' });
    }
    expect(await readdir(join(fresh, '.vscode/schemas'))).toHaveLength(4);
  });

  test('leaves no word of the template unfilled', async () => {
    const entries = await readdir(fresh, { recursive: true, withFileTypes: true });
    for (const entry of entries.filter((e) => e.isFile())) {
      const file = join(entry.parentPath, entry.name);
      expect(`${file}\n${await readFile(file, 'utf8')}`).not.toMatch(/__[A-Z]+__|\.template$/m);
    }
    expect(entries.length).toBeGreaterThan(25);
  });
});

describe('policy init', () => {
  test('does not write into a directory with something in it', async () => {
    const ran = await shell(home.path, 'sallyport policy init fresh');
    expect(ran).toMatchObject({ code: 1, err: expect.stringContaining('fresh is not empty') as string });
  });

  test('writes beside what is there when told to, over nothing, and with the key that is there', async () => {
    const dir = await copied('again');
    await rm(join(dir, '.gitlab-ci.yml'));
    await rm(join(dir, 'bundles/main.pub'));
    await writeFile(join(dir, 'README.md'), 'ours\n');
    const ran = await shell(home.path, 'sallyport policy init again --force --json');
    const { files, kept } = z
      .object({ files: z.array(z.string()), kept: z.array(z.string()) })
      .parse(JSON.parse(ran.out));
    expect(files).toEqual(['.gitlab-ci.yml', 'bundles/main.pub']);
    expect(kept).toContain('README.md');
    expect(await readFile(join(dir, 'README.md'), 'utf8')).toBe('ours\n');
    const key = (name: string) => readFile(join(name, 'bundles/main.pub'), 'utf8');
    expect(await key(dir)).toBe(await key(fresh));
  });

  test('takes a key that is there, of whatever kind, and copies only its public half', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    await writeFile(join(home.path, 'ours.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    expect(
      await shell(home.path, 'sallyport policy init keyed --key ours.key --key-id "2026: no 1" --target crm'),
    ).toMatchObject({
      code: 0,
    });
    const at = (name: string) => readFile(join(home.path, 'keyed', name), 'utf8');
    expect(parse(await at('bundles/main.yaml'))).toMatchObject({
      key: { id: '2026: no 1', algorithm: 'EdDSA', private: '../ours.key' },
    });
    expect(await at('bundles/main.pub')).toBe(publicKey.export({ type: 'spki', format: 'pem' }));
    expect(await at('policy-tests/fixtures/crm.yaml')).toContain('protocol: postgres');
    expect(await readdir(join(home.path, 'keyed'))).not.toContain('keys');
  });

  test.each([
    ['is none', 'fresh/README.md', 'not a PEM private key'],
    ['is not there', 'nowhere', 'cannot read'],
  ])('writes nothing with a key that %s', async (_what, key, said) => {
    const at = (name: string) => join(home.path, name);
    const wanted = { dir: at('x'), target: 'shop', keyFile: at(key), keyId: 'main', force: false };
    await expect(writeRepository(wanted)).rejects.toThrow(said);
    expect(await readdir(home.path)).not.toContain('x');
  });

  test('refuses a target that no gateway could have', async () => {
    const ran = await shell(home.path, 'sallyport policy init x --target "no name"');
    expect(ran).toMatchObject({ code: 2, err: expect.stringContaining('expected lower-case letters') as string });
  });
});

describe('a bundle definition', () => {
  const definition = (dir: string) => join(dir, 'bundles/main.yaml');

  test('names sources as somebody in the current directory would', async () => {
    const { sources } = await namedSources({ definition: definition(fresh) });
    const packs = sources.policies.map((folder) => (typeof folder === 'string' ? folder : folder.name));
    const own = relative('.', join(fresh, 'policies'));
    expect(packs).toEqual(['library', 'postgres', 'ssh', 'session', 'admin', 'labels', own]);
    expect(sources.tests).toEqual([relative('.', join(fresh, 'policy-tests'))]);
  });

  test.each([
    ['for another version', `sallyport: ${version()}`, 'sallyport: 99.0.0', 1, 'is for Sallyport 99.0.0, and this is'],
    ['with a pack that nobody ships', 'postgres, ssh', 'postgers, ssh', 2, 'main.yaml:7:9: packs.0'],
    ['with a field that nobody knows', 'expires_days', 'expires_hours', 2, 'main.yaml:21:'],
    ['of directories that are not there', '[policies]', '[polices]', 2, 'there is no directory '],
  ])('%s stops the command', async (what, before, after, exitCode, said) => {
    const dir = await copied(what.replaceAll(' ', '-'));
    await change(definition(dir), before, after);
    const stopped = namedSources({ definition: definition(dir) });
    await expect(stopped).rejects.toMatchObject({ exitCode, message: expect.stringContaining(said) as string });
  });

  test('has to be chosen where there are several', async () => {
    const dir = await copied('several');
    await cp(definition(dir), join(dir, 'bundles/second.yaml'));
    const ran = await shell(dir, 'sallyport policy check --no-regal');
    expect(ran).toMatchObject({ code: 2 });
    expect(ran.err).toContain('bundles/main.yaml, bundles/second.yaml');
  });

  test('is not asked where policies are named', async () => {
    const dir = await copied('named');
    await writeFile(definition(dir), 'nothing: of use\n');
    const ran = await shell(dir, `sallyport policy verify nowhere.tar.gz --key main=bundles/main.pub`);
    expect(ran.err).toContain('cannot read nowhere.tar.gz');
    const { sources } = await namedSources({ policies: [join(dir, 'policies')] });
    expect(sources.policies).toEqual([join(dir, 'policies')]);
  });

  test('without a private key wants one to be named', async () => {
    const dir = await copied('keyless');
    await rm(join(dir, 'keys'), { recursive: true });
    const ran = await shell(dir, 'sallyport policy build');
    expect(ran).toMatchObject({ code: 2, err: expect.stringContaining('--key FILE') as string });
  });
});
