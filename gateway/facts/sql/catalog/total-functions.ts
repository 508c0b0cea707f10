import { literal, node, only, tagged, type Node } from '../text/node.ts';
import { narrowed, type ValueKind } from './value-kind.ts';

/** What an argument may be, see `total`. */
export type ArgumentKind = 'value' | 'text' | 'row' | 'document' | 'clear' | 'constant' | 'integer' | 'pattern';

/**
 * Functions that neither fail nor return NULL by what a labelled argument holds, do nothing else, and take as long whatever it is: a mask over
 * their result hides all of it. One letter for each argument:
 * `v` any value · `t` a column that holds text or a UUID, as it is · `r` a whole row · `d` a value or a whole row · `u` anything that is made of no labelled column · `c` a constant or parameter ·
 * `i` a whole number written out (another type is another function: `substring` with a pattern returns NULL where nothing matches).
 * `n` one that is not below zero: `substr(x, 2, -1)` fails where there is a value.
 * `f` a text with `%s` and `%%` in it: `%I` fails at NULL, and a width may be a value.
 * `?` it may be left out; `(...)` as often as one likes.
 *
 * Not here for a reason: nullif and the regular expressions (NULL says what matched), LIKE (fails in the middle of a match), replace and
 * repeat (too long a result fails), trim with characters of one's own (how long the rest is tells the characters, and too long a text fails),
 * split_part (so long a part, and a text beside it that is nearly too long), casts to numbers and dates (fail), array_agg of arrays (fails where
 * they differ in length), to_json of a single value (its kind shows).
 * https://www.postgresql.org/docs/current/functions-string.html, https://www.postgresql.org/docs/current/functions-json.html,
 * https://www.postgresql.org/docs/current/functions-aggregate.html, https://www.postgresql.org/docs/current/functions-window.html
 */
const total: ReadonlyMap<string, string> = new Map([
  ['upper', 'v'],
  ['lower', 'v'],
  ['initcap', 'v'],
  ['reverse', 'v'],
  ['md5', 'v'],
  ['btrim', 'v'],
  ['ltrim', 'v'],
  ['rtrim', 'v'],
  ['left', 'vi'],
  ['right', 'vi'],
  ['substr', 'vin?'],
  ['substring', 'vin?'],
  ['concat', '(v)'],
  ['concat_ws', 'c(v)'],
  ['format', 'f(v)'],
  ['min', 'v'],
  ['max', 'v'],
  ['string_agg', 'vc'],
  ['array_agg', 't'],
  ['row_to_json', 'rc?'],
  ['to_json', 'r'],
  ['to_jsonb', 'r'],
  ['json_agg', 'd'],
  ['jsonb_agg', 'd'],
  ['json_object_agg', 'ud'],
  ['jsonb_object_agg', 'ud'],
  ['json_build_array', '(d)'],
  ['jsonb_build_array', '(d)'],
  ['json_build_object', '(ud)'],
  ['jsonb_build_object', '(ud)'],
  ['lag', 'vi?'],
  ['lead', 'vi?'],
  ['first_value', 'v'],
  ['last_value', 'v'],
  ['nth_value', 'vi'],
]);
const kinds: { readonly [letter: string]: ArgumentKind | 'count' } = {
  v: 'value',
  t: 'text',
  r: 'row',
  d: 'document',
  u: 'clear',
  c: 'constant',
  i: 'integer',
  n: 'count',
  f: 'pattern',
};

/** Kinds of values of which nothing but their text is read. */
export const textual: ReadonlySet<ValueKind> = new Set(['t', 'u', '.', ...narrowed]);
/** Into jsonb goes everything but json, whose text jsonb may refuse (`\u0000`), and a row may hold some. */
const binaryJson: ReadonlySet<ValueKind> = new Set([...textual, 'x']);
/** Rows are compared field by field, up to one whose type cannot be: whether that fails tells whether those before it are the same. */
const ordered = binaryJson;

/** Of which kinds of labelled values a function of this list is what the list says; undefined: of all. Names stand for other functions too, such as `lower` for a bound of a range. */
export function readsOnly(name: string): ReadonlySet<ValueKind> | undefined {
  if (/^(to_)?jsonb(_|$)/.test(name)) return binaryJson;
  if (name === 'min' || name === 'max') return ordered;
  return ofText.has(name) ? textual : undefined;
}

const ofText: ReadonlySet<string> = new Set(
  'upper lower initcap reverse md5 btrim ltrim rtrim left right substr substring string_agg'.split(' '),
);

/** What each argument of a call may be; undefined where the call is not of this kind, or its constants are none. */
export function totalCall(name: string, args: readonly Node[]): readonly ArgumentKind[] | undefined {
  const signature = total.get(name);
  if (signature === undefined) return undefined;
  const [, ones = '', group = ''] = /^([a-z?]*)(?:\(([a-z]+)\))?$/.exec(signature) ?? [];
  const fixed = [...ones.matchAll(/([a-z])(\??)/g)].map(([, letter = '', optional]) => ({ letter, optional }));
  const least = fixed.filter(({ optional }) => optional === '').length;
  const more = args.length - fixed.length;
  if (args.length < least || (more > 0 && (group === '' || more % group.length !== 0))) return undefined;
  const wanted = args.map((arg, i): ArgumentKind | undefined => {
    const kind = kinds[fixed[i]?.letter ?? group[(i - fixed.length) % group.length] ?? ''];
    if (kind === 'pattern') return isPattern(arg) ? kind : undefined;
    if (kind === 'count') return isConstant(arg, true) && !isNegative(arg) ? 'integer' : undefined;
    if (kind === 'constant' || kind === 'integer') return isConstant(arg, kind === 'integer') ? kind : undefined;
    return kind;
  });
  return wanted.every((kind) => kind !== undefined) ? wanted : undefined;
}

function isConstant(arg: Node, whole: boolean): boolean {
  const [tag, body] = tagged(arg);
  return whole ? tag === 'A_Const' && 'ival' in body : tag === 'A_Const' || tag === 'ParamRef';
}

function isNegative(arg: Node): boolean {
  const whole = node(only(arg, 'A_Const') ?? {}, 'ival')?.['ival'];
  return typeof whole === 'number' && whole < 0;
}

function isPattern(arg: Node): boolean {
  return literal(arg)?.replaceAll(/%[s%]/g, '').includes('%') === false;
}
