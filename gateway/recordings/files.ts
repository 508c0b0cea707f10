import { stat } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { join } from 'node:path';

const hourMs = 3_600_000;

/**
 * Recordings below a directory, oldest first by name.
 * @param sinceMs leaves out what was last written before
 * @returns paths without `.zst`: what `openRecordingFile` takes
 */
export async function recordingFiles(dir: string, sinceMs = 0): Promise<readonly string[]> {
  const found = new Set<string>();
  for await (const name of glob('**/*.ndjson{,.zst}', { cwd: dir })) {
    const path = join(dir, name);
    if (sinceMs > 0 && (await writtenAt(path)) < sinceMs) continue;
    found.add(path.replace(/\.zst$/, ''));
  }
  return [...found].sort();
}

/** Milliseconds since 1970; infinity for one that has gone since it was listed: it has just been compressed. */
function writtenAt(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => Infinity,
  );
}

/** The recording of one session; undefined where there is none. @param aboutMs when the session began, give or take a day */
export async function recordingOf(dir: string, session: string, aboutMs: number): Promise<string | undefined> {
  for (const hours of [0, -24, 24]) {
    const day = new Date(aboutMs + hours * hourMs).toISOString().slice(0, 10).replaceAll('-', '/');
    const path = join(dir, day, `${session}.ndjson`);
    if (existsSync(path) || existsSync(`${path}.zst`)) return path;
  }
  for await (const name of glob(`**/${session}.ndjson{,.zst}`, { cwd: dir }))
    return join(dir, name).replace(/\.zst$/, '');
  return undefined;
}
