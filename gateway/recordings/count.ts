import type { Readable } from 'node:stream';
import type { SessionCounts } from '../store/sessions.ts';
import { readRecording } from './reader.ts';

/** What the lines of a recording come to: for a session whose gateway did not live to say it. */
export async function countRecorded(ndjson: Readable): Promise<SessionCounts> {
  let [commands, denials, rows] = [0, 0, 0];
  const denying = new Set<number>();
  for await (const event of readRecording(ndjson, /^\{"type":"(decision|command|end)"/)) {
    if (event.type === 'decision' && event.decision.effect === 'deny') denying.add(event.n);
    if (event.type === 'command') {
      commands++;
      if (denying.has(event.decision)) denials++;
    }
    if (event.type === 'end') rows += event.rows;
  }
  return { commands, denials, rows };
}
