import { isDeepStrictEqual } from 'node:util';
import { isMap, isScalar, parse, parseDocument, type YAMLMap } from 'yaml';
import { z } from 'zod';

/** `schema.relation.column` to its label. */
export type Additions = ReadonlyMap<string, string>;

const object = z.record(z.string(), z.unknown()).nullable();

/**
 * A data file's text with these columns labelled. Lines are added below those of the target, everything else stays as it is, comments
 * included; JSON, and YAML that is written in braces, is written anew.
 * @param path names under which the target's columns stand in this file
 * @throws TypeError when the text that came out does not say what it should
 */
export function withLabels(text: string, path: readonly string[], additions: Additions): string {
  const added = insertedLines(text, path, additions) ?? rewritten(text, path, additions);
  const wanted = withEntries(object.parse(parse(text)) ?? {}, path, additions);
  if (!isDeepStrictEqual(parse(added), wanted)) throw new TypeError('the labels would not stand where they belong');
  return added;
}

function insertedLines(text: string, path: readonly string[], additions: Additions): string | undefined {
  const document = parseDocument(text);
  const [last] = path.slice(-1);
  if (isFlow(text) || last === undefined) return undefined;
  const target: unknown = document.getIn(path, true);
  if (isMap(target) && target.flow !== true && target.items.length > 0) {
    const [first] = target.items;
    const at = isScalar(first?.key) ? (first.key.range?.[0] ?? 0) : 0;
    const indent = ' '.repeat(at - (text.lastIndexOf('\n', at - 1) + 1));
    const end = endOfLine(text, endOf(target));
    return `${wholeLines(text.slice(0, end))}${linesOf(additions, indent)}${text.slice(end)}`;
  }
  // The file's own names are targets, and this one is not among them.
  if (target === undefined && path.length === 1) {
    return `${wholeLines(text)}${scalar(last)}:\n${linesOf(additions, '  ')}`;
  }
  return undefined;
}

function rewritten(text: string, path: readonly string[], additions: Additions): string {
  if (isFlow(text))
    return `${JSON.stringify(withEntries(object.parse(parse(text)) ?? {}, path, additions), null, 2)}\n`;
  const document = parseDocument(text);
  for (let depth = 1; depth <= path.length; depth++) {
    const names = path.slice(0, depth);
    // "crm:" with nothing behind it is null.
    if (document.getIn(names) === null) document.setIn(names, document.createNode({}));
  }
  for (const [column, label] of additions) document.setIn([...path, column], [label]);
  return document.toString({ lineWidth: 0 });
}

/** JSON, or YAML that might as well be. */
function isFlow(text: string): boolean {
  return /^\s*\{/.test(text);
}

function withEntries(
  data: Readonly<Record<string, unknown>>,
  [name, ...rest]: readonly string[],
  additions: Additions,
): Record<string, unknown> {
  const entries = Object.fromEntries([...additions].map(([column, label]) => [column, [label]]));
  if (name === undefined) return { ...data, ...entries };
  return { ...data, [name]: withEntries(object.parse(data[name] ?? {}) ?? {}, rest, additions) };
}

function linesOf(additions: Additions, indent: string): string {
  return [...additions].map(([column, label]) => `${indent}${scalar(column)}: [${scalar(label)}]\n`).join('');
}

/** Plain where nothing could be read as anything else; JSON's strings are YAML's. */
function scalar(text: string): string {
  return /^[A-Za-z_][\w.-]*[A-Za-z0-9_]$/.test(text) && !/^(yes|no|on|off|true|false|null)$/i.test(text)
    ? text
    : JSON.stringify(text);
}

function wholeLines(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

function endOf(map: YAMLMap): number {
  const last = map.items.at(-1);
  const value: unknown = last?.value;
  const node = typeof value === 'object' && value !== null && 'range' in value ? value.range : undefined;
  const range = z.tuple([z.number(), z.number(), z.number()]).safeParse(node);
  return range.data?.[1] ?? map.range?.[1] ?? 0;
}

/** Past the line's end: a comment behind the value stays with it. */
function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', Math.max(0, at - 1));
  return end < 0 ? text.length : end + 1;
}
