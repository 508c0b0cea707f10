import type { Type } from './schema.ts';
import { guarded, type Sight } from './scope.ts';

/** An expression of about this type. Some do not type-check, and the server says so. */
export function expression(sight: Sight, type: Type, depth = 2): string {
  if (depth === 0) return leaf(sight, type);
  const next = (of: Type): string => expression(sight, of, depth - 1);
  const { tape } = sight;
  if (tape.odds(40)) return compound(sight, type, depth, next);
  return leaf(sight, type);
}

function leaf(sight: Sight, type: Type): string {
  const { tape } = sight;
  const wanted = tape.odds(sight.labelledOdds);
  const fitting = sight.columns.filter((column) => column.type === type && column.labelled === wanted);
  const [first, ...rest] = fitting;
  return first && !tape.odds(10) ? tape.of([first, ...rest]).text : literal(sight, type);
}

function literal({ tape }: Sight, type: Type): string {
  switch (type) {
    case 'int':
      return tape.of(['1', '0', '2', '10', '-3', '100']);
    case 'text':
      return tape.of([
        "'a'",
        "''",
        "'Alice Adams'",
        "'x%'",
        "'-'",
        'NULL',
        "'078-05-1120'",
        "'alice.adams@example.test'",
      ]);
    case 'numeric':
      return tape.of(['1.5', '0.00', '10', '99.50']);
    case 'time':
      return tape.of(["timestamptz '2026-01-01'", "'2025-01-01'::timestamptz"]);
    case 'bool':
      return tape.of(['true', 'false', 'NULL::bool']);
    case 'json':
      return tape.of([`'{"a":1}'::jsonb`, `'[1,"b"]'::json::jsonb`]);
    default:
      return type satisfies never;
  }
}

type Next = (of: Type) => string;

function compound(sight: Sight, type: Type, depth: number, next: Next): string {
  const { tape } = sight;
  if (tape.odds(12)) return shared(sight, type, depth, next);
  switch (type) {
    case 'int':
      return intOf(sight, next);
    case 'text':
      return textOf(sight, next);
    case 'numeric':
      return tape.of([
        () => `${next('numeric')} + ${next('numeric')}`,
        () => `round(${next('numeric')}, 1)`,
        () => `${next('int')}::numeric`,
        () => `${next('numeric')} / ${next('int')}`,
        () => `${next('text')}::numeric`,
        () => `sum(${next('numeric')}) OVER (PARTITION BY ${expression(guarded(sight), 'int', 0)})`,
      ])();
    case 'time':
      return tape.of([
        () => `date_trunc('month', ${next('time')})`,
        () => `${next('time')} + interval '1 day'`,
        () => `${next('text')}::timestamptz`,
        () => `greatest(${next('time')}, ${next('time')})`,
      ])();
    case 'bool':
      return condition(sight, depth);
    case 'json':
      return jsonOf(sight, next);
    default:
      return type satisfies never;
  }
}

/** What there is for every type. */
function shared(sight: Sight, type: Type, depth: number, next: Next): string {
  const { tape } = sight;
  return tape.of([
    () => `coalesce(${next(type)}, ${next(type)})`,
    () => `CASE WHEN ${condition(guarded(sight), depth - 1)} THEN ${next(type)} ELSE ${next(type)} END`,
    () => `nullif(${next(type)}, ${next(type)})`,
    () => `(${next(type)})`,
    () => `(ARRAY[${next(type)}, ${next(type)}])[${next('int')}]`,
    () => `greatest(${next(type)}, ${next(type)})`,
    () => `(SELECT ${scalar(sight, type)})`,
    () => `first_value(${next(type)}) OVER (ORDER BY ${expression(guarded(sight), 'int', 0)})`,
  ])();
}

/** What stands between the parentheses of a scalar sub-query. */
function scalar(sight: Sight, type: Type): string {
  if (sight.depth === 0) return expression(sight, type, 0);
  const query = sight.query({ ...sight, depth: sight.depth - 1 }, [type]);
  return `q.v FROM (${query.text}) AS q(v) LIMIT 1`;
}

function intOf(sight: Sight, next: Next): string {
  return sight.tape.of([
    () => `${next('int')} + ${next('int')}`,
    () => `length(${next('text')})`,
    () => `${next('int')} * ${next('int')}`,
    () => `${next('int')} / ${next('int')}`,
    () => `${next('text')}::int`,
    () => `ascii(${next('text')})`,
    () => `position(${next('text')} in ${next('text')})`,
    () => `extract(year from ${next('time')})::int`,
    () => `row_number() OVER (ORDER BY ${expression(guarded(sight), sight.tape.of(['int', 'text']), 0)})`,
    () => `num_nulls(${next('text')}, ${next('int')})`,
    () => `(${condition(guarded(sight), 1)})::int`,
    () => `octet_length(${next('text')})`,
  ])();
}

