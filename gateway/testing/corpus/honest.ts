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
  /** Nor their number: what a session has set, and the gateway's sets more. */
  readonly variesInNumber: boolean;
  /** Output columns that hold a piece of a labelled value, which nobody could tell by looking at them. */
  readonly masked: readonly string[];
  /** Over which databases: the shop, or three more, by somebody who does not know what is masked. */
  readonly over: Databases;
  /** Sent by the owner of the tables. */
  readonly asOwner: boolean;
  /** The server runs it outside of a transaction only: nothing takes it back. */
  readonly outside: boolean;
  /** The rule that refuses it, rightly or because we know no better yet. */
  readonly refused: string | undefined;
  /** What it would tell of labelled values, where it is refused rightly. Said of the blind set only. */
  readonly tells: string | undefined;
}

/** `elsewhere`: those in `elsewhere.sql`, of whose statements a part is kept. The others: those in `blind-setup.sql` and `blind-3-setup.sql`, with every statement. */
export type Databases = 'shop' | 'elsewhere' | 'blind' | 'blind-3';

const folder = new URL('honest/', import.meta.url);
const blindFolder = new URL('blind/', import.meta.url);
/** What policy says of the shop on top of the default pack. */
export const honestPolicies = fileURLToPath(new URL('policies', import.meta.url));
/** What the shop's database has beside its tables. */
export const honestSetup = fileURLToPath(new URL('setup.sql', import.meta.url));

/** Nine more databases, each a schema of its own. */
export const moreSetups: Readonly<
  Record<Exclude<Databases, 'shop'>, { readonly file: string; readonly path: string }>
> = {
  elsewhere: { file: fileURLToPath(new URL('elsewhere.sql', import.meta.url)), path: 'clinic, billing, depot, public' },
  blind: { file: fileURLToPath(new URL('blind-setup.sql', import.meta.url)), path: 'bank, people, market, public' },
  'blind-3': {
    file: fileURLToPath(new URL('blind-3-setup.sql', import.meta.url)),
    path: 'hotel, cover, desk, public',
  },
};

/** The corpus, file by file. In a file `--- title` begins a statement; lines like `--- with` say more about it. */
export async function readHonest(): Promise<readonly HonestStatement[]> {
  return read(folder, (file) => (/^(clinic|billing|depot)$/.test(file) ? 'elsewhere' : 'shop'));
}

/** The blind sets: all that was written, before anybody had looked at what is refused. */
export async function readBlind(): Promise<readonly HonestStatement[]> {
  return read(blindFolder, (file) => (/^(hotel|cover|desk)$/.test(file) ? 'blind-3' : 'blind'));
}

/** Whether it is of a blind set. */
export function isBlind({ over }: HonestStatement): boolean {
  return over === 'blind' || over === 'blind-3';
}

async function read(from: URL, over: (file: string) => Databases): Promise<readonly HonestStatement[]> {
  const names = (await readdir(from)).filter((name) => name.endsWith('.sql')).sort();
  const texts = await Promise.all(names.map((name) => readFile(new URL(name, from), 'utf8')));
  return names.flatMap((name, i) => {
    const file = name.replace(/\.sql$/, '');
    return statementsOf(file, texts[i] ?? '', over(file));
  });
}

function statementsOf(file: string, text: string, over: Databases): readonly HonestStatement[] {
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
      over,
      asOwner: note('as owner') !== undefined,
      outside: note('outside') !== undefined,
      varies: note('varies') !== undefined,
      variesInNumber: note('varies in number') !== undefined,
      masked: note('masked')?.split(', ') ?? [],
      refused: note('refused'),
      tells: note('tells'),
    };
  });
}
