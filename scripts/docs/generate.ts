import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { root } from './markdown.ts';
import { compare, pages } from './pages.ts';

/** Writes the reference pages that are made from the code. `--check` writes nothing and fails where one is not what it would be. */
const check = process.argv.includes('--check');
for (const [file, render] of pages) {
  const { wanted, found } = await compare(file, render);
  if (found === wanted) continue;
  process.stdout.write(`${file}${check ? ': not what the code says' : ''}\n`);
  if (check) {
    process.exitCode = 1;
    continue;
  }
  await mkdir(dirname(join(root, file)), { recursive: true });
  await writeFile(join(root, file), wanted);
}
