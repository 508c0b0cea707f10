import { forEachChild, type ParsedScript, type SyntaxNode } from 'unbash';

/**
 * A second look at a line, by its characters: every sign by which a shell runs or computes something has to stand where a node of the tree says
 * so, or where quotes or a comment make it plain. What the parser took for text and bash does not is found here: `a=($(id))x`, and
 * `${x:-'$(id)'}` in a here-document, where single quotes are characters like others.
 * @param source what positions in `script` count in
 * @returns the first place that nothing accounts for, up to the end of its line
 */
export function unreadIn(script: ParsedScript, source: string): string | undefined {
  const places = new Places(source);
  places.of(script);
  const [own] = /^.*/.exec(source.slice(places.firstUnread())) ?? [''];
  if (own !== '') return own;
  return places.others.map((other) => unreadIn(other, other.source ?? '')).find((place) => place !== undefined);
}

/** Outside of words `#` begins a comment; `<(` is nothing within quotes. */
const [outside, inWord, inQuotes] = [0, 1, 2];

class Places {
  /** Scripts that have a text of their own, because of backslashes in their backquotes. */
  readonly others: ParsedScript[] = [];
  readonly #source: string;
  /** What each character is in. */
  readonly #in: Uint8Array;
  /** Where something begins that the tree knows of, or is all plain, and where to read on. */
  readonly #known = new Map<number, number>();

  constructor(source: string) {
    this.#source = source;
    this.#in = new Uint8Array(source.length);
  }

  of(node: SyntaxNode): void {
    switch (node.type) {
      case 'CommandExpansion':
      case 'ProcessSubstitution':
      case 'ArithmeticCommandExpansion': {
        const { pos, end, script } = node;
        if (script === undefined) return;
        if (script.source !== undefined) {
          this.others.push(script);
          this.#known.set(pos, end);
          return;
        }
        this.#in.fill(outside, pos, end);
        const isBackquoted = this.#source[pos] === '`';
        this.#known.set(pos, pos + (isBackquoted ? 1 : 2));
        if (isBackquoted) this.#known.set(end - 1, end);
        this.of(script);
        return;
      }
      case 'ParameterExpansion':
      case 'ArithmeticExpansion':
        this.#known.set(node.pos, node.pos + 2);
        break;
      case 'SingleQuoted':
      case 'AnsiCQuoted':
        if (this.#in[node.pos] !== inQuotes) this.#known.set(node.pos, node.end);
        return;
      case 'DoubleQuoted':
      case 'LocaleString':
        this.#in.fill(inQuotes, node.pos, node.end);
        break;
      case 'HereDoc':
        this.#in.fill(inQuotes, node.body.pos, node.body.end);
        if (node.delimiter?.quoted !== false) this.#known.set(node.body.pos, node.body.end);
        break;
      case 'Word':
      case 'Assignment':
        if (this.#in[node.pos] !== inQuotes) this.#in.fill(inWord, node.pos, node.end);
        break;
      default:
        break;
    }
    forEachChild(node, (child) => this.of(child));
  }

  /** @returns the source's length where all is accounted for */
  firstUnread(): number {
    const source = this.#source;
    for (let i = 0; i < source.length;) {
      const next = this.#known.get(i);
      if (next !== undefined && next > i) i = next;
      else if (source[i] === '\\') i += 2;
      else if (source[i] === '#' && this.#in[i] === outside) i = source.indexOf('\n', i) + 1 || source.length;
      else if (source[i] === '`' || /^\$[({[]/.test(source.slice(i, i + 2))) return i;
      else if (this.#in[i] !== inQuotes && /^[<>]\(/.test(source.slice(i, i + 2))) return i;
      else i++;
    }
    return source.length;
  }
}
