import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parsePublicKey, type PublicKey, publicKeyLine } from './public-key.ts';

/** Which host a key was recorded for. A target that moves elsewhere is another host. */
export interface HostPlace {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/** The keys that were recorded for this host: lines of `target host:port type key`. A file that is not there has none. */
export async function readTrustedHosts(file: string, place: HostPlace): Promise<readonly PublicKey[]> {
  return (await linesOf(file)).flatMap((line) => {
    if (!line.startsWith(prefixOf(place))) return [];
    const key = parsePublicKey(line.slice(prefixOf(place).length));
    return typeof key === 'string' ? [] : [key];
  });
}

/** Records the only key that this host may show from now on. */
export async function trustHost(file: string, place: HostPlace, key: PublicKey): Promise<void> {
  const others = (await linesOf(file)).filter((line) => line !== '' && !line.startsWith(`${place.name} `));
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  // Whole or not at all: the gateway may read it at any moment.
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, [...others, `${prefixOf(place)}${publicKeyLine(key)}`, ''].join('\n'), { mode: 0o600 });
  await rename(draft, file);
}

function prefixOf({ name, host, port }: HostPlace): string {
  return `${name} ${host}:${port} `;
}

async function linesOf(file: string): Promise<readonly string[]> {
  try {
    return (await readFile(file, 'utf8')).split('\n');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
