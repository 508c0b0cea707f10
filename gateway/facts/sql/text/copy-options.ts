import type { CopyFact } from '../../../contract/command-postgres.ts';
import { constant, nameParts, node, nodes, only, text, type Node } from './node.ts';

/** How COPY TO writes its rows. https://www.postgresql.org/docs/current/sql-copy.html */
export type CopyLayout = { readonly format: 'binary' } | CopyTextLayout;

export interface CopyTextLayout {
  readonly format: 'text' | 'csv';
  /** One byte. */
  readonly delimiter: string;
  /** What stands for NULL. */
  readonly nullText: string;
  /** One byte each; only CSV has them. */
  readonly quote: string;
  readonly escape: string;
  /** The first row holds the columns' names. */
  readonly header: boolean;
  /** Columns that are quoted whatever they hold; `*` for all. */
  readonly forceQuote: readonly string[];
}

export interface CopyReading {
  readonly format: CopyFact['format'];
  /** Undefined where it cannot be told for certain which byte belongs to which value. */
  readonly layout?: CopyLayout;
  /** Why there is no layout. */
  readonly why: string | null;
}

type Format = CopyLayout['format'];
const formats: readonly string[] = ['text', 'csv', 'binary'] satisfies readonly Format[];
const isFormat = (name: string | null | undefined): name is Format => formats.includes(name ?? '');
const layoutOptions: ReadonlySet<string> = new Set(
  'format delimiter null quote escape header force_quote encoding'.split(' '),
);
/** The server compares encoding names by their letters and digits (src/common/encnames.c). */
const utf8Names: ReadonlySet<string> = new Set(['utf8', 'unicode']);

/** @param options the DefElem list of a CopyStmt, of either syntax */
export function readCopyOptions(options: readonly Node[]): CopyReading {
  const args = new Map<string, Node | undefined>();
  let strange: string | undefined;
  for (const entry of options) {
    const option = only(entry, 'DefElem') ?? {};
    const name = text(option, 'defname');
    if (args.has(name) || !layoutOptions.has(name)) strange ??= name;
    args.set(name, node(option, 'arg'));
  }
  const named = args.has('format') ? constant(args.get('format')) : 'text';
  const format = isFormat(named) ? named : 'other';
  const refuse = (why: string): CopyReading => ({ format, why });
  if (format === 'other') return refuse('its format is not one of text, csv and binary');
  if (strange !== undefined) return refuse(`its option ${strange} is not one that masking reads`);
  const encoding = args.has('encoding') ? constant(args.get('encoding')) : 'utf8';
  if (!utf8Names.has((encoding ?? '').toLowerCase().replaceAll(/[^a-z0-9]/g, '')))
    return refuse('its ENCODING is not UTF8, so its text could be read in two ways');
  if (format === 'binary') return { format, layout: { format }, why: null };
  const header = readHeader(args);
  if (header === undefined) return refuse('its HEADER is neither on nor off');
  return readTextLayout(format, args, header, refuse);
}

function readTextLayout(
  format: 'text' | 'csv',
  args: ReadonlyMap<string, Node | undefined>,
  header: boolean,
  refuse: (why: string) => CopyReading,
): CopyReading {
  const isCsv = format === 'csv';
  const word = (name: string, otherwise: string): string =>
    args.has(name) ? (constant(args.get(name)) ?? '') : otherwise;
  const delimiter = word('delimiter', isCsv ? ',' : '\t');
  const nullText = word('null', isCsv ? '' : '\\N');
  const quote = word('quote', '"');
  const escape = word('escape', quote);
  for (const each of [delimiter, quote, escape])
    if (Buffer.byteLength(each) !== 1) return refuse('a DELIMITER, QUOTE or ESCAPE of it is not one byte');
  if (delimiter === quote || nullText.includes(delimiter) || (isCsv && nullText.includes(quote)))
    return refuse('its DELIMITER, QUOTE and NULL are not told apart');
  // In CSV a value that reads like NULL is quoted. In text it is not, so what stands for NULL must be nothing that a value can be written as.
  if (!isCsv && couldBeValue(nullText, delimiter))
    return refuse('its NULL could also be a value: leave it out, or use FORMAT csv');
  const forced = args.get('force_quote');
  const forceQuote = forced === undefined ? [] : 'A_Star' in forced ? ['*'] : namesOf(forced);
  return { format, layout: { format, delimiter, nullText, quote, escape, header, forceQuote }, why: null };
}

function namesOf(list: Node): readonly string[] {
  return nameParts(nodes(only(list, 'List') ?? {}, 'items'));
}

/** Only what the server takes for HEADER of COPY TO: defGetCopyHeaderChoice in src/backend/commands/copy.c. */
function readHeader(args: ReadonlyMap<string, Node | undefined>): boolean | undefined {
  if (!args.has('header')) return false;
  const value = args.get('header');
  if (value === undefined) return true;
  const word = constant(value)?.toLowerCase() ?? '';
  if (word === 'true' || word === 'on' || word === '1') return true;
  return word === 'false' || word === 'off' || word === '0' ? false : undefined;
}

/** Whether text COPY may write some value this way: a backslash in it always belongs to one of its escapes. */
function couldBeValue(written: string, delimiter: string): boolean {
  for (let at = 0; at < written.length; at++) {
    if (written[at] !== '\\') continue;
    at++;
    const next = written[at];
    if (next === undefined || !(next === delimiter || '\\bfnrtv'.includes(next))) return false;
  }
  return true;
}
