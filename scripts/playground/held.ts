import { z } from 'zod';
import { type Ran, sallyport } from './client.ts';
import type { Tour } from './steps.ts';
import type { World } from './world.ts';

const holdTimeoutMs = 60_000;
const endTimeoutMs = 60_000;

/** Something that policy holds, from its start to its end. */
interface Held {
  readonly shown: string;
  /** @param onOutput told of output as it comes */
  start(onOutput: (text: string) => void): Promise<Ran>;
  /** What says that it waits. */
  readonly waits: string;
  /** What is in the list of approvals. */
  readonly listed: readonly string[];
  readonly approver: string;
  readonly reason: string;
  /** What is in its output in the end. */
  readonly has: readonly string[];
}

/** The agent waits in one terminal while somebody decides in another. */
export async function showHeld(tour: Tour, world: World, held: Held): Promise<void> {
  const told = Promise.withResolvers<void>();
  const running = held.start((text) => {
    if (text.includes(held.waits)) told.resolve();
  });
  const over = await Promise.race([told.promise, running, pause(holdTimeoutMs)]);
  if (over) return tour.show(over, { has: ['a line that it is held, before its result'] });

  tour.command(held.shown, '(waits)');
  const listed = await sallyport(world, held.approver, ['approvals', 'list']);
  tour.show(listed, { has: held.listed, exitCode: 0 });
  const id = /^([0-7][0-9A-HJKMNP-TV-Z]{25})\b/m.exec(listed.output)?.[1] ?? '';
  tour.show(await sallyport(world, held.approver, ['approvals', 'approve', id, '--reason', held.reason]), {
    has: ['approved (1 of 1)'],
    exitCode: 0,
  });
  const done = await Promise.race([running, pause(holdTimeoutMs)]);
  const output = done?.output ?? '(nothing came back)';
  tour.show(
    { shown: '# and in the terminal of the agent', output, exitCode: done?.exitCode ?? 1 },
    { has: [held.waits, ...held.has], exitCode: 0 },
  );
}

/**
 * An auditor replays a session once it is over: the newest on a target that is the right one.
 * @returns its id; undefined, and an error in the tour, where there is none
 */
export async function showReplay(
  tour: Tour,
  world: World,
  target: string,
  isIt: (session: ListedSession) => boolean,
  has: readonly string[],
): Promise<string | undefined> {
  const list = ['sessions', 'list', '--target', target, '--json'];
  const until = Date.now() + endTimeoutMs;
  for (;;) {
    const sessions = await sallyport(world, 'otto', list);
    const found = z.array(listedSession).safeParse(parsed(sessions.output)).data?.find(isIt);
    // A client is gone before the gateway has written that it is.
    if (found?.ended_at === null && Date.now() < until) continue;
    if (found === undefined || found.ended_at === null) {
      tour.show(sessions, { has: ['the session, and its end'] });
      return undefined;
    }
    tour.show(await sallyport(world, 'otto', ['sessions', 'replay', found.id]), { has, exitCode: 0 });
    return found.id;
  }
}

type ListedSession = z.infer<typeof listedSession>;
const listedSession = z.object({
  id: z.string(),
  principal: z.object({ id: z.string() }),
  denials: z.number(),
  ended_at: z.string().nullable(),
});

function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, ms, undefined).unref());
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
