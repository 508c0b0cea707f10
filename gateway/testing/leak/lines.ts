import { readFileSync } from 'node:fs';
import { corpusLines, type CorpusLine } from '../../facts/sql/fixtures/leak-database.ts';

const fixture = (name: string): URL => new URL(`../../facts/sql/fixtures/${name}`, import.meta.url);

/** Channels by which a labelled value gets out of a database that nobody guards. Latin-1 for "bytes": some are no UTF-8. */
export function leakLines(file: string | URL = fixture('leak.sql')): readonly CorpusLine[] {
  return corpusLines(readFileSync(file, 'latin1'));
}

/** Statements that have to run on the same database. */
export function benignLines(file: string | URL = fixture('benign.sql')): readonly CorpusLine[] {
  return corpusLines(readFileSync(file, 'latin1'));
}
