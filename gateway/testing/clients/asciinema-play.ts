import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** What a player shows of a cast when it is played to its end. */
export interface Played {
  /** As the terminal had them, one after the other. */
  readonly sizes: readonly { readonly cols: number; readonly rows: number }[];
  readonly output: string;
  /** In seconds. */
  readonly duration: number;
}

/** The part of the player (3.17.0) that has no page to draw on, and is not public. */
interface Core {
  addEventListener(name: string, listener: (event: unknown) => void): void;
  terminalReady(): void;
  init(): Promise<void>;
  seek(to: string): Promise<void>;
}

const size = z.object({ cols: z.number(), rows: z.number() });
const written = z.union([z.string(), z.array(z.string()).transform((pieces) => pieces.join(''))]);
const parts = z.object({
  C: z.custom<new (source: object, options: object) => Core>((value) => typeof value === 'function'),
});
const words = z.object({ D: z.custom<new () => object>((value) => typeof value === 'function') });

/** Has asciinema's own player read a cast, whatever version it says it is. @param dist what asciinema-player.sh prints. @throws what the player does */
export async function playCast(dist: string, cast: string): Promise<Played> {
  const load = async (part: string): Promise<unknown> =>
    import(join(dist, readdirSync(dist).find((name) => name.startsWith(part)) ?? part));
  const { C: Player } = parts.parse(await load('core-'));
  const { D: Silence } = words.parse(await load('logging-'));
  const sizes: z.infer<typeof size>[] = [];
  let [output, duration] = ['', 0];
  const player = new Player({ data: cast }, { logger: new Silence(), speed: 1, preload: true, startAt: 0 });
  player.addEventListener('reset', (event) => sizes.push(z.object({ size }).parse(event).size));
  player.addEventListener('resize', (event) => sizes.push(size.parse(event)));
  // A write is a text, or the pieces of one.
  player.addEventListener('output', (text) => (output += written.parse(text)));
  player.addEventListener('metadata', (event) => ({ duration } = z.object({ duration: z.number() }).parse(event)));
  player.terminalReady();
  await player.init();
  await player.seek('100%');
  return { sizes, output, duration };
}
