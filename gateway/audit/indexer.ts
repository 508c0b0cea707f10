import { rmSync } from 'node:fs';
import { AuditIndex } from '../store/audit-index.ts';
import type { IndexGroup } from '../store/audit-index.ts';
import { parseEntry } from './entry.ts';
import { parseBundle, tileWidth } from './tile.ts';
import { TreeFiles } from './tree-files.ts';

/** Bundles that are put into the index in one transaction. */
const bundlesAtOnce = 64;

/** Keeps an index up to the log. Catching up after a crash, and making it from nothing, are the same as going on. */
export class Indexer implements Disposable {
  readonly #files: TreeFiles;
  readonly #index: AuditIndex;

  constructor(dir: string, indexPath: string) {
    this.#files = new TreeFiles(dir);
    this.#index = openOrMakeAnew(indexPath);
  }

  /** Blocks. @param size entries in the log's tiles */
  update(size: number): void {
    if (this.#index.next > size) this.#index.reset(); // another log's
    for (let from = this.#index.next; from < size;) {
      const bundle = Math.floor(from / tileWidth);
      const to = Math.min(size, (bundle + bundlesAtOnce) * tileWidth);
      const groups: IndexGroup[] = [];
      for (let at = bundle; at * tileWidth < to; at++)
        groups.push(...this.#groupsOf(at, Math.min(tileWidth, to - at * tileWidth)));
      this.#index.add(groups, to);
      from = to;
    }
  }

  [Symbol.dispose](): void {
    this.#index.close();
  }

  #groupsOf(bundle: number, width: number): Iterable<IndexGroup> {
    const level = 'entries';
    const bytes =
      this.#files.readTile({ level, index: bundle, width }) ??
      this.#files.readTile({ level, index: bundle, width: tileWidth });
    const groups = new Map<string, { -readonly [key in keyof IndexGroup]: IndexGroup[key] }>();
    for (const entry of (bytes && parseBundle(bytes)) ?? []) {
      const event = parseEntry(entry);
      if (!event) continue;
      const { session, identity, target, type, action, effect } = event;
      const ms = Date.parse(event.time) || 0;
      const key = [session, identity, target, type, action, effect].join('\n');
      const group = groups.get(key);
      if (group) {
        group.firstMs = Math.min(group.firstMs, ms);
        group.lastMs = Math.max(group.lastMs, ms);
      } else {
        groups.set(key, {
          bundle,
          words: { session, identity, target, type, action, effect },
          firstMs: ms,
          lastMs: ms,
        });
      }
    }
    return groups.values();
  }
}

/** An index that cannot be read is of no use to anybody, and the log has all that was in it. */
function openOrMakeAnew(path: string): AuditIndex {
  try {
    return new AuditIndex(path);
  } catch {
    for (const file of [path, `${path}-wal`, `${path}-shm`]) rmSync(file, { force: true });
    return new AuditIndex(path);
  }
}
