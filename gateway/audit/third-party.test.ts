import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openAuditLog } from './log.ts';

/**
 * Others' code: `tlogverify` is Go's own x/mod/sumdb, `fsck` is Tessera's. They are looked for where SALLYPORT_TLOG_VERIFIERS says,
 * or in the cache of the scripts.
 */
const bin = process.env['SALLYPORT_TLOG_VERIFIERS'] ?? join(homedir(), '.cache/sallyport/tlog-verifiers');
const isBuilt = ['tlogverify', 'fsck'].every((name) => existsSync(join(bin, name)));
if (!isBuilt) console.warn(`skipped: no third-party log verifiers in ${bin}`);

describe.skipIf(!isBuilt)('verifiers that are not ours', () => {
  let root: string;
  let dir: string;
  let keyFile: string;
  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'third-party-'));
    dir = join(root, 'log');
    keyFile = join(root, 'key');
    const { privateKey } = generateKeyPairSync('ed25519');
    await using log = await openAuditLog({
      dir,
      key: privateKey,
      origin: 'gateway.example/audit',
      thread: false,
      indexPath: null,
    });
    writeFileSync(keyFile, log.verifierKey);
    for (let index = 0; index < 70_000; index++) {
      const event = {
        type: 'decision',
        time: '2026-11-21T09:00:00.000Z',
        identity: 'ana',
        session: 's',
        request: `r${index}`,
        target: 'crm',
      } as const;
      const rest = {
        action: 'read',
        effect: 'allow' as const,
        command: 'SELECT 1',
        revision: 'r',
        findings: [],
        detail: {},
      };
      void log.append({ ...event, ...rest }, 'written');
      if (index !== 300) continue;
      await log.integrate();
      cpSync(join(dir, 'checkpoint'), join(root, 'older'));
    }
  });
  afterAll(() => rmSync(root, { recursive: true }));

  const tlogverify = () =>
    spawnSync(join(bin, 'tlogverify'), ['-key', readFileSync(keyFile, 'utf8'), '-old', join(root, 'older'), dir], {
      encoding: 'utf8',
    });
  // fsck exits with 0 whatever it finds, and never ends with one worker: its line of success is what counts.
  const fsck = () =>
    spawnSync(join(bin, 'fsck'), [`--storage_url=file://${dir}/`, `--public_key=${keyFile}`, '--ui=false', '-N', '2'], {
      encoding: 'utf8',
      timeout: 100_000,
      maxBuffer: 1 << 26,
    });

  test('find the log whole, and a continuation of an older checkpoint', () => {
    const { status, stdout, stderr } = tlogverify();
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('append-only: 301 -> 70000');
    const checked = fsck();
    expect(checked.stdout + checked.stderr).toContain("Successfully fsck'd");
  });

  test('find an entry that was changed', () => {
    const bundle = join(dir, 'tile/entries/010');
    const bytes = readFileSync(bundle);
    bytes.writeUInt8((bytes[40] ?? 0) ^ 1, 40);
    writeFileSync(bundle, bytes);
    expect(tlogverify().status).not.toBe(0);
    const checked = fsck();
    expect(checked.stdout + checked.stderr).not.toContain("Successfully fsck'd");
  });
});
