import type { CatalogSnapshot } from '../../facts/sql/index.ts';
import type { LabelData } from '../../policy/labels.ts';
import { coverageOf, holdsRows, isWanted } from './coverage.ts';
import type { OpenPath } from './document-paths.ts';
import { confidences, guess, isSampled, type Confidence, type Guess } from './propose.ts';
import type { Refused, Sampler, WantedSample } from './sample.ts';
import type { Concept } from './words.ts';

/** A label that somebody should decide about. Holds no value, nor a part of one. */
export interface Proposal {
  /** `schema.relation.column`, with a path behind it where other parts of its documents are decided. */
  readonly column: string;
  readonly label: string;
  readonly confidence: Confidence;
  readonly reason: string;
}

export interface Suggestion {
  /** Surest first, then by name. */
  readonly proposals: readonly Proposal[];
  /** Kinds of things that were found and that no label is for. */
  readonly unnamed: readonly { readonly column: string; readonly concept: Concept; readonly reason: string }[];
  /** Tables whose values the server did not give, with its SQLSTATE: judged by their names alone. */
  readonly unread: readonly { readonly relation: string; readonly sqlstate: string }[];
}

export interface SuggestOptions {
  readonly snapshot: CatalogSnapshot;
  readonly data: LabelData;
  readonly target: string;
  readonly schemas: readonly string[];
  /** Undefined: by the catalog alone, and no value is read. */
  readonly sampler: Sampler | undefined;
  readonly onProgress: (done: number, total: number) => void;
}

/** Where no detector says which label it is for. */
const labelNames: Partial<Record<Concept, string>> = {
  salary: 'hr.salary',
  birthdate: 'pii.birthdate',
  address: 'pii.address',
  name: 'pii.name',
  notes: 'pii.notes',
};

/**
 * Proposes a label for each column that nobody has decided about and that speaks for one, by its name, comment, type and values; of a column
 * of which paths are decided, for each other path. Without samples nobody knows those.
 */
export async function suggestLabels(options: SuggestOptions): Promise<Suggestion> {
  const { snapshot, data, target, schemas, sampler, onProgress } = options;
  const byName = new Map(
    coverageOf(snapshot, data.columns[target] ?? {}, schemas).relations.map((r) => [r.relation, r]),
  );
  const byOid = new Map(snapshot.relations.map((relation) => [relation.oid, relation]));
  const tables = snapshot.relations.filter((relation) => holdsRows(relation) && isWanted(relation, schemas));
  const proposals: Proposal[] = [];
  const unnamed: Suggestion['unnamed'][number][] = [];
  const unread: Suggestion['unread'][number][] = [];
  for (const [done, table] of tables.entries()) {
    onProgress(done, tables.length);
    const relation = `${table.schema}.${table.name}`;
    const note = sampler?.tables.get(table.oid);
    // A label of the parent is one of the child: asked once, where the column comes from.
    const inherited = new Set(table.inherits.flatMap((oid) => byOid.get(oid)?.columns ?? []).map(({ name }) => name));
    const open = (byName.get(relation)?.undecided ?? []).filter((name) => !inherited.has(name));
    const typeOf = (name: string) => table.columns.find((column) => column.name === name)?.typeName ?? '';
    const baseOf = (name: string) => note?.columns.get(name)?.type ?? typeOf(name);
    const wanted: WantedSample = { ...table, columns: open.filter((name) => isSampled(baseOf(name))) };
    const sampled = sampler && wanted.columns.length > 0 ? await sampler.sample(wanted) : new Map<string, never>();
    const refuse = ({ refused: sqlstate }: Refused): void => {
      if (!unread.some((one) => one.relation === relation)) unread.push({ relation, sqlstate });
    };
    if ('refused' in sampled) refuse(sampled);
    const offer = (column: string, { concept, confidence, reason }: Guess): void => {
      const label = labelOf(concept, data);
      if (label === undefined) unnamed.push({ column, concept, reason });
      else proposals.push({ column, label, confidence, reason });
    };
    for (const [name, decided] of Object.entries(byName.get(relation)?.partly ?? {})) {
      if (!sampler || inherited.has(name)) continue;
      const paths = await sampler.openPaths(table, name, Object.keys(decided));
      if ('refused' in paths) refuse(paths);
      else for (const [column, found] of guesses(`${relation}.${name}`, paths)) offer(column, found);
    }
    for (const name of open) {
      const tally = 'refused' in sampled ? undefined : sampled.get(name);
      const comment = note?.columns.get(name)?.comment;
      const found = guess({ name, type: baseOf(name), typeName: typeOf(name), comment, tally });
      if (found) offer(`${relation}.${name}`, found);
    }
  }
  const rank = ({ confidence }: Proposal) => confidences.indexOf(confidence);
  proposals.sort((a, b) => rank(a) - rank(b) || (a.column < b.column ? -1 : 1));
  return { proposals, unnamed, unread };
}

/** A path is labelled down from its last name: what goes by any name is labelled with what it is in. */
function guesses(column: string, paths: readonly OpenPath[]): ReadonlyMap<string, Guess> {
  const found = new Map<string, Guess>();
  for (const { names, tally } of paths) {
    const labelled = names.slice(0, names.findLastIndex((name) => name !== '*') + 1);
    const name = labelled.at(-1) ?? '';
    const guessed = guess({ name, type: 'text', typeName: 'text', comment: undefined, tally });
    const entry = [column, ...labelled].join('.');
    const known = found.get(entry);
    if (guessed && (!known || confidences.indexOf(guessed.confidence) < confidences.indexOf(known.confidence)))
      found.set(entry, guessed);
  }
  return found;
}

/** The label whose data names this detector, or the usual one of that name. */
function labelOf(concept: Concept, { labels }: LabelData): string | undefined {
  const named = Object.entries(labels).find(([, { detector }]) => detector === concept)?.[0];
  const usual = labelNames[concept];
  return named ?? (usual !== undefined && Object.hasOwn(labels, usual) ? usual : undefined);
}
