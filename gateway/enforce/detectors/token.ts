import { alnum, before, digit, is, lower, runEnd, upper, word, type Stretch } from './bytes.ts';

/** What begins so, followed by so many of these, is somebody's key: prefixes that those who give them out have published. */
interface Form {
  readonly prefix: string;
  readonly of: number;
  readonly least: number;
  readonly most: number;
}
const form = (prefix: string, of: number, least: number, most = Infinity): Form => ({ prefix, of, least, most });

const forms: readonly Form[] = [
  ...['AKIA', 'ASIA', 'ABIA', 'ACCA'].map((prefix) => form(prefix, upper | digit, 16, 16)), // AWS access key ids
  ...['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'].map((prefix) => form(prefix, alnum, 36)), // GitHub
  form('github_pat_', word, 40),
  form('glpat-', word, 20), // GitLab
  ...['xoxb-', 'xoxp-', 'xoxa-', 'xoxr-', 'xoxs-', 'xapp-'].map((prefix) => form(prefix, word, 20)), // Slack
  ...['sk_live_', 'rk_live_', 'sk_test_', 'rk_test_', 'whsec_'].map((prefix) => form(prefix, alnum, 16)), // Stripe
  form('AIza', word, 35, 35), // Google
  form('npm_', alnum, 36, 36),
  form('pypi-', word, 50),
  form('sk-', word, 32), // OpenAI, Anthropic
  form('hvs.', word, 24), // Vault
  form('dop_v1_', lower | digit, 64, 64), // DigitalOcean
  form('AGE-SECRET-KEY-1', upper | digit, 58, 58),
];
const byFirst = Map.groupBy(forms, ({ prefix }) => prefix.charCodeAt(0));
/** By the first byte; none for most. */
const formsByFirst = Array.from({ length: 256 }, (_, byte) => byFirst.get(byte) ?? []);

const dot = 0x2e;
/** `{"` in base64url: how every header of a JWT begins (RFC 7515). */
const headerStart = 'eyJ';
const leastPart = 10;

/** A token with a known prefix, or a JWT, that begins at `at`. @returns its end, or -1 */
export function tokenAt(text: Stretch, at: number): number {
  if (is(before(text, at), word)) return -1;
  const { source, end } = text;
  for (const { prefix, of, least, most } of formsByFirst[source[at] ?? 0] ?? []) {
    if (!startsWith(text, at, prefix)) continue;
    const from = at + prefix.length;
    const last = runEnd(source, from, end, of);
    const count = last - from;
    if (count >= least && count <= most && !is(last < end ? source[last] : undefined, alnum)) return last;
  }
  return jwtAt(text, at);
}

/** Header and claims, both JSON, and a signature, which an unsecured one leaves empty. */
function jwtAt(text: Stretch, at: number): number {
  const { source, end } = text;
  if (!startsWith(text, at, headerStart)) return -1;
  const header = runEnd(source, at, end, word);
  if (header - at < leastPart || source[header] !== dot || !startsWith(text, header + 1, headerStart)) return -1;
  const claims = runEnd(source, header + 1, end, word);
  if (claims >= end || source[claims] !== dot) return -1;
  return runEnd(source, claims + 1, end, word);
}

const begin = '-----BEGIN ';
const keyEnd = 'PRIVATE KEY-----';
const pgpEnd = 'PRIVATE KEY BLOCK-----';
const finish = '-----END ';
const longestKind = 40;

/** A private key in PEM or PGP armor (RFC 7468, RFC 9580), to the end of its last line; without one, of the text. @returns its end, or -1 */
export function privateKeyAt(text: Stretch, at: number): number {
  const closing = privateKeyClosing(text, at);
  if (closing === undefined) return -1;
  // Within the text: what lies behind it in the buffer belongs to others.
  const last = text.source.subarray(at, text.end).indexOf(closing, 0, 'latin1');
  return last < 0 ? text.end : at + last + closing.length;
}

/** With what the private key ends that begins at `at`; undefined where none does. */
export function privateKeyClosing(text: Stretch, at: number): string | undefined {
  const { source, end } = text;
  if (!startsWith(text, at, begin)) return undefined;
  const head = source.toString(
    'latin1',
    at + begin.length,
    Math.min(end, at + begin.length + longestKind + pgpEnd.length),
  );
  const kind = head.slice(0, Math.max(0, head.indexOf('-----') + 5));
  const isKey = kind.endsWith(keyEnd) || kind.endsWith(pgpEnd);
  // On one line: without that, what it is would hang on where a stream is cut.
  return isKey && /^[A-Za-z0-9 ]*-----$/.test(kind) ? `${finish}${kind}` : undefined;
}

/** Whether what stands at `at` begins as a token or key does that is not whole yet. */
export function beginsToken(text: Stretch, at: number): boolean {
  const known = formsByFirst[text.source[at] ?? 0] ?? [];
  return known.some(({ prefix }) => startsWith(text, at, prefix)) || startsWith(text, at, headerStart);
}

function startsWith({ source, end }: Stretch, at: number, prefix: string): boolean {
  if (at + prefix.length > end) return false;
  for (let i = 0; i < prefix.length; i++) if (source[at + i] !== prefix.charCodeAt(i)) return false;
  return true;
}
