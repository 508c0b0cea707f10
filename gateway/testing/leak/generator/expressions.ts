import { types, type Type } from './schema.ts';
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

function literal({ tape }: Pick<Sight, 'tape'>, type: Type): string {
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
    case 'date':
      return tape.of(["date '2024-05-06'", "'2000-01-01'::date"]);
    case 'texts':
      return tape.of(["'{a,b}'::text[]", "ARRAY['x', NULL]", "'{}'::text[]"]);
    case 'range':
      return tape.of(["'[1,4)'::int4range", 'int4range(2, NULL)', "'empty'::int4range"]);
    case 'bytes':
      return tape.of(["'abc'::bytea", "'\\x00ff'::bytea"]);
    case 'bits':
      return tape.of(["B'101'::varbit", "B''::varbit"]);
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
    case 'date':
    case 'texts':
    case 'range':
    case 'bytes':
    case 'bits':
      return rarer(sight, type, next);
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
  const { tape } = sight;
  return tape.of([
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
    () => `octet_length(${next(tape.of(['text', 'bytes', 'bits']))})`,
    () => `${next('date')} - ${next('date')}`,
    () => `cardinality(${next('texts')})`,
    () => `array_position(${next('texts')}, ${next('text')})`,
    () => `${tape.of(['lower', 'upper'])}(${next('range')})`,
    () => `get_byte(${next('bytes')}, ${literal(sight, 'int')})`,
    () => `get_bit(${next('bits')}, ${literal(sight, 'int')})`,
    () => `bit_count(${next('bits')})::int`,
  ])();
}

function textOf(sight: Sight, next: Next): string {
  const { tape } = sight;
  return tape.of([
    () => `upper(${next('text')})`,
    () => `${next('text')} || ${next('text')}`,
    () => `concat(${next('text')}, ${next('int')}, ${next('text')})`,
    () => `left(${next('text')}, ${tape.odds(80) ? literal(sight, 'int') : next('int')})`,
    () => `${next(tape.of(types))}::text`,
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
    () => `array_to_string(${next('texts')}, ',')`,
    () => `(${next('texts')})[${literal(sight, 'int')}]`,
    () => `encode(${next('bytes')}, ${tape.of(["'hex'", "'base64'", "'escape'"])})`,
    () => `convert_from(${next('bytes')}, 'UTF8')`,
    () => `to_char(${next('date')}, 'YYYY')`,
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
    () => `to_jsonb(${next(tape.of(types))})`,
    () => (sight.rows[0] === undefined ? next('json') : `to_jsonb(${tape.of([sight.rows[0], ...sight.rows])})`),
  ])();
}

/** What the database has besides: each type has its own ways to say what is in a value. */
function rarer({ tape }: Sight, type: 'date' | 'texts' | 'range' | 'bytes' | 'bits', next: Next): string {
  switch (type) {
    case 'date':
      return tape.of([
        () => `${next('date')} + ${next('int')}`,
        () => `${next('time')}::date`,
        () => `${next('text')}::date`,
        () => `least(${next('date')}, ${next('date')})`,
      ])();
    case 'texts':
      return tape.of([
        () => `${next('texts')} || ${next(tape.of(['texts', 'text']))}`,
        () => `array_append(${next('texts')}, ${next('text')})`,
        () => `array_remove(${next('texts')}, ${next('text')})`,
        () => `string_to_array(${next('text')}, '-')`,
        () => `ARRAY[${next('text')}, ${next('text')}]`,
        () => `(${next('texts')})[1:2]`,
        () => `trim_array(${next('texts')}, 1)`,
      ])();
    case 'range':
      return tape.of([
        () => `int4range(${next('int')}, ${next('int')})`,
        () => `${next('range')} ${tape.of(['+', '*', '-'])} ${next('range')}`,
        () => `range_merge(${next('range')}, ${next('range')})`,
        () => `${next('text')}::int4range`,
      ])();
    case 'bytes':
      return tape.of([
        () => `convert_to(${next('text')}, 'UTF8')`,
        () => `${next('bytes')} || ${next('bytes')}`,
        () => `substring(${next('bytes')} from ${literal({ tape }, 'int')})`,
        () => `sha256(${next('bytes')})`,
        () => `${next('text')}::bytea`,
      ])();
    case 'bits':
      return tape.of([
        () => `${next('bits')} || ${next('bits')}`,
        () => `~ ${next('bits')}`,
        () => `${next('bits')} ${tape.of(['&', '|', '#'])} ${next('bits')}`,
        () => `${next('int')}::bit(8)::varbit`,
        () => `substring(${next('bits')} from 1 for 3)`,
      ])();
    default:
      return type satisfies never;
  }
}

/** Something that is true or not. */
export function condition(sight: Sight, depth = 2): string {
  const { tape } = sight;
  const inner = Math.max(0, depth - 1);
  const next = (of: Type): string => expression(sight, of, inner);
  const type = tape.of<Type>([
    'int',
    'text',
    'numeric',
    'time',
    'int',
    'text',
    'date',
    'texts',
    'range',
    'bytes',
    'bits',
  ]);
  const plain = [
    () => `${next(type)} ${tape.of(['=', '<', '>=', '<>'])} ${next(type)}`,
    () => `${next(type)} IS ${tape.odds(50) ? 'NOT ' : ''}NULL`,
    () => `${next('int')} IN (${next('int')}, ${next('int')}, 3)`,
    () => `${next('text')} LIKE ${next('text')}`,
    () => `${next('int')} BETWEEN ${next('int')} AND ${next('int')}`,
    () => `${next(type)} IS DISTINCT FROM ${next(type)}`,
    () => `starts_with(${next('text')}, ${next('text')})`,
    () => `${next('text')} = ANY (${next('texts')})`,
    () => `${next('texts')} && ${next('texts')}`,
    () => `${next('range')} @> ${next(tape.of(['int', 'range']))}`,
    () => `isempty(${next('range')})`,
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
