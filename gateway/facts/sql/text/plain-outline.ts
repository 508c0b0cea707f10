/**
 * The outline of a text in which PostgreSQL's lexer and this file cannot read two things; the lexer itself takes longer than the parser does.
 * https://www.postgresql.org/docs/current/sql-syntax-lexical.html, src/backend/parser/scan.l
 * @returns undefined where it is not as plain as that: a backslash, a dollar that is no parameter, a comment in a comment, two dots, literals
 * that a line break joins, a number or a literal that a word is stuck to
 */
export function plainOutline(text: string): string | undefined {
  const out: string[] = [];
  let from = 0;
  let at = 0;
  const blank = (end: number, as: string): number => {
    out.push(text.slice(from, at), as);
    from = end;
    return end;
  };
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === backslash || (code === dot && text.charCodeAt(at + 1) === dot)) return undefined;
    if (code === quote || isPrefixed(text, at)) {
      const end = stringEnd(text, text.indexOf("'", at));
      if (end === undefined) return undefined;
      at = blank(end, `'…'`);
    } else if (code === doubleQuote) {
      const end = quotedEnd(text, at, '"');
      if (end === undefined) return undefined;
      at = end;
    } else if (isWordStart(code)) {
      at = wordEnd(text, at);
      if (text.charCodeAt(at) === quote) return undefined;
    } else if (isDigit(code) || (code === dot && isDigit(text.charCodeAt(at + 1)))) {
      const end = numberEnd(text, at);
      if (end === undefined) return undefined;
      at = blank(end, '0');
    } else if (code === dollar) {
      const end = parameterEnd(text, at);
      if (end === undefined) return undefined;
      at = end;
    } else if (code === minus && text.charCodeAt(at + 1) === minus) at = blank(lineEnd(text, at), ' ');
    else if (code === slash && text.charCodeAt(at + 1) === star) {
      const end = commentEnd(text, at);
      if (end === undefined) return undefined;
      at = blank(end, ' ');
    } else at += 1;
  }
  out.push(text.slice(from));
  return out.join('').trim();
}

const [quote, doubleQuote, dollar, dot, backslash] = [0x27, 0x22, 0x24, 0x2e, 0x5c];
const [minus, slash, star] = [0x2d, 0x2f, 0x2a];

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** `ident_start`: every byte above ASCII is one. */
function isWordStart(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f || code >= 0x80;
}

function isWordPart(code: number): boolean {
  return isWordStart(code) || isDigit(code) || code === dollar;
}

function wordEnd(text: string, start: number): number {
  let at = start + 1;
  while (isWordPart(text.charCodeAt(at))) at += 1;
  return at;
}

/** `E'` and `U&'` are one token with what follows. Of `B'` and `X'` quotes do not double, `N'` is a token of its own: nobody writes them much. */
function isPrefixed(text: string, at: number): boolean {
  const letter = text.charCodeAt(at) | 0x20;
  return letter === 0x65 ? text.charCodeAt(at + 1) === quote : letter === 0x75 && text.startsWith("&'", at + 1);
}

/** Two literals with a line break between them are one, even with a comment in it. */
const mayGoOn = /[ \t\n\r\f\v]+(?:'|--)/y;

function stringEnd(text: string, start: number): number | undefined {
  const end = quotedEnd(text, start, "'");
  if (end === undefined) return undefined;
  mayGoOn.lastIndex = end;
  return mayGoOn.test(text) ? undefined : end;
}

function quotedEnd(text: string, start: number, mark: string): number | undefined {
  for (let at = start + 1; ; at += 2) {
    at = text.indexOf(mark, at);
    if (at < 0) return undefined;
    if (text[at + 1] === mark) continue;
    return text.slice(start, at).includes('\\') ? undefined : at + 1;
  }
}

const plainNumber = /(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?/iy;

function numberEnd(text: string, start: number): number | undefined {
  plainNumber.lastIndex = start;
  plainNumber.test(text);
  return isStuck(text, plainNumber.lastIndex) ? undefined : plainNumber.lastIndex;
}

function parameterEnd(text: string, start: number): number | undefined {
  let at = start + 1;
  while (isDigit(text.charCodeAt(at))) at += 1;
  return at === start + 1 || isStuck(text, at) ? undefined : at;
}

function isStuck(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return isWordPart(code) || code === dot;
}

function lineEnd(text: string, start: number): number {
  let at = start;
  while (at < text.length && text[at] !== '\n' && text[at] !== '\r') at += 1;
  return at;
}

function commentEnd(text: string, start: number): number | undefined {
  const end = text.indexOf('*/', start + 2);
  // One that begins where this one ends counts too: the lexer sees the beginning first.
  return end < 0 || text.slice(start + 2, end + 1).includes('/*') ? undefined : end + 2;
}
