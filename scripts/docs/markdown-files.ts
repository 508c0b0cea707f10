import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './markdown.ts';

const folders = ['docs', 'gateway', 'policies', 'bundles'];

/** Every Markdown page that we write, relative to the root. */
export function markdownFiles(): readonly string[] {
  const top = readdirSync(root).filter((f) => f.endsWith('.md'));
  const below = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((f) => f.endsWith('.md'))
      .map((f) => `${folder}/${f}`),
  );
  return [...top, ...below].toSorted();
}
