import { detectors, type Detector } from '../../contract/detector.ts';
import { detect } from '../../enforce/detectors/detect.ts';
import type { Concept } from './words.ts';

/** What the sampled values of a column look like: counts alone, never a value. */
export interface ValueTally {
  /** Values that are not NULL and not empty. */
  values: number;
  /** Values that are such a thing and nothing else, by detector. */
  readonly whole: Partial<Record<Detector, number>>;
  /** Values with such a thing and something else in them. */
  readonly within: Partial<Record<Detector, number>>;
  /** Values that could be such a thing where the column's name says so: its digits without the usual form. */
  readonly alike: Partial<Record<Concept, number>>;
  /** Values of several words. */
  prose: number;
}

const all: ReadonlySet<Detector> = new Set(detectors);
const form: Partial<Record<Concept, RegExp>> = {
  ssn: /^[A-Z0-9]{8,14}$/i,
  phone: /^[\d +()/.-]{6,24}$/,
  iban: /^[\d ]{6,24}$/,
  token: /^[!-~]{8,}$/,
};

export function emptyTally(): ValueTally {
  return { values: 0, whole: {}, within: {}, alike: {}, prose: 0 };
}

/** Counts one value. Nothing of it is kept. */
export function count(tally: ValueTally, value: string | null): void {
  const text = value?.trim() ?? '';
  if (text === '') return;
  tally.values++;
  const bytes = Buffer.from(text);
  const found = detect(bytes, 0, bytes.length, all);
  const [only] = found;
  const isWhole = only !== undefined && only.start === 0 && only.end === bytes.length;
  const counts = isWhole ? tally.whole : tally.within;
  for (const detector of new Set(found.map((one) => one.detector))) counts[detector] = (counts[detector] ?? 0) + 1;
  for (const [concept, pattern] of Object.entries(form)) {
    const key = concept as Concept; // the keys of a constant
    if (pattern.test(text)) tally.alike[key] = (tally.alike[key] ?? 0) + 1;
  }
  if (/\S\s+\S+\s+\S/.test(text)) tally.prose++;
}

/** Two tallies are one. */
export function addTally(into: ValueTally, more: ValueTally): void {
  into.values += more.values;
  into.prose += more.prose;
  addCounts(into.whole, more.whole);
  addCounts(into.within, more.within);
  addCounts(into.alike, more.alike);
}

function addCounts(into: Partial<Record<Concept, number>>, more: Partial<Record<Concept, number>>): void {
  for (const [concept, n] of Object.entries(more)) {
    const key = concept as Concept; // its own keys
    into[key] = (into[key] ?? 0) + n;
  }
}
