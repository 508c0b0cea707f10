import { isClaims } from './claim-path.ts';
import type { Claims } from './claim-path.ts';
import { duplicateName } from './duplicate-name.ts';
import { refuse } from './refusal.ts';
import type { Refusal } from './refusal.ts';

/** Real tokens are 0.4 to 4 KiB; Kerberos-sized group lists reach 12. More is an attack on the parser. */
export const maxTokenBytes = 16 * 1024;

/** A token as it claims to be. Nothing in here is proven: good for choosing an issuer and a key, and for no more. */
export interface UnverifiedToken {
  readonly ok: true;
  readonly header: Claims;
  readonly claims: Claims;
}

/** Reads a JWS in compact form (RFC 7515 section 7.1), strictly: three parts of base64url, two of them JSON objects without doubled names. */
export function parseToken(token: string): UnverifiedToken | Refusal {
  // length counts UTF-16 units; what is not ASCII fails the pattern below anyway
  if (token.length > maxTokenBytes)
    return refuse('too_long', `${token.length} bytes, and at most ${maxTokenBytes} are read`);
  const parts = /^([\w-]+)\.([\w-]+)\.([\w-]*)$/.exec(token);
  if (!parts) return refuse('malformed', 'it has not the three parts of a JWT');
  const header = parsePart(parts[1] ?? '', 'header');
  if (!header.ok) return header;
  const claims = parsePart(parts[2] ?? '', 'payload');
  if (!claims.ok) return claims;
  // `crit` asks us to understand an extension (RFC 7515 section 4.1.11) and `b64` changes how the payload is read (RFC 7797): we know none.
  if ('crit' in header.value || 'b64' in header.value)
    return refuse('malformed', 'its header asks for an extension that is not supported');
  return { ok: true, header: header.value, claims: claims.value };
}

function parsePart(part: string, what: string): { readonly ok: true; readonly value: Claims } | Refusal {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(part, 'base64url'));
    value = JSON.parse(text);
  } catch {
    return refuse('malformed', `its ${what} is not JSON`);
  }
  if (!isClaims(value)) return refuse('malformed', `its ${what} is not a JSON object`);
  if (duplicateName(text) !== undefined) return refuse('malformed', `its ${what} has a name twice`);
  return { ok: true, value };
}
