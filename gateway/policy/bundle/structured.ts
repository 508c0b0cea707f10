/**
 * The form in which OPA hashes JSON files of a bundle: keys sorted by UTF-8 bytes, no white space, numbers as they were written
 * (`1.0` is not `1`), strings as Go's encoder writes them. Source: OPA, v1/bundle/hash.go and verify.go.
 * @throws SyntaxError for anything but one JSON value; `maxDepth` bounds the recursion
 */
export function structuredText(json: string, maxDepth = 200): string {
  const reader = new Reader(json, maxDepth);
  const value = reader.value(0);
  reader.end();
  return value;
}

/**
 * The members of a JSON object, each value in the same form; undefined for JSON that is no object.
 * @throws SyntaxError as `structuredText`
 */
export function jsonMembers(json: string, maxDepth = 200): ReadonlyMap<string, string> | undefined {
  const reader = new Reader(json, maxDepth);
  if (!reader.isObject()) {
    structuredText(json, maxDepth);
    return undefined;
  }
  const members = reader.members(0);
  reader.end();
  return members;
}

/** An object of these members, in this order; values are JSON. */
export function jsonObject(members: Iterable<readonly [name: string, value: string]>): string {
  return `{${[...members].map(([key, value]) => `${goString(key)}:${value}`).join(',')}}`;
}

/** Reads JSON by RFC 8259 and writes the canonical text as it goes; numbers are never turned into doubles. */
class Reader {
  readonly #text: string;
  readonly #maxDepth: number;
  #at = 0;

  constructor(text: string, maxDepth: number) {
    this.#text = text;
    this.#maxDepth = maxDepth;
  }

  value(depth: number): string {
    if (depth > this.#maxDepth) throw new SyntaxError('nested too deep');
    this.#space();
    const first = this.#text[this.#at];
    if (first === '{') return this.#object(depth);
    if (first === '[') return this.#array(depth);
    if (first === '"') return goString(this.#string());
    return this.#match(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y);
  }

  end(): void {
    this.#space();
    if (this.#at !== this.#text.length) throw new SyntaxError('data behind the value');
  }

  isObject(): boolean {
    return this.#next() === '{';
  }

  members(depth: number): ReadonlyMap<string, string> {
    const members = new Map<string, string>();
    this.#list('{', '}', () => {
      const key = this.#string();
      this.#take(':');
      // Two readers could believe different ones of two equal keys.
      if (members.has(key)) throw new SyntaxError(`key ${JSON.stringify(key)} twice`);
      members.set(key, this.value(depth + 1));
    });
    return members;
  }

  #object(depth: number): string {
    const sorted = [...this.members(depth)].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    return jsonObject(sorted);
  }

  #array(depth: number): string {
    const items: string[] = [];
    this.#list('[', ']', () => items.push(this.value(depth + 1)));
    return `[${items.join(',')}]`;
  }

  #list(open: string, close: string, item: () => void): void {
    this.#take(open);
    if (this.#next() === close) return this.#take(close);
    for (;;) {
      item();
      if (this.#next() === close) return this.#take(close);
      this.#take(',');
    }
  }

  #string(): string {
    this.#space();
    // Where it ends; JSON.parse then knows which escapes and characters are allowed.
    const literal = this.#match(/"(?:[^"\\]|\\.)*"/sy);
    const text: unknown = JSON.parse(literal);
    if (typeof text !== 'string') throw new SyntaxError('not a string');
    return text;
  }

  #next(): string | undefined {
    this.#space();
    return this.#text[this.#at];
  }

  #take(char: string): void {
    if (this.#next() !== char) throw new SyntaxError(`expected ${char} at ${this.#at}`);
    this.#at++;
  }

  #space(): void {
    while (' \t\r\n'.includes(this.#text[this.#at] ?? 'end')) this.#at++;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) throw new SyntaxError(`no JSON value at ${this.#at}`);
    this.#at += found.length;
    return found;
  }
}

/** Go's encoding/json without HTML escaping: control characters as \u00xx but for \b \f \n \r \t, U+2028 and U+2029 escaped, broken surrogates replaced. */
function goString(text: string): string {
  return JSON.stringify(text.toWellFormed()).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}
