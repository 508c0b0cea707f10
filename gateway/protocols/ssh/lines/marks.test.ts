import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Mark, Marks } from './marks.ts';

const secret = '01234567-89ab-cdef-0123-456789abcdef';
const mark = (body: string) => `\u001b]5379;${body}\u0007`;

/** What was printed, and what was said, when it comes in these pieces. */
function taken(pieces: readonly Buffer[], maxBytes = 1_000) {
  const marks = new Marks(maxBytes);
  let printed = '';
  const said: (Mark | 'overlong')[] = [];
  for (const piece of pieces)
    for (const one of marks.take(piece)) {
      if (Buffer.isBuffer(one)) printed += one.toString('latin1');
      else said.push(one);
    }
  return { printed, said };
}

describe('marks of the judging shell', () => {
  test('are taken out of what is printed', () => {
    const text = `a${mark('ready')}b${mark(`line;${secret};1;6c,73,a,1f642,`)}c${mark(`done;${secret};`)}d\u001b[m`;
    expect(taken([Buffer.from(text)])).toEqual({
      printed: 'abcd\u001b[m',
      said: [
        { kind: 'ready' },
        { kind: 'line', secret, isWhole: true, text: 'ls\n🙂' },
        { kind: 'done', secret, keys: '' },
      ],
    });
  });

  test.each([
    ['of a kind that is none', 'what;x'],
    ['with a secret that is none', 'line;x;1;6c,'],
    ['with too many fields', `line;${secret};1;6c,;6d,`],
    ['with a text that is none', `line;${secret};1;6c`],
    ['with a point beyond Unicode', `line;${secret};1;110000,`],
    ['that do not say whether the line is whole', `line;${secret};;6c,`],
    ['with another mark inside', `line;${secret};1;\u001b]5379;line;${secret};1;6c,`],
  ])('%s are taken out, and say nothing', (_what, body) => {
    expect(taken([Buffer.from(`a${mark(body)}b`)])).toEqual({ printed: 'ab', said: [] });
  });

  test('without an end hold back no more than they may', () => {
    const { printed, said } = taken([Buffer.from(`a\u001b]5379;${'x'.repeat(2_000)}`)]);
    expect({ printed, said }).toEqual({ printed: 'a', said: ['overlong'] });
  });

  test('are the same wherever the network cut them', () => {
    const parts = [
      'a',
      '\u001b',
      ']',
      '\u001b]5379',
      mark('ready'),
      mark(`line;${secret};0;6c,`),
      mark('x'),
      'é',
      '\u0007',
    ];
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...parts), { maxLength: 12 }),
        fc.array(fc.nat(200), { maxLength: 6 }),
        (chosen, cuts) => {
          // Ends with what is no part of a mark: nothing is held back then.
          const bytes = Buffer.from(`${chosen.join('')}\u0007.`);
          const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length].toSorted((a, b) => a - b);
          const pieces = places.slice(1).map((place, i) => bytes.subarray(places[i], place));
          expect(taken(pieces)).toEqual(taken([bytes]));
        },
      ),
    );
  });
});
