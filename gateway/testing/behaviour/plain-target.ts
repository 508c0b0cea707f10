import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { loadConfig } from '../../config/index.ts';
import type { Rig } from '../rig.ts';

const shape = z.looseObject({ targets: z.array(z.looseObject({ name: z.string() })).min(1) });
type Targets = z.output<typeof shape>['targets'];

/** Gives a running rig other targets, as an operator would by editing the file. */
export async function reconfigure(rig: Rig, change: (targets: Targets) => Targets): Promise<void> {
  const written = shape.parse(parse(await readFile(rig.configFile, 'utf8')));
  // Beside the rig's own file: that one is watched.
  const file = join(rig.dir, 'changed.yaml');
  await writeFile(file, stringify({ ...written, targets: change(written.targets) }));
  const loaded = await loadConfig(file);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  await rig.gateway.reload({ config: loaded.config, reloaded: ['targets'], needsRestart: [] });
}

/**
 * Adds a second target, `plain`: the same database, on which no column is labelled and nothing needs an approval. A member of `dba` may do
 * there whatever no rule denies.
 */
export function addPlainTarget(rig: Rig): Promise<void> {
  return reconfigure(rig, (targets) => [
    ...targets,
    ...targets.slice(0, 1).map((first) => ({ ...first, name: 'plain', labels: { env: 'dev' } })),
  ]);
}
