import { access, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { SallyportError } from '../../contract/errors.ts';
import { canaryCases } from '../engine/canary-cases.ts';

/** What a file of cases is called, in any folder of the tests. */
const fileName = 'canaries.yaml';

/**
 * Puts the cases of all `canaries.yaml` among the tests into the staged policies, as the bundle's data `canaries`: a gateway tries them
 * before the bundle goes live.
 * @param into the staged policies
 * @throws SallyportError `opa-failed` naming the file and the field
 */
export async function stageCanaries(tests: readonly string[], into: string): Promise<void> {
  const cases: z.input<typeof canaryCases> = [];
  for (const folder of tests) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((e) => e.isFile() && e.name === fileName).map((e) => join(e.parentPath, e.name));
    for (const file of files.sort()) cases.push(...(await casesIn(file)));
  }
  if (cases.length === 0) return;
  const home = join(into, 'canaries');
  if (await exists(home)) {
    throw new SallyportError('opa-failed', `the policies have data called canaries: that is where ${fileName} goes`);
  }
  await mkdir(home);
  await writeFile(join(home, 'data.json'), JSON.stringify(cases));
}

async function casesIn(file: string): Promise<z.output<typeof canaryCases>> {
  let content: unknown;
  try {
    content = parse(await readFile(file, 'utf8'));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SallyportError('opa-failed', `${file}: ${why}`, { cause });
  }
  const read = canaryCases.safeParse(content);
  if (read.success) return read.data;
  throw new SallyportError('opa-failed', `${file}: ${z.prettifyError(read.error)}`);
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
