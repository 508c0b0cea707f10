import type { DynamicFact } from '../../contract/command-ssh.ts';
import { quoted, type Draft } from './draft.ts';
import { limits, OverLimit } from './limits.ts';
import { changesEncoding, isComputed, isDecisive } from './variables.ts';
import type { Shell } from './words.ts';

/** Why words of a line may mean something else than they say. */
export type Change = 'lookup' | 'alias' | 'environment' | 'dialect';

/** What comes to light as a line is read: its simple commands, and what it does to the meaning of its own words. */
export class Gathered {
  readonly drafts: Draft[] = [];
  /** From anywhere in the line, their names mean something else. */
  readonly #functions = new Set<string>();
  /** With the part of the line that does it. */
  readonly #changes = new Map<Change, string>();

  /** @throws OverLimit */
  add(draft: Draft): void {
    if (this.drafts.length >= limits.commands) throw new OverLimit(`more than ${String(limits.commands)} commands`);
    this.drafts.push(draft);
  }

  /** A function is defined somewhere in the line. */
  defines(name: string): void {
    this.#functions.add(name);
  }

  /**
   * A variable gets a value somewhere in the line; null where that is not known.
   * @param shell which reads that part of the line
   */
  sets(name: string, value: string | null, shell: Shell): void {
    const text = `${name}=${value ?? '…'}`;
    if (name === 'PATH') this.changes('lookup', text);
    else if (isDecisive(name)) this.changes('environment', text);
    if (changesEncoding(name, value) || (shell !== 'bash' && isComputed(name, value))) this.changes('dialect', text);
  }

  changes(what: Change, text: string): void {
    this.#changes.set(what, text);
  }

  /** The first thing that the line does to the meaning of words, for whoever sent it; undefined where it does none. */
  get changed(): string | undefined {
    const [defined] = this.#functions;
    if (defined !== undefined) return `the function ${defined}`;
    const [change] = this.#changes.values();
    return change;
  }

  /** What the rest of the line makes of a command. To be asked when all of the line is read. */
  changesOf({ kind, words, name }: Draft): readonly DynamicFact[] {
    const written = words[0]?.value ?? '';
    const found: DynamicFact[] = [];
    if (this.#functions.has(written)) found.push({ where: 'command', why: 'function', text: quoted(written) });
    for (const [why, text] of this.#changes) {
      const isPath = written.includes('/');
      const applies = why === 'lookup' ? !isPath && name !== '' : why === 'alias' ? !isPath : kind !== 'construct';
      if (applies) found.push({ where: 'command', why, text });
    }
    return found;
  }
}
