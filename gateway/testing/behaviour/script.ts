import { query, type Wire, type WireMessage } from './wire.ts';

/** What is sent in one write, and what has to come before the next: that many ReadyForQuery, or a message with that tag. */
export interface Step {
  readonly send: readonly Buffer[];
  readonly until: number | string;
}

/** Each Query and Sync is answered by one ReadyForQuery. */
export function step(...send: readonly Buffer[]): Step {
  return { send, until: send.reduce((sum, bytes) => sum + readiesOf(bytes), 0) };
}

export function stepUntil(until: number | string, ...send: readonly Buffer[]): Step {
  return { send, until };
}

/** Plays a script. Whatever came too many or too late stands before the answer to its last Query. */
export async function play(wire: Wire, steps: readonly Step[]): Promise<readonly WireMessage[]> {
  const heard: WireMessage[] = [];
  for (const { send, until } of steps) {
    wire.send(...send);
    heard.push(...(await (typeof until === 'number' ? wire.readies(until) : wire.until(({ tag }) => tag === until))));
  }
  wire.send(query("select 'the end'"));
  heard.push(...(await wire.readies()));
  return heard;
}

/** How many ReadyForQuery these messages ask for. */
function readiesOf(bytes: Buffer): number {
  let count = 0;
  for (let at = 0; at < bytes.length; at += 1 + bytes.readUInt32BE(at + 1))
    if (bytes[at] === 0x51 || bytes[at] === 0x53) count++;
  return count;
}
