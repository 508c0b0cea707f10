import { lookUpOf } from '../canary.ts';
import { condition, expression } from './expressions.ts';
import { tables, types, type Type } from './schema.ts';
import { fresh, guarded, type OutputColumn, type Query, type Relation, type Sight, type Visible } from './scope.ts';

/** A query that may stand anywhere; with `wanted`, of columns of these types. What is in sight around it may be named in it. */
export function readQuery(sight: Sight, wanted?: readonly Type[]): Query {
  const { tape } = sight;
  const inside: Sight = { ...sight, depth: sight.depth - 1 };
  return tape.weighted<() => Query>([
    [12, () => select(sight, wanted)],
    ...(sight.depth > 0
      ? ([
          [2, () => setOperation(inside, wanted)],
          [2, () => withQueries(inside, wanted)],
        ] as const)
      : []),
    [1, () => values(sight, wanted ?? ['int', 'text'])],
  ])();
}

function select(sight: Sight, wanted: readonly Type[] | undefined): Query {
  const { tape } = sight;
  const from = fromClause(sight);
  const own: Sight = { ...sight, columns: [...from.columns, ...sight.columns], rows: from.rows };
  const where = tape.odds(35) ? ` WHERE ${condition(guarded(own))}` : '';
  const grouped = tape.odds(20);
  const targets = grouped ? groupedTargets(own, wanted) : plainTargets(own, from, wanted);
  const distinct = !grouped && tape.odds(8) ? 'DISTINCT ' : '';
  const order = tape.odds(30) ? ` ORDER BY ${orderKey(own, targets.columns, grouped || distinct !== '')}` : '';
  const limit = tape.odds(20) ? ` LIMIT ${tape.of(['1', '2', '3'])}` : '';
  return {
    text: `SELECT ${distinct}${targets.text} FROM ${from.text}${where}${targets.group}${order}${limit}`,
    columns: targets.columns,
  };
}

/** A query whose rows are chosen by one labelled value, among other conditions: what policy may allow, and nothing around it. */
export function lookingUp(sight: Sight): Query {
  const { tape } = sight;
  const from = fromClause(sight);
  const own: Sight = { ...sight, columns: from.columns, rows: from.rows };
  const [first, ...more] = from.columns.filter(({ type, labelled }) => type === 'text' && labelled);
  const column = first ? tape.of([first, ...more]).text : 'customers.email';
  const value = `'${lookUpOf(tape.of(lookedUp))}'`;
  const sought = tape.of([
    `${column} = ${value}`,
    `${value} = ${column}`,
    `lower(${column}) = lower(${value})`,
    `${column} IN (${value}::text)`,
  ]);
  const conditions = tape.of([
    () => sought,
    () => `${sought} AND ${condition(guarded(own))}`,
    () => `${condition(guarded(own))} AND (${sought} AND ${condition(guarded(own), 1)})`,
  ])();
  const grouped = tape.odds(15);
  const targets = grouped ? groupedTargets(own, undefined) : plainTargets(own, from, undefined);
  const limit = tape.odds(10) ? ' LIMIT 2' : '';
  return {
    text: `SELECT ${targets.text} FROM ${from.text} WHERE ${conditions}${targets.group}${limit}`,
    columns: targets.columns,
  };
}

const lookedUp = [
  'alice.adams@example.test',
  'bob.brown@example.test',
  'eve.eads@corp.test',
  'vip.person@example.test',
  '078-05-1120',
  '4111111111111111',
  'nobody@example.test',
] as const;

interface Targets {
  readonly text: string;
  readonly columns: readonly OutputColumn[];
  /** ` GROUP BY ...`, or nothing. */
  readonly group: string;
}

function plainTargets(own: Sight, from: From, wanted: readonly Type[] | undefined): Targets {
  const { tape } = own;
  if (!wanted && tape.odds(12)) return { text: '*', columns: from.star, group: '' };
  const list = wanted ?? Array.from({ length: 1 + tape.take(3) }, () => tape.of(['int', 'text', 'text', ...types]));
  const [labelled, ...more] = own.columns.filter((column) => column.labelled);
  const targets = list.map((type) =>
    !wanted && labelled && tape.odds(25) ? tape.of([labelled, ...more]) : { type, text: expression(own, type) },
  );
  return { ...named(own, targets), group: '' };
}

