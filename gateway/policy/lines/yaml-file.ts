import { readFile } from 'node:fs/promises';
import { isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import type { Place } from '../lint/problem.ts';

/** Something in a file that cannot be read as what it should be. */
export interface Mistake extends Place {
  readonly message: string;
}

/** A file's value, and where each part of it stands. */
export type YamlFile<T> =
  | { readonly ok: true; readonly value: T; readonly placeOf: (path: readonly PropertyKey[]) => Place }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] };

/** Reads YAML 1.2 by a schema. What is wrong comes with the place where it stands. */
export async function readYaml<S extends z.ZodType>(file: string, schema: S): Promise<YamlFile<z.infer<S>>> {
  const lines = new LineCounter();
  const document = parseDocument(await readFile(file, 'utf8'), { lineCounter: lines });
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  if (document.errors.length > 0) {
    const mistakes = document.errors.map(({ pos, message }) => ({
      ...at(pos[0]),
      message: message.split('\n')[0] ?? '',
    }));
    return { ok: false, mistakes };
  }
  const placeOf = (path: readonly PropertyKey[]): Place => {
    // The nearest that is written: what is missing has no place of its own.
    for (let depth = path.length; depth > 0; depth--) {
      const node = document.getIn(path.slice(0, depth), true);
      if (isNode(node) && node.range) return at(node.range[0]);
    }
    return at(0);
  };
  const read = schema.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (read.success) return { ok: true, value: read.data, placeOf };
  const mistakes = read.error.issues.map((issue) => {
    const path = issue.path.map(String).join('.');
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
    const place = placeOf(unknown === undefined ? issue.path : [...issue.path, unknown]);
    return { ...place, message: path === '' ? issue.message : `${path}: ${issue.message}` };
  });
  return { ok: false, mistakes };
}

export function mistakeLine({ file, line, column, message }: Mistake): string {
  return `${file}:${line}:${column}: ${message}`;
}
