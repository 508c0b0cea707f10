/**
 * The last line of defence: whatever looks like a secret is cut out of a line of JSON, which stays JSON.
 * The first line of defence is that only listed fields are logged at all.
 */
export function scrubLine(json: string): string {
  let clean = json;
  for (const [pattern, instead] of patterns) clean = clean.replace(pattern, instead);
  return clean;
}

/** The same for a text by itself, in its JSON form, so that one set of patterns serves both. */
export function scrubText(text: string): string {
  try {
    const clean: unknown = JSON.parse(scrubLine(JSON.stringify(text)));
    return typeof clean === 'string' ? clean : withheld;
  } catch {
    return withheld;
  }
}

const withheld = '[withheld]';

/** Words before a value that is none of the log's business, perhaps with others around them: `X-Api-Key`, `client_secret`. */
const word =
  '[\\w-]{0,40}(?:passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|private[_-]?key|credential|authorization|cookie)';

/** What stands before a quote within a text: an odd number of backslashes. With an even number the quote is the line's own. */
const escaped = '(?:(?:\\\\\\\\){0,3}\\\\)';

/**
 * Each pattern ends before a quote and the backslashes that escape it, and takes other escapes whole: what is left is JSON again.
 * None runs away: no two parts of a repetition match the same character, and what begins often is bounded.
 */
const patterns: readonly (readonly [RegExp, string])[] = [
  // PEM private keys (RFC 7468), whole or cut off.
  [
    /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----(?:[^"\\-]|-(?!----END)|\\+(?!["\\]))*(?:-----END [A-Z0-9 ]{0,40}-----)?/g,
    '[private key]',
  ],
  // JWTs and JWEs begin with a base64url JSON object: `eyJ` is `{"` (RFC 7519).
  [/\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,4}/g, '[token]'],
  // HTTP credentials (RFC 9110 section 11.4), in headers and in SASL OAUTHBEARER messages.
  [/\b(Bearer|Basic|DPoP|Negotiate)\s+[A-Za-z0-9._~+/=-]{3,}/gi, '$1 [secret]'],
  // `scheme://user:password@host`; in a password that is not encoded, `/` and `@` too.
  [/\b([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s"'\\/@:]{0,200}:(?:[^\s"'\\]|\\[^"nrt]){0,500}@/gi, '$1[secret]@'],
  // SQL: CREATE ROLE ... PASSWORD '...'. A doubled quote and an escaped character are part of it.
  [/\b(PASSWORD\s+(?:E|U&)?)'(?:[^'"\\]|''|\\.)*'?/gi, "$1'[secret]'"],
  // What PostgreSQL stores instead of a password is as good as one to whoever can guess.
  [/\bSCRAM-SHA-256\$[^\s"'\\]+/g, '[verifier]'],
  [/\bmd5[0-9a-f]{32}\b/g, '[verifier]'],
  // `"client_secret": "..."`, in JSON, in JSON in a text, and so on inwards: both quotes are escaped alike.
  [new RegExp(`(${word}(${escaped}?")\\s*[=:]\\s*\\2)(?:[^"\\\\]|\\\\+(?!["\\\\]))+`, 'gi'), '$1[secret]'],
  // `password="..."` in a text: a quote that is not escaped would be the line's own.
  [new RegExp(`(${word}\\s*[=:]\\s*${escaped}")(?:[^"\\\\]|\\\\+(?!["\\\\]))+`, 'gi'), '$1[secret]'],
  [new RegExp(`(${word}'?\\s*[=:]\\s*')(?:[^'"\\\\]|\\\\+(?!['"\\\\]))+`, 'gi'), '$1[secret]'],
  // `password=...`, `token: ...`
  [
    new RegExp(`(${word}(?:${escaped}"|')?\\s*[=:]\\s*)(?!\\[)(?:[^\\s"'\\\\,;&)}\\]]|\\\\[^"nrt])+`, 'gi'),
    '$1[secret]',
  ],
];
