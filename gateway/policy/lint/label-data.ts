import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isMap, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import { maskMethods } from '../../contract/decision.ts';
import { wholeRelation } from '../labels.ts';
import { nearest, type LintCheck, type Problem } from './problem.ts';
import type { PolicySources } from './sources.ts';

/** Labels that the data defines, and what is wrong with those it uses. */
export interface LabelData {
  readonly labels: ReadonlySet<string>;
  /** The first names below `data` that data files give. */
  readonly roots: ReadonlySet<string>;
  readonly problems: readonly Problem[];
}

/** Reads `labels` and `columns` wherever they are: OPA puts a data file below the folders that it lies in. JSON is YAML here. */
export async function readLabelData(files: PolicySources['data']): Promise<LabelData> {
  const read = await Promise.all(
    files.map(([name, path]) => readFile(path, 'utf8').then((text) => document(name, path, text))),
  );
  const labels = new Set(read.flatMap((file) => keysAt(file, 'labels')));
  const roots = new Set(read.flatMap(({ above: [first], document: { contents } }) => first ?? keysOf(contents)));
  return {
    labels,
    roots,
    problems: read.flatMap((file) => [...methodProblems(file), ...columnProblems(file, labels)]),
  };
}

interface DataFile {
  readonly path: string;
  /** The folders above it, which are the first names in OPA's data. */
  readonly above: readonly string[];
  readonly document: Document;
  readonly lines: LineCounter;
}

function document(name: string, path: string, text: string): DataFile {
  const lines = new LineCounter();
  const above = dirname(name)
    .split('/')
    .filter((part) => part !== '.');
  return { path, above, document: parseDocument(text, { lineCounter: lines }), lines };
}

/** The node at `path` of the data, if this file has it. */
function nodeAt({ above, document }: DataFile, path: readonly string[]): unknown {
  const shared = above.every((part, i) => part === path[i]);
  return shared ? document.getIn(path.slice(above.length), true) : undefined;
}

function keysAt(file: DataFile, name: string): readonly string[] {
  const node = nodeAt(file, [name]) ?? (file.above.join('.') === name ? file.document.contents : undefined);
  return keysOf(node);
}

function keysOf(node: unknown): readonly string[] {
  return isMap(node) ? node.items.map(({ key }) => String(isScalar(key) ? key.value : key)) : [];
}

function methodProblems(file: DataFile): readonly Problem[] {
  return keysAt(file, 'labels').flatMap((label) => {
    const node = nodeAt(file, ['labels', label, 'mask']);
    if (!isScalar(node) || maskMethods.some((method) => method === node.value)) return [];
    const near = nearest(String(node.value), maskMethods);
    const instead = near === undefined ? `One of ${maskMethods.join(', ')}; 'null' in quotes.` : `Write ${near}.`;
    return [problem(file, node, 'unknown-method', `no masker has the method ${String(node.value)}`, instead)];
  });
}

function columnProblems(file: DataFile, labels: ReadonlySet<string>): readonly Problem[] {
  return keysAt(file, 'columns').flatMap((target) => {
    const columns = nodeAt(file, ['columns', target]);
    if (!isMap(columns)) return [];
    return columns.items.flatMap(({ key, value }) => {
      const carried = isScalar(value) ? [value] : listItems(value);
      return carried.flatMap((node) => {
        const relation = wholeRelation(String(isScalar(key) ? key.value : key));
        if (relation !== undefined) {
          const message = `${relation}.* is no column: no column would carry ${String(node.value)}`;
          return [problem(file, node, 'undefined-label', message, 'Name each column that is labelled.')];
        }
        if (labels.has(String(node.value))) return [];
        const near = nearest(String(node.value), [...labels]);
        const instead = near === undefined ? 'Define it in labels/data.yaml, with mask and readers.' : `Write ${near}.`;
        return [problem(file, node, 'undefined-label', `no data defines the label ${String(node.value)}`, instead)];
      });
    });
  });
}

function listItems(node: unknown) {
  if (typeof node !== 'object' || node === null || !('items' in node) || !Array.isArray(node.items)) return [];
  return node.items.filter((item) => isScalar(item));
}

function problem(
  { path, lines }: DataFile,
  node: { readonly range?: readonly [number, number, number] | null | undefined },
  check: LintCheck,
  message: string,
  instead: string,
): Problem {
  const { line, col } = lines.linePos(node.range?.[0] ?? 0);
  return { file: path, line, column: col, check, severity: 'error', message, instead };
}
