import { createHash } from 'node:crypto';
import { watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { compareConfigs, type ConfigChange } from './change.ts';
import { loadConfig } from './load.ts';
import type { ConfigError } from './parse.ts';
import type { Config } from './schema.ts';

export interface ConfigWatch extends Disposable {
  /** Looks at the file now (SIGHUP), without waiting to be told of a change. */
  refresh(): Promise<void>;
}

export interface ConfigListener {
  readonly onChange: (change: ConfigChange) => void;
  /** The file is wrong: what runs goes on running. */
  readonly onRefused: (errors: readonly ConfigError[]) => void;
}

const settleMs = 100; // editors and ConfigMaps replace a file in several steps

/**
 * Reads the file again whenever it may have changed. The directory is watched, not the file: editors, and Kubernetes' symbolic
 * links, put another file in its place. The content decides, so that a touched file changes nothing.
 */
export function watchConfig(file: string, initial: Config, listener: ConfigListener): ConfigWatch {
  let running = initial;
  let seen: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let last = Promise.resolve();

  const look = async (): Promise<void> => {
    const digest = await digestOf(file);
    if (digest === seen) return;
    seen = digest;
    const found = await loadConfig(file);
    if (!found.ok) return listener.onRefused(found.errors);
    const change = compareConfigs(running, found.config);
    if (change.reloaded.length + change.needsRestart.length === 0) return;
    running = change.config;
    listener.onChange(change);
  };
  // One look at a time, in order: two at once could apply an older content last.
  const refresh = (): Promise<void> => (last = last.then(look, look));

  const watcher = watch(dirname(file), { persistent: false }, () => {
    clearTimeout(timer);
    timer = setTimeout(() => void refresh(), settleMs).unref();
  });
  // A directory that went away is reported when the file is read, by SIGHUP or at the next start.
  watcher.on('error', () => watcher.close());
  return {
    refresh,
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      watcher.close();
    },
  };
}

async function digestOf(file: string): Promise<string | undefined> {
  const bytes = await readFile(file).catch(() => undefined);
  return bytes && createHash('sha256').update(bytes).digest('hex');
}
