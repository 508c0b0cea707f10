import { detectors, type Detector } from '../../contract/detector.ts';
import type { ValueTally } from './evidence.ts';
import { commentedConcept, namedConcept, type Concept } from './words.ts';

export const confidences = ['high', 'medium', 'low'] as const;
export type Confidence = (typeof confidences)[number];

/** A column that nobody has decided about, with all that is known of it without a value. */
export interface OpenColumn {
  readonly name: string;
  /** `format_type` without modifier, of a domain its base type. */
  readonly type: string;
  /** The domain's or type's own name, where that is not the type. */
  readonly typeName: string;
  readonly comment: string | undefined;
  /** Undefined where nothing was sampled. */
  readonly tally: ValueTally | undefined;
}

export interface Guess {
  readonly concept: Concept;
  readonly confidence: Confidence;
  /** For people: what speaks for it, and what against. */
  readonly reason: string;
}

const texts = /^(text|character varying|character|citext|name|"char")(\[\])?$|\.citext(\[\])?$/;
const numbers = /^(integer|bigint|smallint|numeric|real|double precision|money)$/;
const dates = /^(date|timestamp (with|without) time zone)$/;
const documents = /^(json|jsonb|xml|hstore)$|\.hstore$|\[\]$/;

/** The least share of values at which what they look like says something: a sixteenth digit is right by chance in one of ten numbers. */
const leastShare: Record<Detector, number> = { card: 0.3, ssn: 0.1, iban: 0.05, email: 0.05, phone: 0.1, token: 0.02 };
const fewValues = 20;

/** What a column may hold, by its values first and by what it is called second; undefined where nothing speaks for anything. */
export function guess(column: OpenColumn): Guess | undefined {
  const named = nameOf(column);
  const seen = byValues(column);
  if (named && seen && named.concept === seen.concept)
    return { ...seen, confidence: 'high', reason: `${named.reason}; ${seen.reason}` };
  if (named && seen && seen.confidence !== 'high' && fits(named.concept, column))
    return { concept: named.concept, confidence: 'medium', reason: `${named.reason}; ${seen.reason}` };
  if (seen) return named ? { ...seen, reason: `${seen.reason}, although ${named.reason}` } : seen;
  return named && byName(named, column);
}

/** Whether values are read for a column of this type: those whose text form means something. */
export function isSampled(type: string): boolean {
  return texts.test(type) || documents.test(type) || /^(bigint|numeric)$/.test(type);
}

interface Said {
  readonly concept: Concept;
  readonly reason: string;
}

function nameOf({ name, typeName, type, comment }: OpenColumn): Said | undefined {
  const byName = namedConcept(name);
  if (byName) return { concept: byName.concept, reason: `the name says "${byName.word}"` };
  const byType = typeName === type ? undefined : namedConcept(typeName.replace(/^.*\./, ''));
  if (byType) return { concept: byType.concept, reason: `its type is called "${byType.word}"` };
  const byComment = comment === undefined ? undefined : commentedConcept(comment);
  return byComment && { concept: byComment.concept, reason: `the comment says "${byComment.word}"` };
}

function byName(said: Said, column: OpenColumn): Guess | undefined {
  const { tally } = column;
  if (!fits(said.concept, column)) return undefined;
  if (!tally || tally.values === 0)
    return { ...said, confidence: 'medium', reason: `${said.reason}; no value was seen` };
  const shape = isDetector(said.concept) || said.concept === 'notes';
  if (!shape) return { ...said, confidence: 'medium' };
  const { alike, values, prose } = tally;
  const share = said.concept === 'notes' ? prose / values : (alike[said.concept] ?? 0) / values;
  if (share >= 0.5) return { ...said, confidence: 'medium', reason: `${said.reason}; its values could be that` };
  // Free text by name alone is everywhere: a status that is called "note" is none.
  if (said.concept === 'notes') return undefined;
  return { ...said, confidence: 'low', reason: `${said.reason}, and no value looks like it` };
}

function byValues({ type, tally }: OpenColumn): Guess | undefined {
  if (!tally || tally.values === 0) return undefined;
  const { values, whole, within } = tally;
  const most = (of: ValueTally['whole']) => detectors.toSorted((a, b) => (of[b] ?? 0) - (of[a] ?? 0))[0] ?? 'card';
  const kind = most(whole);
  const share = (whole[kind] ?? 0) / values;
  if (share >= leastShare[kind]) {
    const sure = share >= 0.8 && values >= fewValues;
    const confidence = sure ? 'high' : share >= 0.3 ? 'medium' : 'low';
    return {
      concept: kind,
      confidence,
      reason: `${percent(share)} of ${String(values)} sampled values are ${plural[kind]}`,
    };
  }
  // A number is a number: what stands within it is chance.
  if (numbers.test(type)) return undefined;
  const inside = most(within);
  const part = (within[inside] ?? 0) / values;
  if (part < leastShare.token || (within[inside] ?? 0) < 2) return undefined;
  const reason = `${percent(part)} of ${String(values)} sampled values have ${plural[inside]} in them`;
  return { concept: documents.test(type) ? inside : 'notes', confidence: 'medium', reason };
}

function fits(concept: Concept, { type }: OpenColumn): boolean {
  switch (concept) {
    case 'card':
    case 'ssn':
    case 'phone':
      return texts.test(type) || documents.test(type) || /^(bigint|numeric|integer)$/.test(type);
    case 'iban':
    case 'email':
    case 'address':
    case 'name':
      return texts.test(type) || documents.test(type);
    case 'notes':
      return texts.test(type) || documents.test(type);
    case 'token':
      return texts.test(type) || documents.test(type) || type === 'bytea';
    case 'salary':
      return numbers.test(type) || texts.test(type);
    case 'birthdate':
      return dates.test(type) || texts.test(type);
    default:
      return concept satisfies never;
  }
}

const plural: Record<Detector, string> = {
  card: 'card numbers',
  ssn: 'social security numbers',
  iban: 'account numbers',
  email: 'e-mail addresses',
  phone: 'telephone numbers',
  token: 'keys or tokens',
};

function isDetector(concept: Concept): concept is Detector {
  return detectors.some((detector) => detector === concept);
}

/** Never 100 % for what is not all. */
function percent(share: number): string {
  return `${String(Math.floor(share * 100))} %`;
}
