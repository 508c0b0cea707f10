import pg from 'pg';

export interface SqlOptions {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly password: string;
  readonly ca: string;
  /** Told of each notice's hint: how a held statement is approved. */
  readonly onHint: (hint: string) => void;
}

/** Runs statements in one session, one message each, and prints their answers as psql would, widths aside. */
export async function runSql(text: string, options: SqlOptions): Promise<string> {
  const { ca, onHint, ...where } = options;
  const client = new pg.Client({ ...where, ssl: { ca } });
  const lines: string[] = [];
  const add = (...parts: readonly (readonly [label: string, text: string | undefined])[]): void => {
    for (const [label, said] of parts) if (said !== undefined) lines.push(`${label}:  ${said}`);
  };
  client.on('notice', ({ message, detail, hint }) => {
    add(['NOTICE', message], ['DETAIL', detail], ['HINT', hint]);
    if (hint !== undefined) onHint(hint);
  });
  await client.connect();
  try {
    for (const statement of statementsOf(text)) {
      try {
        const result = await client.query<(string | null)[]>({
          text: statement,
          rowMode: 'array',
          types: { getTypeParser: () => (value: string) => value },
        });
        lines.push(...printed(result));
      } catch (error) {
        if (!(error instanceof pg.DatabaseError)) throw error;
        add(['ERROR', error.message], ['DETAIL', error.detail], ['HINT', error.hint]);
      }
    }
  } finally {
    await client.end();
  }
  return lines.join('\n');
}

/** At semicolons that end a line: no example has one inside a literal. */
function statementsOf(text: string): readonly string[] {
  return text
    .replaceAll(/^--.*$/gm, '')
    .split(/;$/m)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function printed({ fields, rows, command, rowCount }: pg.QueryArrayResult<(string | null)[]>): readonly string[] {
  if (fields.length > 0) {
    const count = `(${String(rows.length)} row${rows.length === 1 ? '' : 's'})`;
    const line = (cells: readonly string[]): string => cells.join(' | ');
    return [
      line(fields.map((f) => f.name)),
      fields.map(() => '--').join('-+-'),
      ...rows.map((row) => line(row.map((cell) => cell ?? ''))),
      count,
    ];
  }
  const counted = ['INSERT', 'UPDATE', 'DELETE', 'MERGE'].includes(command);
  return [counted ? `${command}${command === 'INSERT' ? ' 0' : ''} ${String(rowCount ?? 0)}` : command];
}
