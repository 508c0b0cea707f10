import { createHash, randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRecordingProxy } from '../conformance/recording-proxy.ts';
import { requestTypes as types, statuses } from '../../protocols/ssh/sftp/wire.ts';
import { noSshd, sshdPath, startSshd, type TestSshd } from '../sshd.ts';
import { openFront } from './front.ts';
import { loginRawSftp, openBits as flags, type RawSftp } from './raw-sftp.ts';
import type { Ran } from './rig.ts';

const sum = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const pieceBytes = 30_000;

describe.skipIf(sshdPath === undefined)(
  sshdPath === undefined ? `sftp on bad days (skipped: ${noSshd})` : 'sftp on bad days',
  () => {
    let sshd: TestSshd;
    let dir: string;
    beforeAll(async () => {
      dir = await mkdtemp(join(tmpdir(), 'sallyport-bad-days-'));
      sshd = await startSshd();
    });
    afterAll(async () => {
      await sshd[Symbol.asyncDispose]();
      await rm(dir, { recursive: true, force: true });
    });

    /** A gateway of its own in front of the host, and the wire between them. */
    async function opened() {
      await using opening = new AsyncDisposableStack();
      const proxy = opening.use(await openRecordingProxy(sshd.port));
      const front = opening.use(await openFront({ ...sshd, port: proxy.port }));
      const { world } = front;
      const stack = opening.move();
      return {
        ...{ proxy, front, world },
        sftp: () => loginRawSftp(front.listener.port, front.userKey),
        /** What the log says of this file's content, once it says so. */
        async contents(path: string) {
          for (;;) {
            const event = world.audit.find(({ type, command }) => type === 'file.content' && command.includes(path));
            if (event) return event.detail;
            await sleep(10);
          }
        },
        [Symbol.asyncDispose]: () => stack.disposeAsync(),
      };
    }
    const write = (sftp: RawSftp, handle: Buffer, i: number, bytes: Buffer) =>
      sftp.send(types.write, handle, BigInt(i * pieceBytes), bytes);
    const created = (sftp: RawSftp, path: string) => sftp.open(path, flags.write | flags.create);

    test('of what a client asks for and does not read the host is asked for little, others are unharmed, and nothing is lost', async () => {
      await using day = await opened();
      const [path, asked, pieces] = [join(dir, 'large'), 200_000, 400];
      const content = randomBytes(asked * pieces);
      writeFileSync(path, content);
      const slow = await day.sftp();
      const handle = await slow.open(path, flags.read);
      slow.channel.pause();
      const ids = Array.from({ length: pieces }, (_, i) => slow.send(types.read, handle, BigInt(i * asked), asked));
      // Until nothing moves any more. A gateway that reads on moves until all of it has passed.
      for (let before = -1; before !== day.proxy.sentBytes || before < 1_000_000;) {
        before = day.proxy.sentBytes;
        await sleep(300);
      }
      // Two windows of 2 MiB, the client's and the gateway's own, and what lies in sockets.
      expect(day.proxy.sentBytes).toBeLessThan(16_000_000);
      const other = await day.sftp();
      const others = await other.open(path, flags.read);
      const [first] = [await other.answer(other.send(types.read, others, 0n, asked))];
      expect(first.subarray(13).equals(content.subarray(0, asked))).toBe(true);
      slow.channel.resume();
      const answers = await Promise.all(ids.map((id) => slow.answer(id)));
      expect(sum(Buffer.concat(answers.map((packet) => packet.subarray(13))))).toBe(sum(content));
      for (const { client } of [slow, other]) client.end();
    });

    test('when the recorder fails in the middle of an upload nothing more is written, the client is told why, and the log has what was', async () => {
      await using day = await opened();
      const path = join(dir, 'unrecorded');
      const sftp = await day.sftp();
      const handle = await created(sftp, path);
      const piece = randomBytes(pieceBytes);
      expect((await sftp.status(write(sftp, handle, 0, piece)))[0]).toBe(statuses.ok);
      day.world.failing = 'results';
      for (const i of [1, 2]) {
        const [status, text] = await sftp.status(write(sftp, handle, i, randomBytes(pieceBytes)));
        expect(status).toBe(statuses.permissionDenied);
        expect(text).toContain('result withheld: no space left on device');
      }
      await sftp.ask(types.close, handle);
      expect(sftp.err).toContain('sallyport: result withheld');
      expect(readFileSync(path).equals(piece)).toBe(true);
      expect(await day.contents(path)).toEqual({
        contents: [{ direction: 'in', offset: 0, bytes: piece.length, sha256: sum(piece), scattered: false }],
      });
      sftp.client.end();
    });

    test('where the recorder works again when the file is closed, the recording has what was written too, and no success', async () => {
      await using day = await opened();
      const path = join(dir, 'recovered');
      const sftp = await day.sftp();
      const handle = await created(sftp, path);
      const piece = randomBytes(pieceBytes);
      await sftp.status(write(sftp, handle, 0, piece));
      day.world.failing = 'results';
      expect((await sftp.status(write(sftp, handle, 1, randomBytes(pieceBytes))))[0]).toBe(statuses.permissionDenied);
      day.world.failing = 'nothing';
      // What was broken off stays so.
      expect((await sftp.status(write(sftp, handle, 1, piece)))[0]).toBe(statuses.permissionDenied);
      await sftp.ask(types.close, handle);
      expect(readFileSync(path).equals(piece)).toBe(true);
      const [{ outcome, contents } = {}] = day.world.ended.filter((end) => end.contents.length > 0);
      expect(outcome).toMatchObject({ ok: false, code: 'not_recorded' });
      expect(contents).toEqual([
        { direction: 'in', offset: 0, bytes: piece.length, sha256: sum(piece), scattered: false },
      ]);
      sftp.client.end();
    });

    test('when only the end of an upload cannot be recorded, the close says so', async () => {
      await using day = await opened();
      const path = join(dir, 'without-end');
      const sftp = await day.sftp();
      const handle = await created(sftp, path);
      const piece = randomBytes(pieceBytes);
      await sftp.status(write(sftp, handle, 0, piece));
      day.world.failing = 'results';
      const [status, text] = await sftp.ask(types.close, handle);
      expect(status).toBe(statuses.permissionDenied);
      expect(text).toContain('result withheld');
      expect(await day.contents(path)).toMatchObject({ contents: [{ bytes: piece.length, sha256: sum(piece) }] });
      sftp.client.end();
    });

    test('when the recorder fails in the middle of a download the client has no byte more', async () => {
      await using day = await opened();
      const path = join(dir, 'unrecorded-out');
      const content = randomBytes(2 * pieceBytes);
      writeFileSync(path, content);
      const sftp = await day.sftp();
      const handle = await sftp.open(path, flags.read);
      expect((await sftp.answer(sftp.send(types.read, handle, 0n, pieceBytes)))[4]).toBe(103);
      day.world.failing = 'results';
      const [status] = await sftp.ask(types.read, handle, BigInt(pieceBytes), pieceBytes);
      expect(status).toBe(statuses.permissionDenied);
      await sftp.ask(types.close, handle);
      expect(await day.contents(path)).toMatchObject({
        contents: [{ direction: 'out', bytes: pieceBytes, sha256: sum(content.subarray(0, pieceBytes)) }],
      });
      sftp.client.end();
    });

    test('when the client vanishes in the middle of an upload the log has what was written, and nothing is left open', async () => {
      await using day = await opened();
      const path = join(dir, 'vanished');
      const sftp = await day.sftp();
      const handle = await created(sftp, path);
      const bytes = randomBytes(2 * pieceBytes);
      for (const i of [0, 1])
        await sftp.status(write(sftp, handle, i, bytes.subarray(i * pieceBytes, (i + 1) * pieceBytes)));
      sftp.client.destroy();
      expect(await day.contents(path)).toEqual({
        contents: [{ direction: 'in', offset: 0, bytes: bytes.length, sha256: sum(bytes), scattered: false }],
      });
      expect(day.world.written()).toContain('the session ended before the file was closed');
      expect(readFileSync(path).equals(bytes)).toBe(true);
      await day.proxy.idle();
    });

    /** OpenSSH's own client. */
    async function scp(day: Awaited<ReturnType<typeof opened>>, from: string, to: string): Promise<Ran> {
      const key = join(dir, 'key');
      if (!existsSync(key)) writeFileSync(key, '', { mode: 0o600 });
      writeFileSync(key, day.front.userKey);
      const child = spawn('scp', [
        ...['-F', 'none', '-i', key, '-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes', '-o', 'LogLevel=ERROR'],
        ...['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'],
        ...['-P', String(day.front.listener.port), from, to],
      ]);
      let [out, err] = ['', ''];
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
      const [code] = (await once(child, 'close')) as [number | null]; // what `close` carries
      return { code, out, err };
    }
    const host = (path: string) => `web1@127.0.0.1:${path}`;

    test.each([['up'], ['down']] as const)(
      'when the host goes away in the middle of a copy %s, scp fails and says why, and nothing is told of as done',
      async (way) => {
        await using day = await opened();
        const [local, remote] = [join(dir, `local-${way}`), join(dir, `remote-${way}`)];
        const bytes = 300_000_000;
        writeFileSync(way === 'up' ? local : remote, Buffer.alloc(bytes, 'x'));
        const copied = scp(day, way === 'up' ? local : host(remote), way === 'up' ? host(remote) : local);
        const passed = () => (way === 'up' ? sizeOf(remote) : day.proxy.sentBytes);
        while (passed() < 2_000_000) await sleep(5);
        day.proxy.crash();
        const { code, err } = await copied;
        expect(code).not.toBe(0);
        expect(err).toContain('sallyport: connection to the target lost');
        const detail = await day.contents(remote);
        const [{ bytes: told }] = (detail as { readonly contents: readonly [{ readonly bytes: number }] }).contents; // the event's own form
        expect(told).toBeLessThan(bytes);
        // Of what was sent to the host, and not answered, nobody knows whether it was written.
        expect(told).toBeGreaterThanOrEqual(way === 'up' ? sizeOf(remote) : 1);
        expect(day.world.written()).toContain('the session ended before the file was closed');
        await rm(local, { force: true });
        await rm(remote, { force: true });
      },
    );
  },
);

function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0;
}
