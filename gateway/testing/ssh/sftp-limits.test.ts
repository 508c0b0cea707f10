import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requestTypes as types, statuses } from '../../protocols/ssh/sftp/wire.ts';
import { noSshd, sshdPath } from '../sshd.ts';
import { entriesOf, newestOf } from './auditor.ts';
import { approve, holdsIn, shownHold } from './holds.ts';
import { connectRawSftp, none, openBits, type RawSftp } from './raw-sftp.ts';
import { startSshRig, type SshRig } from './rig.ts';

/** Rules of these tests, on top of the default pack. */
const rules = `package rules.ssh

approve contains {
	"id": "T-500", "msg": "somebody has to know",
	"groups": ["approvers"], "quorum": 1, "ttl_s": 600, "scope": "once",
} if {
	contains(input.command.file.path, "/held")
}
`;

describe.skipIf(sshdPath === undefined)(
  sshdPath === undefined ? `limits of sftp (skipped: ${noSshd})` : 'limits of sftp',
  () => {
    let world: SshRig;
    const clients: ssh2.Client[] = [];
    beforeAll(async () => {
      const sftp = { handles: 3, requests: 4, path_bytes: 200, packet_bytes: 34_000 };
      world = await startSshRig({ rules, listen: { sftp } });
    }, 180_000);
    afterAll(async () => {
      for (const client of clients) client.end();
      await world[Symbol.asyncDispose]();
    });

    const connect = async (principal = 'olga'): Promise<RawSftp> => {
      const sftp = await connectRawSftp(world, principal);
      clients.push(sftp.client);
      return sftp;
    };
    const file = async (name: string, text: string) => {
      await writeFile(join(world.dir, name), text);
      return join(world.dir, name);
    };

    test('what nobody knows is refused, and the channel goes on', async () => {
      const sftp = await connect();
      const path = await file('known', 'x');
      for (const id of [sftp.send(77), sftp.send(types.extended, 'shell@example.com', 'rm')])
        expect((await sftp.status(id))[0]).toBe(statuses.unsupported);
      expect(await sftp.ask(types.remove, `${path}\0.txt`)).toEqual([statuses.badMessage, 'a path with a NUL in it']);
      expect(existsSync(path)).toBe(true);
      expect((await sftp.ask(types.remove, path))[0]).toBe(statuses.ok);
      expect(existsSync(path)).toBe(false);
    });

    test('a handle that was not given out is no way to a file, and neither is one that was opened for something else', async () => {
      const sftp = await connect();
      const [read, other] = [await file('read', 'content'), await file('other', 'content')];
      const reads = await sftp.open(read, openBits.read);
      const writes = await sftp.open(other, openBits.write);
      // What the host itself gives out.
      for (const handle of [Buffer.alloc(4), Buffer.from([0, 0, 0, 1]), Buffer.from('99')])
        expect(await sftp.ask(types.read, handle, 0n, 10)).toEqual([statuses.failure, 'no handle that was given out']);
      expect((await sftp.ask(types.write, reads, 0n, 'changed'))[0]).toBe(statuses.failure);
      expect((await sftp.ask(types.read, writes, 0n, 10))[0]).toBe(statuses.failure);
      expect((await sftp.ask(types.readdir, reads))[0]).toBe(statuses.failure);
      expect((await sftp.ask(types.close, reads))[0]).toBe(statuses.ok);
      expect((await sftp.ask(types.read, reads, 0n, 10))[0]).toBe(statuses.failure);
      expect(await readFile(read, 'utf8')).toBe('content');
    });

    test('one open file over the limit is an error, until another is closed', async () => {
      const sftp = await connect();
      const path = await file('many', 'x');
      const handles = [await sftp.open(path, openBits.read), await sftp.open(path, openBits.read)];
      const directory = await sftp.answer(sftp.send(types.opendir, world.dir));
      expect(directory[4]).toBe(102);
      expect(await sftp.ask(types.open, path, openBits.read, none)).toEqual([
        statuses.failure,
        'more than 3 open files',
      ]);
      expect((await sftp.ask(types.close, handles[0] ?? ''))[0]).toBe(statuses.ok);
      await sftp.open(path, openBits.read);
    });

    test('a path over the limit is an error', async () => {
      const sftp = await connect();
      const long = '/'.padEnd(201, 'a');
      expect(await sftp.ask(types.stat, long)).toEqual([
        statuses.failure,
        'a path of 201 bytes, and at most 200 are read',
      ]);
      expect((await sftp.ask(types.stat, long.slice(1)))[0]).toBe(statuses.noSuchFile);
    });

    test('a packet over the limit ends the channel with a reason, and no other one', async () => {
      const [sftp, other] = [await connect(), await connect()];
      const closed = once(sftp.channel, 'close');
      sftp.channel.write(Buffer.from([0, 0, 0x84, 0xd1]));
      await closed;
      expect(sftp.err).toBe('sallyport: an sftp packet of 34001 bytes, and at most 34000 are read\n');
      expect((await other.ask(types.stat, '/nowhere'))[0]).toBe(statuses.noSuchFile);
    });

    test('past the requests that may wait the client is not read, and goes on when they have their answers', async () => {
      const sftp = await connect();
      const held = Array.from({ length: 4 }, (_, i) => sftp.send(types.mkdir, join(world.dir, `held-${i}`), none));
      // A request that would be answered at once.
      const behind = sftp.send(types.extended, 'nobody@example.com');
      while (holdsIn(sftp.err).length < 4) await sleep(20);
      // The gateway has read it by now, if it ever will: it has answered what came later on another channel.
      const other = await connect();
      expect((await other.ask(types.extended, 'nobody@example.com'))[0]).toBe(statuses.unsupported);
      expect(sftp.has(behind)).toBe(false);
      for (const hold of holdsIn(sftp.err)) await approve(world, await shownHold(world, hold));
      for (const id of held) expect((await sftp.status(id))[0]).toBe(statuses.ok);
      expect((await sftp.status(behind))[0]).toBe(statuses.unsupported);
    });

    test('what is sent in one go is done in order', async () => {
      const sftp = await connect();
      const [made, moved] = [join(world.dir, 'made'), join(world.dir, 'moved')];
      const ids = [
        sftp.send(types.mkdir, made, none),
        sftp.send(types.open, join(made, 'file'), openBits.write | openBits.create, none),
        sftp.send(types.rename, made, moved),
        sftp.send(types.stat, join(moved, 'file')),
        sftp.send(types.stat, join(made, 'file')),
      ];
      const answers = await Promise.all(ids.map((id) => sftp.answer(id)));
      expect(answers.map((packet) => packet[4])).toEqual([101, 102, 101, 105, 101]);
    });

    test('a session in which a file is open tells of it when the client hangs up', async () => {
      const sftp = await connect('ana');
      const path = await file('left', 'left open');
      const handle = await sftp.open(path, openBits.read);
      expect((await sftp.answer(sftp.send(types.read, handle, 0n, 4)))[4]).toBe(103);
      sftp.client.end();
      const entries = async () => {
        return entriesOf(world, await newestOf(world, 'ana'), { type: 'file.content' });
      };
      while ((await entries()).length === 0) await sleep(20);
      const [entry] = await entries();
      expect(entry).toMatchObject({
        command: `open read ${path}`,
        detail: { contents: [{ direction: 'out', bytes: 4 }] },
      });
    });
  },
);
