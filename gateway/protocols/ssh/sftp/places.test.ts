import { Duplex, PassThrough } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import { expect, test } from 'vitest';
import { SftpHost } from './host.ts';
import { type JudgedAsk, planOf } from './plans.ts';
import { answerTypes, encodePacket, encodeStatus, Packets, requestTypes as types, statuses } from './wire.ts';

/** What stands at a path. */
type Entry = 'file' | 'directory' | { readonly link: string };

/** A file system as a host has one that names nothing that is to come: REALPATH is realpath(3), and open(2) creates behind links to nowhere. */
const entries: ReadonlyMap<string, Entry> = new Map<string, Entry>([
  ['/', 'directory'],
  ['/home', 'directory'],
  ['/home/report', 'file'],
  ['/home/latest', { link: '/home/report' }],
  ['/home/dangling', { link: '/etc/cron.d/job' }],
  ['/home/twice', { link: '/home/dangling' }],
  ['/home/out', { link: '/home' }],
]);

interface Played {
  readonly host: SftpHost;
  /** Types and paths, in order. */
  readonly asked: (readonly [type: number, path: string])[];
}

/** @param lstat answered in place of the truth */
async function play(lstat?: (id: number) => Buffer): Promise<Played> {
  const asked: (readonly [number, string])[] = [];
  const packets = new Packets(1_000);
  const wire = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      for (const packet of packets.push(chunk)) wire.push(answerTo(packet));
      done();
    },
  });
  function answerTo(packet: Buffer): Buffer {
    const type = packet[4] ?? 0;
    if (type === types.init) return encodePacket(answerTypes.version, undefined, 3);
    const id = packet.readUInt32BE(5);
    const path = packet.toString('utf8', 13, 13 + packet.readUInt32BE(9));
    asked.push([type, path]);
    if (type === types.realpath) {
      const found = realPath(path === '.' ? '/home' : path);
      return found === undefined ? missing(id) : encodePacket(answerTypes.name, id, 1, found, '', 0);
    }
    if (type === types.lstat) return lstat?.(id) ?? (entries.has(path) ? attributes(id) : missing(id));
    throw new Error(`nobody has to ask for ${type} before a decision`);
  }
  const channel = Object.assign(wire, { stderr: new PassThrough(), close: () => wire.destroy() });
  const broken = (error: unknown) => {
    throw error;
  };
  const host = new SftpHost(channel as unknown as ClientChannel, 1_000, broken); // all of a channel that SftpHost uses
  await host.start();
  asked.length = 0;
  return { host, asked };
}

const missing = (id: number) => encodeStatus(id, statuses.noSuchFile, 'no such file');
const attributes = (id: number) => encodePacket(answerTypes.attrs, id, 0);

function realPath(path: string): string | undefined {
  const [first = '', ...rest] = path.split('/').slice(1);
  let at = '';
  for (const name of [first, ...rest]) {
    const entry = entries.get(`${at}/${name}`);
    if (entry === undefined) return undefined;
    const leadsTo = typeof entry === 'object' ? realPath(entry.link) : `${at}/${name}`;
    if (leadsTo === undefined) return undefined;
    at = leadsTo;
  }
  return at;
}

function open(path: string, ...flags: Extract<JudgedAsk, { readonly kind: 'open' }>['flags']): JudgedAsk {
  return { kind: 'open', path, flags, attributes: {} };
}

async function planned({ host }: Played, ask: JudgedAsk) {
  const { command, act } = await planOf(ask, host, () => {
    throw new Error('nothing is open');
  });
  const { path, resolved } = command.file ?? {};
  const sent = 'encode' in act ? act.encode(9) : undefined;
  return {
    ...{ path, resolved },
    sentPath: sent?.toString('utf8', 13, 13 + sent.readUInt32BE(9)),
    status: 'answer' in act && act.answer.kind === 'status' ? act.answer.status : undefined,
  };
}

test('a file that is to come is judged and created under its name, behind the links of its directory', async () => {
  const played = await play();
  expect(await planned(played, open('/home/out/new', 'write', 'create'))).toEqual({
    ...{ path: '/home/new', resolved: true, sentPath: '/home/new' },
    status: undefined,
  });
  // What is about to be created is what the host was asked about.
  expect(played.asked.at(-1)).toEqual([types.lstat, '/home/new']);
});

test('a file that is there is judged behind its links, and nothing more is asked', async () => {
  const played = await play();
  expect(await planned(played, open('latest', 'write', 'create'))).toMatchObject({
    path: '/home/report',
    resolved: true,
  });
  expect(played.asked).toEqual([[types.realpath, '/home/latest']]);
});

test.each(['/home/dangling', '/home/twice', '/home/out/dangling', 'dangling', '/home/x/../dangling'])(
  'nothing is created through the link to nowhere %s',
  async (path) => {
    expect(await planned(await play(), open(path, 'write', 'create'))).toMatchObject({
      ...{ resolved: false, sentPath: undefined },
      status: statuses.failure,
    });
  },
);

test.each([
  ['attributes', attributes, statuses.failure],
  ['permission denied', (id: number) => encodeStatus(id, statuses.permissionDenied, ''), statuses.permissionDenied],
  ['a failure', (id: number) => encodeStatus(id, statuses.failure, ''), statuses.failure],
  ['unsupported', (id: number) => encodeStatus(id, statuses.unsupported, ''), statuses.unsupported],
  ['a status that all is well', (id: number) => encodeStatus(id, statuses.ok, ''), statuses.failure],
  ['a name', (id: number) => encodePacket(answerTypes.name, id, 1, '/home/new', '', 0), statuses.failure],
])(
  'a host that answers %s to whether a new name stands is taken as one that does not say',
  async (_, lstat, status) => {
    expect(await planned(await play(lstat), open('/home/new', 'write', 'create'))).toEqual({
      ...{ path: '/home/new', resolved: false, sentPath: undefined },
      status,
    });
  },
);

test('where the directory is missing too, nothing is sent', async () => {
  const played = await play();
  expect(await planned(played, open('/srv/new', 'write', 'create'))).toMatchObject({
    ...{ resolved: false, sentPath: undefined },
    status: statuses.noSuchFile,
  });
});

test('without the flag that creates, a name that does not stand is the host’s own answer', async () => {
  const played = await play();
  expect(await planned(played, open('/home/dangling', 'read'))).toMatchObject({
    ...{ resolved: false, sentPath: undefined },
    status: statuses.noSuchFile,
  });
  expect(played.asked).toEqual([[types.realpath, '/home/dangling']]);
});
