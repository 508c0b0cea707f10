import type { FailureSubject } from '../contract/result.ts';

/** What an error is left with whose text is withheld: that a value did not fit. Class 22 is that of data exceptions. */
const doesNotFit = '22000';

/**
 * Classes of errors that one row of many can bring about, by a value or by what is made of it: a cast to `regclass` of a name that is none is
 * `42P01`, two rows of a sub-query are `21000`, a text that gets too long is `54000`.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const byRows: ReadonlySet<string> = new Set('0A 10 20 21 22 23 2B 2F 38 39 42 44 53 54 58 HV XX'.split(' '));

/**
 * Which of two rows failed first says in what order they came, and by what: that something did not fit is said, and not why. What the server finds in
 * the text of the command, before it has seen a row, keeps its code, and so does the rule of a table that a written row breaks: where rows are
 * written, their order is a use of its own. So do a missing permission, and what has to be tried again.
 * @param about what the target says the error is about
 */
export function withheldCode({ code, about }: { readonly code: string; readonly about?: FailureSubject }): string {
  if (code.startsWith('22')) return doesNotFit;
  if (about !== undefined || code === '42501') return code;
  return byRows.has(code.slice(0, 2)) ? doesNotFit : code;
}
