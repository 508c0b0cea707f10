import { isMap, isScalar, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import { z } from 'zod';
import { disagreements, weaknesses, type Remark } from './agreement.ts';
import type { Surroundings } from './fields.ts';
import { configSchema, type Config } from './schema.ts';
import { mappingWording, unknownKey, wording, yamlWording } from './wording.ts';

/** Something wrong with the configuration, at the character where it stands. Lines and columns count from 1. */
export interface ConfigError {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** `targets[0].tls.mode`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
}

export type ParsedConfig =
  | {
      readonly ok: true;
      readonly config: Config;
      /** Weaker modes that were asked for. */ readonly warnings: readonly ConfigError[];
      /** Where in the file a remark about a field stands: for what others find out about it. */
      readonly place: (remark: Remark) => ConfigError;
    }
  | { readonly ok: false; readonly errors: readonly [ConfigError, ...ConfigError[]] };

const maxAliases = 50; // enough for anybody's anchors, too few for a "billion laughs"

/** Reads a configuration from YAML 1.2 (or JSON). Reports everything that is wrong at once, in the order of the file; of text that is no YAML, where it stops being so. */
export function parseConfig(text: string, around: Surroundings): ParsedConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false, version: '1.2' });
  const at = (offset: number): { readonly line: number; readonly column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const place = (remark: Remark, onKey = false): ConfigError => ({
    file: around.file,
    ...at(offsetOf(document, remark.path, onKey)),
    path: writtenPath(remark.path),
    message: remark.message,
  });

  // What the parser says behind the first comes of the first.
  const [unreadable] = document.errors;
  if (unreadable)
    return {
      ok: false,
      errors: [{ file: around.file, ...at(unreadable.pos[0]), path: '', message: yamlWording(unreadable) }],
    };
  const content = contentOf(document);
  if (!content.ok) return { ok: false, errors: [place({ path: [], message: content.why })] };

  const schema = configSchema(around);
  const read = schema.safeParse(content.value, { reportInput: true });
  const problems = read.success
    ? disagreements(read.data).map((remark) => place(remark))
    : read.error.issues.flatMap((issue) => remarksOf(issue, schema).map(({ remark, onKey }) => place(remark, onKey)));
  const sorted = problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
  if (isNonEmpty(sorted)) return { ok: false, errors: sorted };
  if (!read.success) throw new Error('a schema that refuses says why');
  return { ok: true, config: read.data, warnings: weaknesses(read.data).map((remark) => place(remark)), place };
}

/** `gateway.yaml:12:5: targets[0].port: expected a whole number, got "x"` */
export function formatConfigError(error: ConfigError): string {
  const where = `${error.file}:${String(error.line)}:${String(error.column)}`;
  return error.path === '' ? `${where}: ${error.message}` : `${where}: ${error.path}: ${error.message}`;
}

function contentOf(document: Document): { ok: true; value: unknown } | { ok: false; why: string } {
  try {
    const value: unknown = document.toJS({ maxAliasCount: maxAliases });
    return value === null ? { ok: false, why: 'the file is empty' } : { ok: true, value };
  } catch (error) {
    return { ok: false, why: error instanceof Error ? error.message : 'the file cannot be read as YAML' };
  }
}

function remarksOf(
  issue: z.core.$ZodIssue,
  schema: z.ZodType,
): readonly { readonly remark: Remark; readonly onKey: boolean }[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  const aMapping = issue.code === 'invalid_type' && issue.expected === 'object' && issue.input !== undefined;
  if (issue.code !== 'unrecognized_keys' && !aMapping)
    return [{ remark: { path, message: wording(issue) }, onKey: false }];
  const shape = z.toJSONSchema(schema, { io: 'input' });
  if (issue.code !== 'unrecognized_keys')
    return [{ remark: { path, message: mappingWording(issue, shape) }, onKey: false }];
  return issue.keys.map((key) => ({
    remark: { path: [...path, key], message: unknownKey(key, shape, path) },
    onKey: true,
  }));
}

/** Where a path stands in the text; of a path that is not there, where its nearest ancestor stands. */
function offsetOf(document: Document, path: readonly (string | number)[], onKey: boolean): number {
  const last = path.at(-1);
  const parent = document.getIn(path.slice(0, -1), true);
  if (isMap<unknown, Node | null>(parent)) {
    const pair = parent.items.find((p) => (isScalar(p.key) ? String(p.key.value) : '') === String(last));
    const key = isScalar(pair?.key) ? pair.key.range?.[0] : undefined;
    const value = pair?.value?.range?.[0];
    const found = onKey ? key : (value ?? key);
    if (found !== undefined) return found;
  }
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    if (hasRange(node)) return node.range[0];
  }
  return document.contents?.range?.[0] ?? 0;
}

function hasRange(node: unknown): node is { readonly range: readonly [number, number, number] } {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);
}

function writtenPath(path: readonly (string | number)[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${String(step)}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}

function isNonEmpty<T>(list: readonly T[]): list is readonly [T, ...T[]] {
  return list.length > 0;
}
