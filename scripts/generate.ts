import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { configJsonSchema } from '../gateway/config/json-schema.ts';

/** Writes the references that are made from the code. A test compares each of them with the code. */
const root = join(import.meta.dirname, '..');
const generated: readonly (readonly [file: string, text: string])[] = [
  ['docs/reference/config.schema.json', configJsonSchema()],
];

for (const [file, text] of generated) {
  await mkdir(dirname(join(root, file)), { recursive: true });
  await writeFile(join(root, file), text);
  console.log(file);
}
