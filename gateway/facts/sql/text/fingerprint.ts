import { hash } from 'node:crypto';

/**
 * 16 hex digits of the SHA-256 of a statement's outline, in which every literal and comment is blanked already: so nothing can be told from it
 * that the outline does not tell. The same for statements that differ in literals, parameters, the length of lists of them, rows to insert, the case of
 * names without quotes, white space, comments, and the name that a session gives to a cursor, a savepoint or a prepared statement.
 * @param outline of the statement, as `blankLiterals` makes it
 * @param given the name that the session gives or uses; undefined where the statement has none
 */
export function fingerprintOf(outline: string, given?: string | null): string {
  // Between two quotes a name is as it is written; outside of names there are none, as literals are blanked.
  const parts = outline.split('"').map((part, i) => (i % 2 === 0 ? worn(part) : `"${part}"`));
  const lists = withoutLengths(parts.join(''));
  return hash('sha256', given ? withoutName(lists, given) : lists).slice(0, 16);
}

/** Literals are `?`, and blanks stand between two words only. */
function worn(part: string): string {
  return part
    .toLowerCase()
    .replace(/'…'|\b0\b|\$\d+|\b(?:null|true|false)\b/g, '?')
    .replace(/[ \t\n\r\f\v]{2,}|[\t\n\r\f\v]/g, ' ')
    .replace(/ (?=[!-#%-/:-@[-^`{-~])|(?<=[!-#%-/:-@[-^`{-~]) /g, '')
    .trim();
}

/** `?,?,?` is `?`, and `(?,now()),(?,now())` is `(?,now())`; a sign before a literal is part of it where nothing stands before both. */
function withoutLengths(text: string): string {
  return text
    .replace(/([(,=<>])[-+]\?/g, '$1?')
    .replace(/(\?(?:::[\w.]+)?)(?:,\1(?![\w.:[]))+/g, '$1')
    .replace(/(\([\w?.,:]*(?:\(\)[\w?.,:]*)*\))(?:,\1)+/g, '$1');
}

/** Drivers number such names: `S_1`, `pdo_stmt_00000002`. */
function withoutName(text: string, name: string): string {
  const quoted = `"${name.replaceAll('"', '""')}"`;
  return text
    .replace(/"(?:[^"]|"")*"|[\w$\u{80}-\u{10ffff}]+/gu, (word) => (word === quoted || word === name ? '?' : word))
    .replace(/ ?\? ?/g, '?');
}
