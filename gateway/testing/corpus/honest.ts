import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** One statement that somebody at work sends, and what has to become of it for a principal under every mask. */
export interface HonestStatement {
  /** `psql-07`: its file and its place in it. */
  readonly id: string;
  readonly title: string;
  readonly sql: string;
  /** Sent by the extended protocol with these, where there are any. */
  readonly params: readonly (string | null)[] | undefined;
  /** Its rows are never twice the same: only their number and columns are compared. */
  readonly varies: boolean;
  /** Output columns that hold a piece of a labelled value, which nobody could tell by looking at them. */
  readonly masked: readonly string[];
  /** Over the three databases in `elsewhere.sql`, by somebody who does not know what is masked. */
  readonly elsewhere: boolean;
  /** The rule that refuses it, rightly or because we know no better yet. */
  readonly refused: string | undefined;
}

const folder = new URL('honest/', import.meta.url);
/** What policy says of the shop on top of the default pack. */
export const honestPolicies = fileURLToPath(new URL('policies', import.meta.url));
/** What the shop's database has beside its tables. */
export const honestSetup = fileURLToPath(new URL('setup.sql', import.meta.url));

/** Three more databases, each a schema of its own. */
export const elsewhereSetup = fileURLToPath(new URL('elsewhere.sql', import.meta.url));

/** The corpus, file by file. In a file `--- title` begins a statement; `--- with`, `masked`, `refused` and `varies` say more about it. */
export async function readHonest(): Promise<readonly HonestStatement[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  const files = await Promise.all(names.map((name) => readFile(new URL(name, folder), 'utf8')));
  return files.flatMap((text, i) => statementsOf((names[i] ?? '').replace(/\.sql$/, ''), text));
}

function statementsOf(file: string, text: string): readonly HonestStatement[] {
  const lines = text.split('\n');
  const found: { title: string; notes: string[]; sql: string[] }[] = [];
  for (const line of lines) {
    const last = found.at(-1);
    if (!line.startsWith('--- ')) last?.sql.push(line);
    else if (last && last.sql.length === 0) last.notes.push(line.slice(4));
    else found.push({ title: line.slice(4), notes: [], sql: [] });
  }
  return found.map(({ title, notes, sql }, i) => {
    const note = (word: string): string | undefined =>
      notes.find((each) => each === word || each.startsWith(`${word} `))?.slice(word.length + 1);
    const given = note('with');
    return {
      id: `${file}-${String(i + 1).padStart(2, '0')}`,
      title,
      sql: sql.join('\n').trim(),
      // The file's own notation: a list of texts and nulls.
      params: given === undefined ? undefined : (JSON.parse(given) as readonly (string | null)[]),
      elsewhere: /^(clinic|billing|depot)$/.test(file),
      varies: note('varies') !== undefined,
      masked: note('masked')?.split(', ') ?? [],
      refused: note('refused'),
    };
  });
}