function groupedTargets(own: Sight, wanted: readonly Type[] | undefined): Targets {
  const { tape } = own;
  const keys = Array.from({ length: tape.take(3) }, () => tape.of<Type>(['int', 'text']));
  const made = keys.map((type) => ({ type, text: expression(guarded(own), type, 1) }));
  const list =
    wanted ?? Array.from({ length: 1 + tape.take(2) }, () => tape.of<Type>(['int', 'text', 'numeric', ...types]));
  const targets = list.map((type) => {
    const [key, ...more] = made.filter((each) => each.type === type);
    return { type, text: key && tape.odds(50) ? tape.of([key, ...more]).text : aggregate(own, type) };
  });
  const having = tape.odds(15) ? ` HAVING ${aggregate(guarded(own), 'int')} > 0` : '';
  const shape = (list: string): string => tape.weighted([[6, list], [1, `ROLLUP (${list})`]]); // prettier-ignore
  return {
    ...named(own, targets),
    group: (made.length > 0 ? ` GROUP BY ${shape(made.map(({ text }) => text).join(', '))}` : '') + having,
  };
}

/** Each target by a name of its own; what names a labelled column is taken to be labelled. */
function named(
  own: Sight,
  targets: readonly { readonly type: Type; readonly text: string }[],
): Pick<Targets, 'text' | 'columns'> {
  const made = targets.map(({ type, text }) => {
    const labelled = own.columns.some((column) => column.labelled && text.includes(column.text));
    return { name: fresh(own, 'c'), type, labelled, text };
  });
  return { text: made.map(({ name, text }) => `${text} AS ${name}`).join(', '), columns: made };
}

function aggregate(own: Sight, type: Type): string {
  const { tape } = own;
  const filter = tape.odds(15) ? ` FILTER (WHERE ${condition(guarded(own), 1)})` : '';
  const order = tape.odds(20) ? ` ORDER BY ${expression(guarded(own), 'int', 0)}` : '';
  const of = (each: Type): string => expression(own, each, 1);
  switch (type) {
    case 'int':
      return `${tape.of(['count(*)', `count(${of('text')})`, `max(${of('int')})`, `count(DISTINCT ${of('text')})`])}${filter}`;
    case 'text':
      return `${tape.of([`max(${of('text')})`, `string_agg(${of('text')}, ','${order})`, `min(${of('text')})`, `array_agg(${of('text')}${order})`])}${filter}${tape.odds(10) ? '::text' : ''}`;
    case 'numeric':
      return `${tape.of(['sum', 'avg', 'max'])}(${of('numeric')})${filter}`;
    case 'json':
      return `jsonb_agg(${of('text')}${order})`;
    case 'bool':
      return `bool_or(${condition(guarded(own), 1)})`;
    case 'time':
    case 'date':
    case 'texts':
    case 'bytes':
      return `max(${of(type)})${filter}`;
    case 'range':
      return `${tape.of(['range_agg', 'range_intersect_agg'])}(${of('range')})${filter}`;
    case 'bits':
      return `${tape.of(['bit_or', 'bit_and'])}(${of('bits')})${filter}`;
    default:
      return type satisfies never;
  }
}

function orderKey(own: Sight, columns: readonly OutputColumn[], restricted: boolean): string {
  const { tape } = own;
  const direction = tape.of(['', ' DESC', ' NULLS FIRST']);
  const clean = columns.filter(({ labelled }) => !labelled || tape.odds(5));
  const [first, ...more] = clean;
  if (first && (restricted || tape.odds(40))) return `${tape.of([first, ...more]).name}${direction}`;
  if (restricted) return '1';
  return `${expression(guarded(own), tape.of(['int', 'text']), 1)}${direction}`;
}

interface From {
  readonly text: string;
  readonly columns: readonly Visible[];
  readonly rows: readonly string[];
  /** What `*` stands for. */
  readonly star: readonly OutputColumn[];
}

function fromClause(sight: Sight): From {
  const { tape } = sight;
  let from = fromItem(sight);
  for (let more = tape.weighted([[6, 0], [3, 1], [1, 2]]); more > 0; more -= 1) from = joined(sight, from); // prettier-ignore
  return from;
}

