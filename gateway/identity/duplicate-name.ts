/**
 * The first name that some object in the JSON text has twice, or undefined.
 * JSON.parse keeps the last and other readers the first, so issuer and gateway could read two tokens in one: RFC 7519 section 4.
 * @param text valid JSON: JSON.parse has read it
 */
export function duplicateName(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  // Of valid JSON only strings, braces and brackets matter: all else is skipped. A string is a name when a colon follows.
  for (const [token, , colon] of text.matchAll(/"((?:[^"\\]|\\.)*)"\s*(:?)|[{}[\]]/g)) {
    switch (token[0]) {
      case '{':
        open.push(new Set());
        break;
      case '[':
        open.push(undefined);
        break;
      case '}':
      case ']':
        open.pop();
        break;
      default: {
        const names = open.at(-1);
        if (!colon || !names) break;
        // Names are compared unescaped: "s\u0075b" is "sub".
        const name = String(JSON.parse(token.slice(0, token.lastIndexOf('"') + 1)));
        if (names.has(name)) return name;
        names.add(name);
      }
    }
  }
  return undefined;
}