function textOf(sight: Sight, next: Next): string {
  const { tape } = sight;
  return tape.of([
    () => `upper(${next('text')})`,
    () => `${next('text')} || ${next('text')}`,
    () => `concat(${next('text')}, ${next('int')}, ${next('text')})`,
    () => `left(${next('text')}, ${tape.odds(80) ? literal(sight, 'int') : next('int')})`,
    () => `${next(tape.of(['int', 'text', 'numeric', 'bool', 'json', 'time']))}::text`,
    () => `substr(${next('text')}, ${next('int')})`,
    () => `concat_ws(${next('text')}, ${next('text')}, ${next('text')})`,
    () => `md5(${next('text')})`,
    () => `reverse(lower(${next('text')}))`,
    () => `btrim(${next('text')}, ${literal(sight, 'text')})`,
    () => `replace(${next('text')}, ${next('text')}, ${next('text')})`,
    () => `split_part(${next('text')}, '-', ${next('int')})`,
    () => `format('%s', ${next('text')})`,
    () => `${next('text')} COLLATE "C"`,
    () => `${next('text')}::varchar(3)`,
    () => `regexp_replace(${next('text')}, '[a-z]', '')`,
    () => `${next('json')} ->> 'a'`,
    () => `lag(${next('text')}) OVER (ORDER BY ${expression(guarded(sight), 'int', 0)})`,
    () => `lpad(${next('text')}, 5)`,
    () => `quote_literal(${next('text')})`,
    () => `translate(${next('text')}, '-', '')`,
    () => (sight.rows[0] === undefined ? next('text') : `${tape.of([sight.rows[0], ...sight.rows])}::text`),
  ])();
}

function jsonOf(sight: Sight, next: Next): string {
  const { tape } = sight;
  return tape.of([
    () => `to_jsonb(${next('text')})`,
    () => `jsonb_build_object('a', ${next('text')}, 'b', ${next('int')})`,
    () => `${next('json')} -> 'a'`,
    () => `jsonb_build_array(${next('int')}, ${next('text')})`,
    () => `${next('json')} || ${next('json')}`,
    () => (sight.rows[0] === undefined ? next('json') : `to_jsonb(${tape.of([sight.rows[0], ...sight.rows])})`),
  ])();
}

/** Something that is true or not. */
export function condition(sight: Sight, depth = 2): string {
  const { tape } = sight;
  const inner = Math.max(0, depth - 1);
  const next = (of: Type): string => expression(sight, of, inner);
  const type = tape.of<Type>(['int', 'text', 'numeric', 'time']);
  const plain = [
    () => `${next(type)} ${tape.of(['=', '<', '>=', '<>'])} ${next(type)}`,
    () => `${next(type)} IS ${tape.odds(50) ? 'NOT ' : ''}NULL`,
    () => `${next('int')} IN (${next('int')}, ${next('int')}, 3)`,
    () => `${next('text')} LIKE ${next('text')}`,
    () => `${next('int')} BETWEEN ${next('int')} AND ${next('int')}`,
    () => `${next(type)} IS DISTINCT FROM ${next(type)}`,
    () => `starts_with(${next('text')}, ${next('text')})`,
  ] as const;
  const inside: Sight = { ...sight, depth: sight.depth - 1 };
  if (depth === 0) return tape.of(plain)();
  return tape.weighted<() => string>([
    [6, tape.of(plain)],
    [1, () => `${condition(sight, inner)} AND ${condition(sight, inner)}`],
    [1, () => `(${condition(sight, inner)} OR ${condition(sight, inner)})`],
    [1, () => `NOT (${condition(sight, inner)})`],
    ...(sight.depth > 0
      ? ([
          [1, () => `EXISTS (${inside.query(inside).text})`],
          [1, () => `${next('int')} IN (${inside.query(inside, ['int']).text})`],
          [1, () => `${next('text')} = ANY (${inside.query(inside, ['text']).text})`],
          [1, () => `(${next('int')}, ${next('text')}) IN (${inside.query(inside, ['int', 'text']).text})`],
        ] as const)
      : []),
  ])();
}
