import { maskMethods } from '../../gateway/contract/decision.ts';
import { openMasks } from '../../gateway/enforce/masking/masks.ts';
import { emptyRowText } from '../../gateway/protocols/postgres/results/row.ts';
import { shapeOf } from '../../gateway/protocols/postgres/types/types.ts';
import { ownTypes } from '../../gateway/facts/sql/index.ts';
import { code, generatedNote, table } from './markdown.ts';

/** Always the same key, so that the page is always the same. */
const masks = openMasks({ secret: Buffer.alloc(32, 7), version: 1 });

/** Types by their OID, with a value as the server prints it. */
const samples: readonly (readonly [type: string, typeOid: number, value: string])[] = [
  ['`text`, `varchar`, `char`, `citext`', 25, 'Margarida da Silva'],
  ['`smallint`, `integer`, `bigint`, `oid`', 23, '54321'],
  ['`numeric`', 1700, '12345.60'],
  ['`real`, `double precision`', 701, '2.5e+20'],
  ['`boolean`', 16, 't'],
  ['`date`', 1082, '1984-05-06'],
  ['`timestamp`, `timestamptz`', 1184, '1984-05-06 07:08:09+00'],
  ['`time`, `timetz`', 1083, '07:08:09'],
  ['`interval`', 1186, '3 days 04:05:06'],
  ['`uuid`', 2950, '0190aee3-24a1-7c2e-9d6a-8f1b2c3d4e5f'],
  ['`json`, `jsonb`', 3802, '{"a": 1}'],
  ['`xml`', 142, '<a>secret</a>'],
  ['`bytea`', 17, '\\xdeadbeef'],
  ['`inet`, `cidr` (IPv4)', 869, '10.1.2.3'],
  ['`inet`, `cidr` (IPv6)', 869, '2001:db8:1:2::3'],
  ['`macaddr`, `macaddr8`', 829, '08:00:2b:01:02:03'],
  ['`money`', 790, '$12.50'],
  ['`bit`', 1560, '1010'],
  ['`varbit`', 1562, '10101'],
  ['ranges', 3904, '[1,5)'],
  ['multiranges', 4451, '{[1,5)}'],
  ['`hstore`', ownTypes.hstore, '"a"=>"secret"'],
  ['composites', ownTypes.row, '(1,secret)'],
  ['enums, and every other type', 0, 'happy'],
];

/** What leaves of a value of each type by each method, computed by the masks themselves. */
export function maskedTypesPage(): string {
  const methods = maskMethods.filter((method) => method !== 'null');
  const rows = samples.map(([type, typeOid, value]) => [
    type,
    code(value),
    ...methods.map((method) => leaves(method, typeOid, value)),
  ]);
  return `${generatedNote}
# Masked types

What leaves of a value of each type of PostgreSQL, where its column is masked: the same in text and in binary, in results and in \`COPY\`, and always a value of
the same type. The label of these examples says nothing about the form of its values; \`partial\` of a card, an SSN, a phone number, an IBAN or an e-mail address is in
[masking](../../gateway/enforce/masking/README.md), with what the methods promise. The method \`null\` leaves NULL of everything, and NULL stays NULL.

${table(['type', 'a value', ...methods.map(code)], rows)}

Of an **array** each element leaves as it would by itself; dimensions and NULLs stay, and \`redact\` leaves \`{}\`. A **domain** is what it is made of.
Ranges that a database defines are like those that are built in. \`01\` in front of a hash is the version of the masking key: see [rotate keys](../how-to/rotate-keys.md#the-masking-key).

- **Enums** leave as NULL: no member of one is neutral, and code that reads it knows the members.
- **Money** leaves without a currency: which one it is, is a setting of the server.
- **Bit strings, ranges, hstore and composites** are the same by every method: of short ones a keyed value could be counted out, and of the others no part is
  known to be harmless.
- A value that does not read as its type does in the ISO styles (another \`DateStyle\`, \`infinity\`) leaves as NULL where a part of it or its form would stay.
`;
}

function leaves(method: (typeof maskMethods)[number], typeOid: number, value: string): string {
  const source = Buffer.from(value);
  if (typeOid === ownTypes.row) return code(emptyRowText(source).toString());
  const mask = masks.cellMask(method, 'pii.thing', shapeOf(typeOid));
  const target = Buffer.alloc(mask.room(source.length));
  const bytes = mask.write(source, 0, source.length, target, 0);
  if (bytes < 0) return 'NULL';
  return bytes === 0 ? 'the empty one' : code(target.toString('utf8', 0, bytes));
}