function fromItem(sight: Sight): From {
  const { tape } = sight;
  const alias = fresh(sight, 't');
  const [firstTable, ...otherTables] = tables;
  if (sight.depth > 0 && tape.odds(20)) {
    const query = readQuery({ ...sight, columns: [], rows: [], depth: sight.depth - 1 });
    if (!tape.odds(25)) return item(`(${query.text}) AS ${alias}`, alias, query.columns);
    const columns = query.columns.map((column) => ({ ...column, name: fresh(sight, 'r') }));
    return item(`(${query.text}) AS ${alias}(${columns.map(({ name }) => name).join(', ')})`, alias, columns);
  }
  const relation: Relation = tape.of([firstTable, ...otherTables, ...sight.named]);
  if (tape.odds(4)) return item(`generate_series(1, 3) AS ${alias}(n)`, alias, [{ name: 'n', type: 'int', labelled: false }]); // prettier-ignore
  return item(`${relation.name} AS ${alias}`, alias, relation.columns);
}

function item(text: string, alias: string, columns: readonly OutputColumn[]): From {
  const visible = columns.map(({ name, type, labelled }) => ({ text: `${alias}.${name}`, type, labelled }));
  return { text, columns: visible, rows: [alias], star: columns };
}

function joined(sight: Sight, left: From): From {
  const { tape } = sight;
  const lateral = sight.depth > 0 && tape.odds(15);
  const right = lateral ? lateralItem(sight, left) : fromItem(sight);
  const both: From = {
    text: '',
    columns: [...left.columns, ...right.columns],
    rows: [...left.rows, ...right.rows],
    star: [...left.star, ...right.star],
  };
  const join = tape.of(['JOIN', 'LEFT JOIN', 'FULL JOIN', 'RIGHT JOIN']);
  const key = (of: From): string => of.columns.find(({ type }) => type === 'int')?.text ?? '1';
  const text = tape.weighted<() => string>([
    [6, () => `${left.text} ${lateral ? 'LEFT JOIN' : join} ${right.text} ON ${key(left)} = ${key(right)}`],
    [2, () => `${left.text} ${lateral ? 'JOIN' : join} ${right.text} USING (id)`],
    [1, () => `${left.text} NATURAL JOIN ${right.text}`],
    [2, () => `${left.text} CROSS JOIN ${right.text}`],
    [1, () => `${left.text} JOIN ${right.text} ON ${condition(guarded({ ...sight, columns: both.columns, rows: [] }), 1)}`],
  ])(); // prettier-ignore
  return { ...both, text };
}

function lateralItem(sight: Sight, left: From): From {
  const alias = fresh(sight, 't');
  const query = readQuery({ ...sight, columns: left.columns, rows: left.rows, depth: sight.depth - 1 });
  return item(`LATERAL (${query.text}) AS ${alias}`, alias, query.columns);
}

function setOperation(sight: Sight, wanted: readonly Type[] | undefined): Query {
  const left = select(sight, wanted ?? sight.tape.of([['int'], ['text'], ['int', 'text'], ['text', 'text']]));
  const right = select(
    sight,
    left.columns.map(({ type }) => type),
  );
  const operator = sight.tape.weighted([[6, 'UNION ALL'], [2, 'UNION'], [1, 'EXCEPT'], [1, 'INTERSECT']]); // prettier-ignore
  return { text: `(${left.text}) ${operator} (${right.text})`, columns: left.columns };
}

function withQueries(sight: Sight, wanted: readonly Type[] | undefined): Query {
  const { tape } = sight;
  const inner = readQuery({ ...sight, columns: [], rows: [] });
  // Sometimes the name of a table, which it then hides.
  const name = tape.odds(15) ? tape.of(['customers', 'scratch', 'v_contact']) : fresh(sight, 'w');
  const relation: Relation = { name, columns: inner.columns };
  const outer = readQuery({ ...sight, named: [relation, relation, relation, ...sight.named] }, wanted);
  const how = tape.of(['', 'MATERIALIZED ', 'NOT MATERIALIZED ']);
  return { text: `WITH ${name} AS ${how}(${inner.text}) ${outer.text}`, columns: outer.columns };
}

function values(sight: Sight, list: readonly Type[]): Query {
  const rows = Array.from({ length: 1 + sight.tape.take(2) }, () => {
    return `(${list.map((type) => expression(sight, type, 1)).join(', ')})`;
  });
  const columns = list.map((type, i) => ({ name: `column${String(i + 1)}`, type, labelled: false }));
  return { text: `VALUES ${rows.join(', ')}`, columns };
}
