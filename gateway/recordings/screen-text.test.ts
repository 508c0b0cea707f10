import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ScreenText } from './screen-text.ts';

const shown = (text: string): string => new ScreenText().safe(Buffer.from(text));

describe('what a terminal printed, on another terminal', () => {
  test.each([
    ['letters of any script', 'é 名 🙂\r\n'],
    ['colours', '\u001b[1;38;5;208mred\u001b[m'],
    ['the cursor', '\u001b[2J\u001b[12;40H\u001b[3A\u001b7\u001b8\b\t'],
    ['the alternate screen', '\u001b[?1049h\u001b[?25l\u001b[?1049l\u001b[?25h'],
    ['lines that are drawn', '\u001b(0lqk\u001b(B'],
    ['a part that scrolls', '\u001b[2;20r\u001bM\u001bD'],
  ])('shows %s', (_name, text) => expect(shown(text)).toBe(text));

  // What makes a terminal answer, remember, or change its keys: each of them was used to attack who looks at a log.
  test.each([
    ['the clipboard', 'a\u001b]52;c;cm0gLXJmIH4=\u0007b', 'ab'],
    ['a title', 'a\u001b]0;root@web1\u001b\\b', 'ab'],
    ['a link', '\u001b]8;;https://evil.example\u0007text\u001b]8;;\u0007', 'text'],
    ['a question for the device', 'a\u001b[c\u001b[>c\u001b[=c\u001bZb', 'ab'],
    ['a question for the cursor', 'a\u001b[6n\u001b[?6n\u001b[5nb', 'ab'],
    ['a question for settings', 'a\u001bP$qm\u001b\\\u001b[?2004$p\u001b[xb', 'ab'],
    ['an answer to ENQ', 'a\u0005b', 'ab'],
    ['windows', 'a\u001b[8;1;1t\u001b[21tb', 'ab'],
    ['printers', 'a\u001b[5i\u001b[4i\u001b[?5ib', 'ab'],
    ['keys and mice', 'a\u001b[?1h\u001b[?1000h\u001b[?2004h\u001b[?1004h\u001b=\u001b[>4;2mb', 'ab'],
    ['a shown mode among others', 'a\u001b[?25;1000hb', 'ab'],
    ['eight-bit sequences', 'a\u009b5i\u009d0;x\u0007b', 'a5i0;xb'],
    ['programs of a terminal', 'a\u001b_Gf=100;AAAA\u001b\\\u001b^x\u001b\\\u001bXx\u001b\\b', 'ab'],
    ['a string that another sequence breaks off', 'a\u001b]0;x\u001b[31mb', 'a\u001b[31mb'],
    ['a string that CAN breaks off', 'a\u001b]0;x\u0018b', 'ab'],
    ['a character that is repeated for ever', 'a\u001b[999999999bb', 'ab'],
    ['a sequence without an end', `a\u001b[${'1;'.repeat(500)}mb`, 'ab'],
    ['character sets of which nobody knows', 'a\u001b%G\u001b(Kb', 'ab'],
  ])('does not pass on %s', (_name, text, left) => expect(shown(text)).toBe(left));

  test('a reset clears the screen, and resets nothing else', () => {
    expect(shown('a\u001bcb')).toBe('a\u001b[m\u001b[H\u001b[2Jb');
  });

  test('is the same wherever the pieces were cut', () => {
    const bits = [
      '\u001b',
      '[',
      ']',
      '0;x',
      '\u0007',
      '\\',
      '31',
      'm',
      '?25',
      'h',
      'n',
      'é',
      '🙂',
      'P',
      'c',
      '(',
      'B',
      '\u009b',
      '\r\n',
    ];
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...bits), { maxLength: 30 }),
        fc.array(fc.nat(60), { maxLength: 5 }),
        (parts, cuts) => {
          const bytes = Buffer.from(parts.join(''));
          const screen = new ScreenText();
          let at = 0;
          let pieces = '';
          for (const cut of [...cuts, bytes.length].sort((a, b) => a - b)) {
            pieces += screen.safe(bytes.subarray(at, Math.max(at, cut)));
            at = Math.max(at, cut);
          }
          expect(pieces).toBe(shown(bytes.toString()));
        },
      ),
    );
  });

  test('nothing but what is on the list comes out, whatever goes in', () => {
    const one = fc.oneof(
      fc.constantFrom('\u001b', '[', ']', '?', ';', '\\', '\u0007', '\u009b', '\u0090', '(', '>', '$', ' '),
      fc.string({ unit: 'binary', maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(one, { maxLength: 40 }), (parts) => {
        const passed = shown(parts.join(''));
        // oxlint-disable-next-line no-control-regex -- control characters are what this is about
        const left = passed.replaceAll(/\u001b(?:[78DEHM]|[()][AB0]|\[[\d;:?]{0,128}[@-~])|[\u0007-\u000f]/g, '');
        // oxlint-disable-next-line no-control-regex -- the same
        expect(left).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
        expect(passed).not.toMatch(/\[[\d;:?]*[cnpqtixy]/);
      }),
      { numRuns: 2_000 },
    );
  });
});
