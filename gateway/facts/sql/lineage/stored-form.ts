import type { ColumnUse } from '../../../contract/command-postgres.ts';
import { withBehind } from '../catalog/behind.ts';
import type { Base } from '../catalog/world.ts';
import type { Walk } from './scope.ts';

/** They say of a value how it is stored. https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-DBSIZE */
const storedForms: ReadonlySet<string> = new Set([
  'pg_column_size',
  'pg_column_compression',
  'pg_column_toast_chunk_id',
]);

/**
 * How a column is stored follows from how long the others of its row are: a row of more than some 2,000 bytes is made shorter, its longest column first.
 * https://www.postgresql.org/docs/current/storage-toast.html
 * @param name of the function that is called
 * @param given what its arguments are made of
 */
export function readStoredForm({ ledger }: Walk, name: string, given: ReadonlySet<Base>, use: ColumnUse): void {
  if (!storedForms.has(name)) return;
  const { world } = ledger;
  const tables = [...given].flatMap(({ relation }) => withBehind(world, relation));
  for (const table of tables) ledger.touchAll(world.labelled(table), use);
}
