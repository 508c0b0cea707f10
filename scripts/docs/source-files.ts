import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './markdown.ts';

export interface SourceFile {
  readonly file: string;
  readonly text: string;
}

/** The source files under a folder, tests and what only tests use aside. */
export function sourcesUnder(folder: string): readonly SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((f) => /\.(ts|rego)$/.test(f) && !/[._]test\.|^testing\//.test(f))
    .map((f) => ({ file: `${folder}/${f}`, text: readFileSync(join(root, folder, f), 'utf8') }));
}

/** Whether a word stands anywhere in the gateway but where it is defined. A name that nobody reads does nothing, and its page says so. */
export function isUsed(word: string, definedIn: string): boolean {
  const pattern = new RegExp(`\\b${word}\\b`);
  return gateway().some(({ file, text }) => !file.startsWith(definedIn) && pattern.test(text));
}

let read: readonly SourceFile[] | undefined;
function gateway(): readonly SourceFile[] {
  return (read ??= sourcesUnder('gateway'));
}
