import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Change, Names } from './names.ts';

describe('names', () => {
  test('a prediction counts at once in its own segment, and has to be confirmed for the next', () => {
    const names = new Names<string>();
    const change = names.predict('s', 'select 1', 7);
    expect(names.get('s')).toBe('select 1');
    expect(names.isCertain('s', 7)).toBe(true);
    expect(names.isCertain('s', 8)).toBe(false);
    change.confirm();
    expect(names.isCertain('s', 8)).toBe(true);
    expect(names.get('s')).toBe('select 1');
  });

  test('what the server refused leaves the older meaning', () => {
    const names = new Names<string>();
    names.setKnown('s', 'old');
    const change = names.predict('s', 'new', 1);
    change.undo();
    expect(names.get('s')).toBe('old');
    expect(names.isCertain('s', 2)).toBe(true);
  });

  test('a predicted Close hides the name, and its undoing shows it again', () => {
    const names = new Names<string>();
    names.setKnown('s', 'old');
    const close = names.predict('s', undefined, 1);
    expect(names.get('s')).toBeUndefined();
    close.undo();
    expect(names.get('s')).toBe('old');
  });

  test('what is forgotten while a prediction is open does not come back by its undoing', () => {
    const names = new Names<string>();
    names.setKnown('p', 'old');
    const change = names.predict('p', 'new', 2);
    // The transaction that it lived in has ended.
    names.expire(() => false);
    expect(names.get('p')).toBe('new');
    change.undo();
    expect(names.get('p')).toBeUndefined();
  });

  test('expiry spares what it is told to keep', () => {
    const names = new Names<string>();
    names.setKnown('a', 'holdable');
    names.setKnown('b', 'mortal');
    names.expire((value) => value === 'holdable');
    expect([names.get('a'), names.get('b')]).toEqual(['holdable', undefined]);
  });

  // The server as a model: it answers in order, and skips the rest of a segment after a failure.
  test('once every answer is there, the gateway knows exactly what the server knows', () => {
    const step = fc.record({
      name: fc.constantFrom('', 's', 't'),
      value: fc.option(fc.constantFrom('A', 'B', 'C'), { nil: undefined }),
      fails: fc.boolean(),
      endsSegment: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.infiniteStream(fc.boolean()), (steps, answerNow) => {
        const names = new Names<string>();
        const server = new Map<string, string>();
        const open: { readonly change: Change<string>; readonly done: boolean }[] = [];
        const answer = () => {
          const next = open.shift();
          if (next?.done) next.change.confirm();
          else next?.change.undo();
        };
        let segment = 0;
        let skipping = false;
        for (const { name, value, fails, endsSegment } of steps) {
          open.push({ change: names.predict(name, value, segment), done: !skipping && !fails });
          skipping ||= fails;
          if (!skipping && value === undefined) server.delete(name);
          else if (!skipping && value !== undefined) server.set(name, value);
          // A name that is certain may be used without waiting: unless the segment has failed, it must be right.
          const certain = skipping ? [] : ['', 's', 't'].filter((n) => names.isCertain(n, segment));
          expect(certain.map((n) => names.get(n))).toEqual(certain.map((n) => server.get(n)));
          if (endsSegment) {
            segment++;
            skipping = false;
          }
          if (answerNow.next().value === true) answer();
        }
        while (open.length > 0) answer();
        for (const name of ['', 's', 't']) expect(names.get(name)).toBe(server.get(name));
      }),
    );
  });
});
