import { statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { parseConfig, type ParsedConfig } from './parse.ts';
import type { Surroundings } from './fields.ts';

const maxConfigBytes = 1_048_576;

/** Reads the configuration file. What is wrong with it is returned, all at once; nothing is thrown. */
export async function loadConfig(file: string): Promise<ParsedConfig> {
  const text = await readText(file);
  if (!text.ok) return { ok: false, errors: [{ file, line: 1, column: 1, path: '', message: text.why }] };
  return parseConfig(text.text, surroundingsOf(file));
}

/** The environment and the file system, as the schema may ask them. */
export function surroundingsOf(file: string): Surroundings {
  return {
    file,
    env: (name) => process.env[name],
    isFile: (path) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false,
  };
}

async function readText(
  file: string,
): Promise<{ readonly ok: true; readonly text: string } | { readonly ok: false; readonly why: string }> {
  try {
    const { size } = await stat(file);
    if (size > maxConfigBytes) return { ok: false, why: `larger than ${String(maxConfigBytes)} bytes` };
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file)) };
  } catch (error) {
    if (error instanceof TypeError) return { ok: false, why: 'the file is not UTF-8' };
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    return { ok: false, why: code === 'ENOENT' ? 'there is no such file' : `the file cannot be read (${code})` };
  }
}
