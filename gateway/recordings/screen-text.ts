/** Gives a viewer's terminal back as it was, wherever a replay stopped. */
export const screenEnd = '\u000f\u001b(B\u001b[m\u001b[?1047l\u001b[?25h\u001b[?7h\u001b7\u001b[r\u001b8';

type State = 'text' | 'escape' | 'charset' | 'skipped' | 'sequence' | 'string' | 'string-escape';

/** Cursor, erasing, scrolling, colours, tabs (ECMA-48). Not: what makes a terminal answer, print, resize or rename its window. */
const finals = new Set('@ABCDEFGHIJKLMPSTXZ`abdefgmrsu');
/** DEC's modes that concern what is shown: reverse, origin, wrap, cursor, the alternate screen, synchronized output. Not: those of keys and mouse. */
const modes: ReadonlySet<string> = new Set([...['5', '6', '7', '12', '25'], ...['47', '1047', '1048', '1049', '2026']]);
const escapes = new Set('78DEHM');
/** No number that keeps a terminal busy. */
const numbers = /^\d{0,4}([;:]\d{0,4}){0,31}$/;
const maxSequence = 128;
const clear = '\u001b[m\u001b[H\u001b[2J';

/**
 * What a program printed on its terminal, for another terminal: whatever draws passes, and nothing else. A terminal obeys what is printed on it, and
 * some of that writes into the clipboard, answers as if it had been typed, or changes what keys do. So this is a list of what may pass.
 */
export class ScreenText {
  #state: State = 'text';
  /** The sequence so far, behind its introducer. */
  #held = '';
  readonly #decoder = new TextDecoder();

  /** @param bytes the next piece: sequences and characters may be cut anywhere */
  safe(bytes: Uint8Array): string {
    let shown = '';
    for (const mark of this.#decoder.decode(bytes, { stream: true })) shown += this.#next(mark);
    return shown;
  }

  #next(mark: string): string {
    const code = mark.codePointAt(0) ?? 0;
    // CAN and SUB end any sequence, and ESC begins a new one.
    if (code === 0x18 || code === 0x1a) return this.#to('text');
    if (code === 0x1b) return this.#to(this.#state === 'string' ? 'string-escape' : 'escape');
    switch (this.#state) {
      case 'text':
        return isDrawn(code) ? mark : '';
      case 'escape':
        return this.#escape(mark);
      case 'charset':
        return this.#charset(mark);
      case 'skipped':
        return this.#to('text');
      case 'sequence':
        return this.#sequence(mark, code);
      case 'string':
        return code === 0x07 || code === 0x9c ? this.#to('text') : '';
      case 'string-escape':
        return mark === '\\' ? this.#to('text') : this.#escape(mark);
      default:
        return this.#state satisfies never;
    }
  }

  #escape(mark: string): string {
    if (mark === '[') return this.#to('sequence');
    if (']P_^X'.includes(mark)) return this.#to('string');
    if (mark === '(' || mark === ')') {
      this.#to('charset');
      this.#held = mark;
      return '';
    }
    // With one more character: other character sets, sizes of lines.
    if (' #%*+-./$'.includes(mark)) return this.#to('skipped');
    this.#to('text');
    if (mark === 'c') return clear;
    return escapes.has(mark) ? `\u001b${mark}` : '';
  }

  /** ASCII, the British one and line drawing. */
  #charset(mark: string): string {
    const place = this.#held;
    this.#to('text');
    return 'AB0'.includes(mark) ? `\u001b${place}${mark}` : '';
  }

  #sequence(mark: string, code: number): string {
    if (code < 0x20) return isDrawn(code) ? mark : ''; // is carried out in the middle of a sequence
    if (code > 0x7e) return this.#to('text');
    if (code < 0x40) {
      if (this.#held.length < maxSequence) this.#held += mark;
      return '';
    }
    const given = this.#held;
    this.#to('text');
    return isAllowed(given, mark) && given.length < maxSequence ? `\u001b[${given}${mark}` : '';
  }

  #to(state: State): '' {
    this.#state = state;
    this.#held = '';
    return '';
  }
}

function isAllowed(given: string, final: string): boolean {
  if (final !== 'h' && final !== 'l') return finals.has(final) && numbers.test(given);
  if (given === '4') return true; // inserts
  return (
    given.startsWith('?') &&
    given
      .slice(1)
      .split(';')
      .every((mode) => modes.has(mode))
  );
}

/** BS to CR, SO, SI, and whatever is no control character. ENQ makes a terminal answer, and the C1 set is sequences by another name. */
function isDrawn(code: number): boolean {
  return code >= 0x20 ? code < 0x7f || code > 0x9f : code >= 0x08 && code <= 0x0f;
}
