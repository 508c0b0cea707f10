/** Kinds of channels, by where they begin in the numbering of leak.sql. */
const classes: readonly (readonly [from: number, title: string])[] = [
  [1, 'columns and their names'],
  [7, 'computed values'],
  [19, 'whole rows, JSON, XML'],
  [39, 'aggregates, CASE, windows'],
  [49, 'sub-queries, CTEs, joins'],
  [71, 'spelling'],
  [79, 'views and functions'],
  [91, 'RETURNING'],
  [99, 'COPY'],
  [107, 'cursors, PREPARE'],
  [113, 'copies and renames'],
  [127, 'code that is defined'],
  [141, 'settings, notifications'],
  [147, 'error texts'],
  [169, 'oracles'],
  [189, 'plans and statistics'],
  [195, 'files and other servers'],
  [205, 'more ways to a row'],
  [223, 'numbers'],
  [229, 'defaults, indexes, roles'],
  [243, 'values parked elsewhere'],
  [253, 'two parsers'],
  [259, 'more of these'],
];

export const classNames = classes.map(([, title]) => title);

/** @param id `L017` */
export function classOf(id: string): string {
  const number = Number(id.slice(1));
  return classes.findLast(([from]) => from <= number)?.[1] ?? 'others';
}
