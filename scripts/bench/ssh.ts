import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { noSshd, sshdPath, startSshd } from '../../gateway/testing/sshd.ts';
import { growthPerSession } from './idle.ts';
import type { Row, Section, Target } from './result.ts';
import { interleaved, type Effort } from './rounds.ts';
import {
  copyFile,
  directPeer,
  gatewayPeer,
  openSshSession,
  readBytes,
  runOnce,
  type SshPeer,
  typeKeys,
} from './ssh-peer.ts';
import { differences, median, ratios, spreadOf } from './statistics.ts';
import type { World } from './world.ts';

const settings = ['MaxStartups 1000', 'LogLevel ERROR'];

type Name = 'direct' | 'gateway';
type Values = ReadonlyMap<Name, readonly number[]>;

/** OpenSSH's client and server, without the gateway and with it. */
export async function measureSsh(world: World, effort: Effort, signal: AbortSignal): Promise<readonly Section[]> {
  if (sshdPath === undefined) return [];
  await using host = await startSshd({ settings });
  const direct = directPeer(host);
  const sections = async (name: string, measure: (gateway: SshPeer) => Promise<Section>) => {
    await using gateway = await world.openGateway(name, { host });
    return await measure(await gatewayPeer(gateway));
  };
  await using idle = await world.openGateway('ssh-idle', { host });
  return [
    await sections('ssh-commands', (gateway) => commands({ direct, gateway }, effort, signal)),
    await sections('ssh-bulk', (gateway) => bulk({ direct, gateway }, host.dir, effort, signal)),
    await idleSessions(await gatewayPeer(idle), idle.child, effort, signal),
  ];
}

/** Why there is no such section. */
export const withoutSsh = sshdPath === undefined ? [`SSH: ${noSshd}`] : [];

interface Peers {
  readonly direct: SshPeer;
  readonly gateway: SshPeer;
}

async function commands(peers: Peers, effort: Effort, signal: AbortSignal): Promise<Section> {
  const { rounds, sshCommands: count } = effort;
  const both = (measure: (peer: SshPeer) => Promise<number>): Promise<Values> =>
    interleaved<Name>(
      rounds,
      [
        ['direct', () => measure(peers.direct)],
        ['gateway', () => measure(peers.gateway)],
      ],
      signal,
    );
  const each = async (run: () => Promise<void>): Promise<number> => {
    const started = performance.now();
    for (let i = 0; i < count; i++) await run();
    return (performance.now() - started) / count;
  };
  const connecting = await both((peer) => each(() => runOnce(peer, 'true')));
  const running = await both(async (peer) => {
    const session = await openSshSession(peer);
    try {
      return await each(() => session.run('true'));
    } finally {
      await session.end();
    }
  });
  const keys = await both(async (peer) => median(await typeKeys(peer, count * 4)));
  return {
    title: 'SSH: commands and keys',
    method:
      `${String(count)} times \`true\`, one after the other; each with \`ssh\` and a connection of its own, or all over one connection. ` +
      `Keys: ${String(count * 4)} of them, typed at \`cat\` in a terminal (\`ssh -tt\`), each when the one before was echoed; the median of them.`,
    rows: [
      added('more for each command with its own connection', connecting, 25),
      added('more for each command over one connection', running, 25),
      added('more for each key', keys, 2),
    ],
    figures: [
      ...figures('own connection', connecting, 'ms'),
      ...figures('one connection', running, 'ms'),
      ...figures('a key', keys, 'ms'),
    ],
    skipped: [],
  };
}

function added(measure: string, values: Values, below: number): Row {
  const spread = spreadOf(differences(values.get('gateway') ?? [], values.get('direct') ?? []));
  return { measure, unit: 'ms', spread, target: { kind: 'below', value: below } };
}

function against(what: string, values: Values): Row {
  const target: Target = { kind: 'at-least', value: 0.55 };
  const spread = spreadOf(ratios(values.get('gateway') ?? [], values.get('direct') ?? []));
  return { measure: `${what}, against no gateway`, unit: '×', spread, target };
}

function figures(what: string, values: Values, unit: Row['unit']): readonly Row[] {
  return [...values].map(([name, each]) => ({ measure: `${what}: ${name}`, unit, spread: spreadOf(each) }));
}

async function bulk(peers: Peers, dir: string, effort: Effort, signal: AbortSignal): Promise<Section> {
  const { rounds, sshBytes: bytes } = effort;
  const megabytes = Math.round(bytes / 1e6);
  const file = join(dir, 'bulk');
  execFileSync('bash', [
    '-c',
    'head -c "$1" /dev/urandom | base64 -w 76 | head -c "$1" > "$2"',
    'bash',
    String(bytes),
    file,
  ]);
  const speeds = (move: (peer: SshPeer) => Promise<void>): Promise<Values> => {
    const speed = async (peer: SshPeer): Promise<number> => {
      const started = performance.now();
      await move(peer);
      return bytes / 1e3 / (performance.now() - started);
    };
    return interleaved<Name>(
      rounds,
      [
        ['direct', () => speed(peers.direct)],
        ['gateway', () => speed(peers.gateway)],
      ],
      signal,
    );
  };
  const printed = await speeds((peer) => readBytes(peer, `cat ${file}`, bytes));
  const fetched = await speeds((peer) => copyFile(peer, `HOST:${file}`, `${file}.here`));
  const sent = await speeds((peer) => copyFile(peer, file, `HOST:${file}.there`));
  return {
    title: `SSH: ${String(megabytes)} MB`,
    method:
      `\`ssh HOST cat FILE\`, ${String(megabytes)} MB of text, all of it recorded; and as much with \`scp\` each way, ` +
      'of which digests are recorded. Each over a connection of its own.',
    rows: [
      against('printed by a command', printed),
      against('fetched with `scp`', fetched),
      against('sent with `scp`', sent),
    ],
    figures: [
      ...figures('printed by a command', printed, 'MB/s'),
      ...figures('fetched with `scp`', fetched, 'MB/s'),
      ...figures('sent with `scp`', sent, 'MB/s'),
    ],
    skipped: [],
  };
}

async function idleSessions(
  peer: SshPeer,
  child: Parameters<typeof growthPerSession>[1],
  effort: Effort,
  signal: AbortSignal,
): Promise<Section> {
  const { sshIdleSessions: idleSessions, idleSteps } = effort;
  const grown = await growthPerSession(() => openSshSession(peer), child, { idleSessions, idleSteps }, signal);
  const row = (measure: string, each: readonly number[]): Row => ({ measure, unit: 'KiB', spread: spreadOf(each) });
  return {
    title: `${String(idleSessions)} idle SSH sessions`,
    method:
      'Resident memory of the gateway’s process for each connection of a client, logged in on the host as well, after a garbage ' +
      `collection, in ${String(idleSteps)} steps of as many sessions each.`,
    rows: [{ ...row('each session', grown.resident), target: { kind: 'below', value: 150 } }],
    figures: [
      row('of it on the JavaScript heap', grown.heap),
      row('of it in buffers outside the heap', grown.external),
    ],
    skipped: [],
  };
}
