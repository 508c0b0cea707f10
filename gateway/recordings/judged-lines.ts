import type { RecordedCommand } from '../contract/ports.ts';
import { Known } from './known.ts';

/** Facts are objects that statements share as long as the gateway remembers their text: they become JSON once, whatever the session. */
const jsonOf = new WeakMap<object, string>();

/**
 * What a decision was made of, beside text and parameters: enough to make it again. Facts stand in a recording once, however many
 * commands share them: statements that differ in literals alone do.
 */
export class JudgedLines {
  readonly #byKey: Known;
  readonly #byFacts: Known;
  readonly #byPlace: Known;
  /** What was said last: one command after the other is usually decided under the same. */
  #last: (About & { readonly number: number }) | undefined;

  /** @param next the recording's next free number */
  constructor(next: () => number) {
    this.#byKey = new Known(next);
    this.#byFacts = new Known(next);
    this.#byPlace = new Known(next);
  }

  /** @returns lines to stand before the command's, and members for it, each led by a comma */
  of(entry: RecordedCommand): readonly [lines: string, members: string] {
    const { key, facts, around } = entry;
    let lines = '';
    let number = this.#byKey.get(key);
    if (number === undefined) {
      const json = factsJson(facts);
      const [n, line] = this.#byFacts.numbered(json, (fresh) => `{"type":"facts","n":${fresh},"facts":${json}}\n`);
      this.#byKey.set(key, n);
      number = n;
      lines = line;
    }
    const { session, approval } = around;
    const [at, line] = this.#about(entry);
    const { commands, rows_returned: rows, denials, lookups } = session;
    const approved = approval === undefined ? '' : `,"approval":${JSON.stringify(approval)}`;
    return [
      `${lines}${line}`,
      `,"facts":${number},"around":${at},"session":[${commands},${rows},${denials}${lookups > 0 ? `,${lookups}` : ''}]${approved}`,
    ];
  }

  #about({ place, erased, around }: RecordedCommand): readonly [number: number, line: string] {
    const { minuteMs } = around;
    const { labels_read: labelsRead } = around.session;
    const last = this.#last;
    // By identity: what is equal and not the same is found by its JSON.
    const isPlace = last?.place === place && last.erased === erased;
    if (isPlace && last.minuteMs === minuteMs && last.labelsRead === labelsRead) return [last.number, ''];
    const about = `"minute":${minuteMs},"place":${JSON.stringify(place)},"labels_read":${listed(labelsRead)},"erased":${listed(erased)}`;
    const [number, line] = this.#byPlace.numbered(about, (n) => `{"type":"around","n":${n},${about}}\n`);
    this.#last = { place, erased, minuteMs, labelsRead, number };
    return [number, line];
  }
}

interface About extends Pick<RecordedCommand, 'place' | 'erased'> {
  readonly minuteMs: number;
  readonly labelsRead: readonly string[];
}

function listed(words: readonly string[]): string {
  return words.length === 0 ? '[]' : JSON.stringify(words);
}

function factsJson(facts: object): string {
  const known = jsonOf.get(facts);
  if (known !== undefined) return known;
  const json = JSON.stringify(facts);
  jsonOf.set(facts, json);
  return json;
}
