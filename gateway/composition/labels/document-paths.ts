import { detectors } from '../../contract/detector.ts';
import { detect } from '../../enforce/detectors/detect.ts';
import { addTally, count, emptyTally, type ValueTally } from './evidence.ts';

/** A path of a column's documents that nobody has decided about, and what its values look like. */
export interface OpenPath {
  /** Names of members; `*` for those that may be values themselves. Arrays add nothing to it. */
  readonly names: readonly string[];
  readonly tally: ValueTally;
}

/** What is there below one member, over all documents that were sampled. */
interface Member {
  /** The documents that it is in, by number. */
  readonly documents: Set<number>;
  readonly tally: ValueTally;
  readonly members: Map<string, Member>;
}

type Steps = readonly (readonly string[])[];

const everyDetector: ReadonlySet<(typeof detectors)[number]> = new Set(detectors);
/** Of an object with customers' names for members each name is a value. What is a name comes back from document to document. */
const leastDocuments = 3;
const leastShare = 0.1;
const mostDepth = 50;
const mostMembers = 5_000;

/**
 * Paths to values of sampled documents that no decided path covers, as masks follow paths: without regard to case, an array stands for its
 * elements, and a value where a path goes on is covered by it.
 */
export class DocumentPaths {
  readonly #decided: Steps;
  readonly #root = emptyMember();
  #documents = 0;
  #members = 0;

  /** @param decided `address.phone`; `*` for any member or element */
  constructor(decided: readonly string[]) {
    this.#decided = decided.map((path) => path.split('.').map(folded));
  }

  /** Counts one document. None of its values is kept; what is no JSON counts for nothing. */
  add(text: string | null): void {
    if (text === null) return;
    let document: unknown;
    try {
      document = JSON.parse(text);
    } catch {
      return; // A column of another type than JSON.
    }
    this.#documents++;
    this.#walk(document, this.#decided, this.#root, 0);
  }

  open(): readonly OpenPath[] {
    return [...this.#openIn(this.#root, [])].toSorted((a, b) => (a.names.join('.') < b.names.join('.') ? -1 : 1));
  }

  #walk(value: unknown, steps: Steps, at: Member, depth: number): void {
    if (value === null || depth > mostDepth || steps.some((names) => names.length === 0)) return;
    if (Array.isArray(value)) {
      const inside = steps.map((names) => (names[0] === '*' ? names.slice(1) : names));
      for (const element of value) this.#walk(element, inside, at, depth + 1);
    } else if (typeof value === 'object') {
      for (const [name, member] of Object.entries(value)) {
        const on = steps.filter(([first]) => first === '*' || first === folded(name)).map((names) => names.slice(1));
        this.#walk(member, on, this.#memberOf(at, name), depth + 1);
      }
    } else if (steps.length === 0 && at !== this.#root)
      count(at.tally, typeof value === 'string' ? value : JSON.stringify(value));
  }

  #memberOf(of: Member, name: string): Member {
    const known = of.members.get(name);
    const member = known ?? emptyMember();
    // Past the bound names are no longer told apart; their values still count.
    if (!known && this.#members < mostMembers) {
      of.members.set(name, member);
      this.#members++;
    } else if (!known) return this.#memberOfAny(of);
    member.documents.add(this.#documents);
    return member;
  }

  #memberOfAny(of: Member): Member {
    const any = of.members.get('*') ?? emptyMember();
    of.members.set('*', any);
    return any;
  }

  *#openIn(member: Member, names: readonly string[]): Generator<OpenPath> {
    if (member.tally.values > 0) yield { names, tally: member.tally };
    const any = emptyMember();
    for (const [name, below] of member.members) {
      if (this.#isName(name, below)) yield* this.#openIn(below, [...names, name]);
      else merge(any, below);
    }
    if (any.tally.values > 0 || any.members.size > 0) yield* this.#openIn(any, [...names, '*']);
  }

  /** Whether it may be said: what could be a value, or cannot be written in a path, is `*`. */
  #isName(name: string, { documents }: Member): boolean {
    if (documents.size < Math.max(leastDocuments, leastShare * this.#documents)) return false;
    if (!/^[A-Za-z_][\w-]{0,62}$/.test(name)) return false;
    const bytes = Buffer.from(name);
    return detect(bytes, 0, bytes.length, everyDetector).length === 0;
  }
}

function merge(into: Member, from: Member): void {
  for (const document of from.documents) into.documents.add(document);
  addTally(into.tally, from.tally);
  for (const [name, below] of from.members) {
    const known = into.members.get(name) ?? emptyMember();
    into.members.set(name, known);
    merge(known, below);
  }
}

function emptyMember(): Member {
  return { documents: new Set(), tally: emptyTally(), members: new Map() };
}

function folded(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}
