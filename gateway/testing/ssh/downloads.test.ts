import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { link, mkdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type ssh2 from 'ssh2';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { requestTypes as types, statuses } from '../../protocols/ssh/sftp/wire.ts';
import { provided, runProgram } from '../clients/walk.ts';
import { openRecordingProxy, type RecordingProxy } from '../conformance/recording-proxy.ts';
import { freePort } from '../ports.ts';
import { noSshd, sshdPath, startSshd, type TestSshd } from '../sshd.ts';
import { entriesOf, newestOf, recordOf } from './auditor.ts';
import { approve, holdsIn, shownHold } from './holds.ts';
import { connectRawSftp, none, openBits, type RawSftp } from './raw-sftp.ts';
import { type Ran, run, startSshRig, type SshRig } from './rig.ts';

/** Rules of these tests, on top of the default pack. */
const rules = `package rules.ssh

mask contains {"id": "T-200", "msg": "cards are hidden", "label": "detector:card", "method": "redact"} if {
	input.command.file.operation == "open"
	some part in ["/masked", "/limited", "/held", "/proc/version", "/labelled", "/nulled"]
	contains(input.command.file.path, part)
}

mask contains {"id": "T-201", "msg": "tickets are hidden", "label": "pattern:(ACME-[0-9]+|Linux)", "method": "redact"} if {
	input.command.file.operation == "open"
	some part in ["/masked", "/proc/version"]
	contains(input.command.file.path, part)
}

mask contains {"id": "T-202", "msg": "no column", "label": "pii.ssn", "method": "redact"} if {
	contains(input.command.file.path, "/labelled")
}

mask contains {"id": "T-203", "msg": "nothing stays", "label": "detector:email", "method": "null"} if {
	contains(input.command.file.path, "/nulled")
}

mask contains {"id": "T-204", "msg": "lines are hidden", "label": "detector:card", "method": "redact"} if {
	input.command.transfer.tool in {"scp", "git"}
	some path in input.command.transfer.paths
	contains(path, "/masked")
}

mask contains {"id": "T-205", "msg": "tickets", "label": "pattern:ACME-[0-9]+", "method": "redact"} if {
	input.command.transfer.tool == "scp"
	some path in input.command.transfer.paths
	contains(path, "/masked-tickets")
}

limit contains {"id": "T-300", "msg": "a thousand bytes", "bytes": 1000} if {
	input.command.file.operation == "open"
	contains(input.command.file.path, "/limited")
}

approve contains {
	"id": "T-500", "msg": "somebody has to know",
	"groups": ["approvers"], "quorum": 1, "ttl_s": 600, "scope": "once",
} if {
	contains(input.command.file.path, "/held")
}
`;

const card = '4242 4242 4242 4242';
const token = `ghp_${'a1'.repeat(18)}`;
const stars = (text: string) => '*'.repeat(text.length);
const maxFile = 6_000_000;
const line = `${'ab'.repeat(29)}b\n`;

/** Five million bytes of lines, with a card number across every 32 KiB: whatever a client reads at once, some are cut. */
function large(): { readonly bytes: Buffer; readonly masked: Buffer; readonly cards: number } {
  const bytes = Buffer.alloc(5_000_000);
  for (let i = 0, word = 7; i < bytes.length; i++) {
    word = (word * 1_103_515_245 + 12_345) % 2_147_483_648;
    bytes[i] = i % 61 === 60 ? 10 : 97 + ((word >>> 16) % 26);
  }
  const masked = Buffer.from(bytes);
  let cards = 0;
  for (let at = 32_768; at < bytes.length - 100; at += 32_768, cards++) {
    const start = at - 1 - (cards % (card.length - 1));
    bytes.write(` ${card} `, start - 1, 'latin1');
    masked.write(` ${stars(card)} `, start - 1, 'latin1');
  }
  return { bytes, masked, cards };
}

describe.skipIf(sshdPath === undefined)(
  sshdPath === undefined ? `masked downloads (skipped: ${noSshd})` : 'masked downloads',
  () => {
    let world: SshRig;
    let sshd: TestSshd;
    let proxy: RecordingProxy;
    let home: string;
    const whole = large();
    const clients: ssh2.Client[] = [];
    beforeAll(async () => {
      const port = await freePort();
      sshd = await startSshd({ port });
      proxy = await openRecordingProxy(port);
      const sftp = { masked_file_bytes: maxFile, masked_bytes: 2 * maxFile, masked_total_bytes: 5 * maxFile };
      world = await startSshRig({
        rules,
        listen: { sftp },
        target: {
          ...{ port: proxy.port, host_keys: [sshd.hostKey] },
          logins: { [sshd.user]: { key: { file: sshd.keyFile } } },
        },
      });
      home = join(world.dir, 'home');
      for (const name of ['home', 'tree', 'tree/sub']) await mkdir(join(world.dir, name));
      await writeFile(join(home, 'masked'), whole.bytes);
    });
    afterEach(() => {
      for (const client of clients.splice(0)) client.end();
    });
    afterAll(async () => {
      await world[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
      await sshd[Symbol.asyncDispose]();
    });

    const local = (name: string) => join(world.dir, name);
    const at = (name: string) => `web1@127.0.0.1:${join(home, name)}`;
    const file = async (name: string, text: string | Buffer) => {
      await writeFile(join(home, name), text);
      return join(home, name);
    };
    const batch = async (who: string, ...lines: readonly string[]): Promise<Ran> =>
      run('sftp', [...world.options(await world.login(who)), '-b', '-', 'web1@127.0.0.1'], lines.join('\n'));
    const copy = async (who: string, ...args: readonly string[]): Promise<Ran> =>
      run('scp', [...world.options(await world.login(who)), ...args]);
    const connect = async (client?: ssh2.Client): Promise<RawSftp> => {
      const sftp = await connectRawSftp(world, 'olga', client);
      if (!client) clients.push(sftp.client);
      return sftp;
    };
    /** @returns the bytes of a DATA answer; undefined at the end of the file */
    const read = async (sftp: RawSftp, handle: Buffer, offset: number, length: number): Promise<Buffer | undefined> => {
      const packet = await sftp.answer(sftp.send(types.read, handle, BigInt(offset), length));
      if (packet[4] === 103) return packet.subarray(13);
      expect([packet[4], packet.readUInt32BE(9)]).toEqual([101, statuses.eof]);
      return undefined;
    };
    const same = async (path: string, expected: Buffer) => {
      const got = await readFile(path);
      expect(got.length).toBe(expected.length);
      expect(got.equals(expected)).toBe(true);
    };

    // --- by clients as they are -------------------------------------------------------------------------------------------------------

    test.each<[string, (to: string) => Promise<Ran>]>([
      ['sftp get', (to) => batch('olga', `get ${home}/masked ${to}`)],
      [
        'sftp with large pieces',
        async (to) =>
          run(
            'sftp',
            [...world.options(await world.login('olga')), '-B', '261120', '-R', '3', '-b', '-', 'web1@127.0.0.1'],
            `get ${home}/masked ${to}`,
          ),
      ],
      ['scp', (to) => copy('olga', '-s', at('masked'), to)],
      ['the scp of before', (to) => copy('olga', '-O', at('masked'), to)],
    ])('%s brings a file in which every card is hidden, wherever reads cut it', async (name, get) => {
      const to = local(`by-${name.replaceAll(' ', '-')}`);
      expect(await get(to)).toMatchObject({ code: 0, err: '' });
      await same(to, whole.masked);
    });

    test.each(['paramiko', 'asyncssh'])('%s brings the same', async (library) => {
      const python = await provided('python/venv.sh', 'ssh-requirements.txt');
      if ('missing' in python) throw new Error(python.missing);
      const to = local(`by-${library}`);
      const env = {
        SALLYPORT_PORT: String(world.port),
        SALLYPORT_KNOWN_HOSTS: world.knownHosts,
        SALLYPORT_OLGA: await world.login('olga'),
      };
      const script = join(import.meta.dirname, '../clients/python/sftp_get.py');
      const ran = await runProgram(python.path, [script, library, join(home, 'masked'), to], { env });
      expect(ran).toMatchObject({ code: 0, stderr: '' });
      await same(to, whole.masked);
    });

    test('a tree comes with its links and empty files, all of it masked', async () => {
      await mkdir(join(home, 'masked-tree/sub'), { recursive: true });
      await file('masked-tree/empty', '');
      await file('masked-tree/sub/cards', `${card}\nACME-17`);
      expect(await batch('olga', `get -r ${home}/masked-tree ${local('tree/got')}`)).toMatchObject({
        code: 0,
        err: '',
      });
      expect(await readFile(local('tree/got/empty'), 'utf8')).toBe('');
      expect(await readFile(local('tree/got/sub/cards'), 'utf8')).toBe(`${stars(card)}\n${stars('ACME-17')}`);
    });

    test('what goes on in the middle of a card shows none of it', async () => {
      const to = local('resumed');
      const cut = whole.bytes.indexOf(card) + 9;
      await writeFile(to, whole.masked.subarray(0, cut));
      expect(await batch('olga', `reget ${home}/masked ${to}`)).toMatchObject({ code: 0, err: '' });
      await same(to, whole.masked);
    });

    test('recording, replay and log say what left, masked, and how much of it was hidden', async () => {
      await batch('olga', `get ${home}/masked ${local('told')}`);
      const { lines, shown, entries } = await recordOf(world, 'olga');
      const sha256 = createHash('sha256').update(whole.masked).digest('hex');
      const hidden = { 'detector:card': whole.cards };
      const range = { direction: 'out', offset: 0, bytes: whole.masked.length, sha256, scattered: false };
      expect(entries.filter(({ type }) => type === 'file.content').map(({ detail }) => detail)).toEqual([
        { contents: [range], hidden },
      ]);
      expect(shown).toContain(`-- ${whole.masked.length} bytes read, from byte 0 on, SHA-256 ${sha256}\n`);
      expect(shown).toContain(`-- ${whole.cards} hidden by detector:card\n`);
      expect(lines.join('')).not.toContain(card);
    });

    test('agents see no keys in what they download: the default pack', async () => {
      await file('settings', `token=${token}\nport=22\n`);
      const to = local('settings');
      expect(await copy('ops-agent', at('settings'), to)).toMatchObject({ code: 0, err: '' });
      expect(await readFile(to, 'utf8')).toBe(`token=${stars(token)}\nport=22\n`);
      expect(await copy('ana', at('settings'), to)).toMatchObject({ code: 0, err: '' });
      expect(await readFile(to, 'utf8')).toContain(token);
    });

    test('a command line whose output is masked says in the recording how often', async () => {
      const path = await file('printed', `${token}\n${token}\n`);
      await world.ssh('ops-agent', ['web1@127.0.0.1', `cat ${path}`]);
      expect((await recordOf(world, 'ops-agent')).shown).toContain('-- 2 hidden by detector:token\n');
    });

    // --- the wire ---------------------------------------------------------------------------------------------------------------------

    test('reads at any place, in any order, are of one masked copy, and FSTAT tells its size', async () => {
      const sftp = await connect();
      const handle = await sftp.open(join(home, 'masked'), openBits.read);
      const first = whole.bytes.indexOf(card);
      const places = [first + 3, 0, 4_999_990, first, first + 18, 2_000_001, first + 3];
      const asked = places.map((place) => [place, sftp.send(types.read, handle, BigInt(place), 19)] as const);
      for (const [place, id] of asked)
        expect((await sftp.answer(id)).subarray(13)).toEqual(whole.masked.subarray(place, place + 19));
      expect(await read(sftp, handle, 5_000_000, 1)).toBeUndefined();
      expect(await read(sftp, handle, Number.MAX_SAFE_INTEGER, 1)).toBeUndefined();
      expect((await read(sftp, handle, 0, 4_000_000))?.length).toBe(262_144 - 1_024);
      const attrs = await sftp.answer(sftp.send(types.fstat, handle));
      expect([attrs[4], attrs.readBigUInt64BE(13)]).toEqual([105, 5_000_000n]);
      expect((await sftp.ask(types.close, handle))[0]).toBe(statuses.ok);
      expect((await sftp.ask(types.read, handle, 0n, 1))[0]).toBe(statuses.failure);
    });

    test('a file that changes when it is open is read as it was', async () => {
      const sftp = await connect();
      const path = await file('masked-log', `a ${card}\n`);
      const handle = await sftp.open(path, openBits.read);
      await writeFile(path, `another ${card} and more\n`);
      expect((await read(sftp, handle, 0, 100))?.toString()).toBe(`a ${stars(card)}\n`);
      const attrs = await sftp.answer(sftp.send(types.fstat, handle));
      expect(attrs.readBigUInt64BE(13)).toBe(22n);
      const again = await sftp.open(path, openBits.read);
      expect((await read(sftp, again, 0, 100))?.toString()).toBe(`another ${stars(card)} and more\n`);
    });

    test('what the host says is empty is read to its end', async () => {
      const sftp = await connect();
      const handle = await sftp.open('/proc/version', openBits.read);
      const [text, got] = [await readFile('/proc/version', 'latin1'), await read(sftp, handle, 0, 10_000)];
      expect(text).toContain('Linux');
      expect(got?.toString('latin1')).toBe(text.replaceAll('Linux', '*****'));
      const attrs = await sftp.answer(sftp.send(types.fstat, handle));
      expect(attrs.readBigUInt64BE(13)).toBe(BigInt(text.length));
    });

    test('a file over the limit is refused with a reason, and one of just that length is not', async () => {
      const path = await file('masked-long', Buffer.alloc(maxFile + 1, line));
      const sftp = await connect();
      const why = `policy masks what is read: of files masked copies are made, and a file of more than ${maxFile} bytes is not`;
      expect(await sftp.ask(types.open, path, openBits.read, none)).toEqual([statuses.failure, why]);
      expect(sftp.err).toBe(`sallyport: ${why}\n`);
      await writeFile(path, Buffer.alloc(maxFile, line));
      const handle = await sftp.open(path, openBits.read);
      expect((await read(sftp, handle, maxFile - 2, 9))?.toString()).toBe('b\n');
      expect(await copy('olga', at('masked-long'), local('long'))).toMatchObject({ code: 0 });
    });

    test('copies have room together, on all channels of a connection, until they are closed', async () => {
      const path = join(home, 'masked');
      const one = await connect();
      const other = await connect(one.client);
      const handles = [await one.open(path, openBits.read), await other.open(path, openBits.read)];
      const [status, text] = await other.ask(types.open, path, openBits.read, none);
      expect([status, text]).toEqual([statuses.failure, expect.stringContaining('there is no room for one more')]);
      expect((await one.ask(types.close, handles[0] ?? ''))[0]).toBe(statuses.ok);
      await other.open(path, openBits.read);
      // A channel that ends gives back what it had open.
      other.channel.close();
      await once(other.channel, 'close');
      const third = await connect(one.client);
      await third.open(path, openBits.read);
      await third.open(path, openBits.read);
    });

    test('copies have room together over all connections', async () => {
      const path = join(home, 'masked');
      const tryOpen = async () => {
        const sftp = await connect();
        return { sftp, answer: await sftp.answer(sftp.send(types.open, path, openBits.read, none)) };
      };
      let last = await tryOpen();
      for (let opened = 1; last.answer[4] === 102 && opened < 10; opened++) last = await tryOpen();
      expect(last.sftp.err).toContain('there is no room for one more');
      for (const client of clients) if (client !== last.sftp.client) client.end();
      // The gateway hears of it when it hears of it.
      const { sftp } = last;
      while ((await sftp.answer(sftp.send(types.open, path, openBits.read, none)))[4] !== 102) await sleep(20);
    });

    test('a client that does not read what it asked for is not sent more', async () => {
      const sftp = await connectRawSftp(world, 'ana');
      const handle = await sftp.open(join(home, 'masked'), openBits.read);
      sftp.channel.pause();
      const size = 200_000;
      for (let i = 0; i < 400; i++) sftp.send(types.read, handle, BigInt(size * (i % 20)), size);
      const other = await connect();
      expect((await other.ask(types.stat, '/nowhere'))[0]).toBe(statuses.noSuchFile);
      sftp.client.end();
      const sizes = async () =>
        (await entriesOf(world, await newestOf(world, 'ana')))
          .filter(({ type }) => type === 'file.content')
          .flatMap(({ detail }) =>
            [...JSON.stringify(detail).matchAll(/"bytes":(\d+)/g)].map(([, bytes]) => Number(bytes)),
          );
      while ((await sizes()).length === 0) await sleep(20);
      // The window of the channel and one socket’s worth; asked for were 80 million.
      expect((await sizes()).reduce((sum, bytes) => sum + bytes)).toBeLessThan(10_000_000);
    });

    test('a host that goes away in the middle is an error, and a client that does leaves nothing behind', async () => {
      const path = join(home, 'masked');
      const left = await connect();
      const frozen = proxy.freezeAt(proxy.sentBytes + 3_500_000);
      left.send(types.open, path, openBits.read, none);
      await frozen;
      left.channel.close();
      await once(left.channel, 'close');
      proxy.thaw();
      // As much as there is room for: what the other had taken is free again.
      const sftp = await connect(left.client);
      const handles = [await sftp.open(path, openBits.read), await sftp.open(path, openBits.read)];
      for (const handle of handles) expect((await sftp.ask(types.close, handle))[0]).toBe(statuses.ok);
      const again = proxy.freezeAt(proxy.sentBytes + 1_000_000);
      const asked = sftp.send(types.open, path, openBits.read, none);
      await again;
      const closed = once(sftp.channel, 'close');
      proxy.crash();
      await closed;
      proxy.thaw();
      expect(sftp.has(asked)).toBe(false);
      expect(sftp.err).toBe('sallyport: connection to the target lost\n');
    });

    test('a directory that is opened to be read is the host’s own error, and the channel goes on', async () => {
      await mkdir(join(home, 'masked-directory'));
      const sftp = await connect();
      const [status] = await sftp.ask(types.open, join(home, 'masked-directory'), openBits.read, none);
      expect(status).toBe(statuses.failure);
      const handle = await sftp.open(join(home, 'masked'), openBits.read);
      expect((await read(sftp, handle, 0, 3))?.length).toBe(3);
    });

    test('what an approval released leaves masked too', async () => {
      const path = await file('held', `a ${card}\n`);
      const sftp = await connect();
      const asked = sftp.send(types.open, path, openBits.read, none);
      while (holdsIn(sftp.err).length === 0) await sleep(20);
      const [hold = ''] = holdsIn(sftp.err);
      await approve(world, await shownHold(world, hold));
      const handle = (await sftp.answer(asked)).subarray(13);
      expect((await read(sftp, handle, 0, 100))?.toString()).toBe(`a ${stars(card)}\n`);
    });

    test('limits of bytes hold as well', async () => {
      const path = await file('limited', `${card}\n${'x'.repeat(2_000)}`);
      const sftp = await connect();
      const handle = await sftp.open(path, openBits.read);
      expect((await read(sftp, handle, 0, 1_000))?.subarray(0, 19).toString()).toBe(stars(card));
      const [status, text] = await sftp.ask(types.read, handle, 1_000n, 1);
      expect([status, text]).toEqual([statuses.permissionDenied, expect.stringContaining('[T-300]')]);
    });

    // --- ways round it ----------------------------------------------------------------------------------------------------------------

    test.each<[string, (path: string) => Promise<string>]>([
      ['a symbolic link', async (path) => (await symlink(path, join(home, 'innocent')), join(home, 'innocent'))],
      ['a relative link', async () => (await symlink('masked-one', join(home, 'relative')), join(home, 'relative'))],
      ['dots', async () => `${home}/./x/../masked-one`],
      [
        'a link to its directory',
        async () => (await symlink(home, join(world.dir, 'way')), join(world.dir, 'way/masked-one')),
      ],
      ['/proc', async (path) => `/proc/self/root${path}`],
    ])('a file that is reached by %s leaves masked', async (_, named) => {
      const path = await file('masked-one', `a ${card}\n`);
      await mkdir(join(home, 'x'), { recursive: true });
      const sftp = await connect();
      const handle = await sftp.open(await named(path), openBits.read);
      expect((await read(sftp, handle, 0, 100))?.toString()).toBe(`a ${stars(card)}\n`);
    });

    test('a file that is renamed while it is open stays masked, and so does a second handle', async () => {
      const path = await file('masked-two', `a ${card}\n`);
      const sftp = await connect();
      const handles = [await sftp.open(path, openBits.read), await sftp.open(path, openBits.read)];
      expect((await sftp.ask(types.rename, path, join(home, 'plain')))[0]).toBe(statuses.ok);
      for (const handle of handles) expect((await read(sftp, handle, 0, 100))?.toString()).toBe(`a ${stars(card)}\n`);
      await rename(join(home, 'plain'), path);
    });

    test.each<[string, number]>([
      ['for reading and writing', openBits.read | openBits.write],
      ['for writing', openBits.write],
      ['for reading, and made where it is not there', openBits.read | openBits.create],
      ['for reading, and cut', openBits.read | 0x10],
      ['for reading and appending', openBits.read | openBits.write | 0x04],
    ])('under masks a file that is opened %s is refused, and stays as it is', async (_, bits) => {
      const path = await file('masked-three', `a ${card}\n`);
      const sftp = await connect();
      const [status, text] = await sftp.ask(types.open, path, bits, none);
      expect([status, text]).toEqual([
        statuses.permissionDenied,
        expect.stringContaining('only a file that is opened to be read, and for nothing else, leaves masked'),
      ]);
      expect(await readFile(path, 'utf8')).toBe(`a ${card}\n`);
    });

    test.each([
      ['a label', 'labelled'],
      ['the method null', 'nulled'],
    ])('masks by %s are refused: no copy that is as long can carry them', async (_, name) => {
      const path = await file(name, `a ${card} a@example.com\n`);
      const sftp = await connect();
      const [status, text] = await sftp.ask(types.open, path, openBits.read, none);
      expect([status, text]).toEqual([
        statuses.permissionDenied,
        expect.stringContaining('a file leaves as long as it is, masked by detectors and patterns'),
      ]);
    });

    test('the host copies nothing of what is read masked, and digests nothing', async () => {
      const path = await file('masked-four', `a ${card}\n`);
      const sftp = await connect();
      const from = await sftp.open(path, openBits.read);
      const to = await sftp.open(join(home, 'copied'), openBits.write | openBits.create);
      expect(await sftp.ask(types.extended, 'copy-data', from, 0n, 0n, to, 0n)).toEqual([
        statuses.failure,
        'policy masks what is read of this file: the host does not copy it',
      ]);
      expect((await stat(join(home, 'copied'))).size).toBe(0);
      for (const [name, ...fields] of [
        ['check-file-handle', from, 'sha256', 0n, 0n, 0],
        ['check-file-name', path, 'sha256', 0n, 0n, 0],
        ['check-file', path, 'sha256', 0n, 0n, 0],
        ['md5-hash-handle', from, 0n, 0n, ''],
        ['md5-hash', path, 0n, 0n, ''],
        ['text-seek', from, 0n],
        ['ranges@asyncssh.com', from, 0n, 100n],
      ] as const)
        expect((await sftp.ask(types.extended, name, ...fields))[0]).toBe(statuses.unsupported);
    });

    test('another name for the file is judged by that name: rules by path need rules on links', async () => {
      const path = await file('masked-five', `a ${card}\n`);
      await link(path, join(home, 'other-name'));
      const sftp = await connect();
      const handle = await sftp.open(join(home, 'other-name'), openBits.read);
      expect((await read(sftp, handle, 0, 100))?.toString()).toBe(`a ${card}\n`);
    });

    test('the scp of before and git are refused where a mask would break them', async () => {
      await file('masked-tickets', `ACME-17 ${card}\n`);
      const ran = await copy('olga', '-O', at('masked-tickets'), local('tickets'));
      expect(ran.code).not.toBe(0);
      expect(ran.err).toContain('a transfer whose bytes are changed is broken');
      expect(ran.err).toContain('Copy by sftp, which leaves masked (scp without -O)');
      expect(existsSync(local('tickets'))).toBe(false);
      const git = await world.ssh('olga', ['web1@127.0.0.1', `git-upload-pack '${home}/masked.git'`]);
      expect(git).toMatchObject({ code: 126, out: '' });
      expect(git.err).toContain('a transfer whose bytes are changed is broken');
    });
  },
);
