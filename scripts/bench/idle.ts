import { setTimeout as sleep } from 'node:timers/promises';
import { startChild, untilSettled, type Child } from './child.ts';
import { openSession, type Peer } from './peer.ts';
import type { Row, Section } from './result.ts';
import type { Effort } from './rounds.ts';
import { spreadOf } from './statistics.ts';
import type { World } from './world.ts';

const openedAtOnce = 16;
const settleMs = 500;

/** Sessions that say nothing: what each holds on to. */
export async function measureIdle(world: World, effort: Effort, signal: AbortSignal): Promise<Section> {
  const target = { kind: 'below', value: 60 } as const;
  const growth = (peer: Peer, child: Child, ca?: string): Promise<Growth> =>
    growthPerSession(() => openSession(peer, ca), child, effort, signal);
  const ofGateway = async (name: string, tls: boolean): Promise<Growth> => {
    await using gateway = await world.openGateway(name);
    return await growth(gateway.masked, gateway.child, tls ? gateway.ca : undefined);
  };
  const clear = await ofGateway('idle', false);
  const encrypted = await ofGateway('idle-tls', true);
  await using fresh = await startChild('pipe.ts', [String(world.direct.port)], []);
  const pipe = await growth({ ...world.pipe, port: fresh.port }, fresh);
  const row = (measure: string, each: readonly number[]): Row => ({ measure, unit: 'KiB', spread: spreadOf(each) });
  return {
    title: `${effort.idleSessions.toLocaleString('en')} idle sessions`,
    method:
      `Resident memory of the gateway’s process for each session, after a garbage collection, in ${String(effort.idleSteps)} ` +
      'steps of as many sessions each. The target is the median step’s.',
    rows: [
      { ...row('each session in cleartext', clear.resident), target },
      { ...row('each session over TLS', encrypted.resident), target },
    ],
    figures: [
      row('of it on the JavaScript heap, cleartext', clear.heap),
      row('of it in buffers outside the heap, cleartext', clear.external),
      row('of it on the JavaScript heap, TLS', encrypted.heap),
      row('of it in buffers outside the heap, TLS', encrypted.external),
      row('each connection of the pipe', pipe.resident),
    ],
    skipped: [],
  };
}

/** KiB a session, one value for each step. */
export interface Growth {
  readonly resident: readonly number[];
  readonly heap: readonly number[];
  readonly external: readonly number[];
}

/** Opens sessions in equal steps. @param open a session that says nothing */
export async function growthPerSession(
  open: () => Promise<{ end(): Promise<void> }>,
  child: Child,
  { idleSessions, idleSteps }: Pick<Effort, 'idleSessions' | 'idleSteps'>,
  signal: AbortSignal,
): Promise<Growth> {
  const sessions: { end(): Promise<void> }[] = [];
  const openMore = async (count: number): Promise<void> => {
    for (let left = count; left > 0; left -= openedAtOnce) {
      signal.throwIfAborted();
      sessions.push(...(await Promise.all(Array.from({ length: Math.min(left, openedAtOnce) }, open))));
    }
    await sleep(settleMs, undefined, { signal });
  };
  try {
    await openMore(openedAtOnce); // code that logins need is compiled, caches are filled
    const step = Math.floor(idleSessions / idleSteps);
    await untilSettled(child);
    const measured = [await child.memory()];
    for (let i = 0; i < idleSteps; i++) {
      await openMore(step);
      measured.push(await child.memory());
    }
    const grown = (of: 'rss' | 'heap' | 'external'): readonly number[] =>
      measured.slice(1).map((after, i) => (after[of] - (measured[i]?.[of] ?? 0)) / step / 1024);
    return { resident: grown('rss'), heap: grown('heap'), external: grown('external') };
  } finally {
    await Promise.allSettled(sessions.map((session) => session.end()));
  }
}
