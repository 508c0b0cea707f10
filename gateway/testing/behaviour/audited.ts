import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { type AuditQuery, queryLog } from '../../audit/query.ts';
import type { AuditEvent } from '../../contract/event.ts';

/** Entries of a log that match, oldest first. Those that are not there yet are waited for: `atLeast` of them. */
export async function audited(dir: string, query: AuditQuery, atLeast = 1): Promise<readonly AuditEvent[]> {
  for (let tries = 0; ; tries++) {
    const { entries } = await queryLog(dir, { order: 'oldest', limit: 10_000, ...query }, { indexPath: null });
    if (entries.length >= atLeast || tries === 100) return entries.map(({ event }) => event);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Files under `dir` in which one of these texts stands, packed recordings unpacked. */
export async function filesWith(dir: string, texts: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = await readFile(path);
    const plain = path.endsWith('.zst') ? zstdDecompressSync(bytes) : bytes;
    if (texts.some((text) => plain.includes(text))) found.push(path);
  }
  return found;
}
