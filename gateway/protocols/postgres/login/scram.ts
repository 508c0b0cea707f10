import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { SallyportError } from '../../../contract/errors.ts';

const derive = promisify(pbkdf2);

/** RFC 7677 asks for at least 4,096 rounds. Fewer would let whoever hears one exchange guess the password sooner. */
const MIN_ITERATIONS = 4096;
/** About a quarter of a second of one thread; more is a server that wants to keep us busy. */
const MAX_ITERATIONS = 1_000_000;
const CACHED_PASSWORDS = 64;

/**
 * What the client says about channel binding (RFC 5802 section 6): `none` it has none, `unoffered` it has but the server did not offer it,
 * a buffer is the binding itself (`tls-server-end-point`).
 */
export type Binding = 'none' | 'unoffered' | Buffer;

/**
 * One SCRAM-SHA-256 login as the client (RFC 5802, RFC 7677): `first()`, `final()`, `verify()`, in this order.
 * @throws SallyportError `upstream-auth` for a server that does not keep to the protocol or does not know the password itself
 */
export class ScramClient {
  readonly #password: string;
  readonly #nonce: string;
  readonly #gs2: string;
  readonly #binding: Buffer;
  #serverSignature: Buffer | undefined;

  /** @param nonce printable, without comma, fresh for every login */
  constructor(password: string, nonce: string, binding: Binding) {
    this.#password = password;
    this.#nonce = nonce;
    this.#gs2 = binding === 'none' ? 'n,,' : binding === 'unoffered' ? 'y,,' : 'p=tls-server-end-point,,';
    this.#binding = typeof binding === 'string' ? Buffer.alloc(0) : binding;
  }

  /** The user name stays empty: PostgreSQL takes the one of the start-up packet. */
  first(): string {
    return `${this.#gs2}n=,r=${this.#nonce}`;
  }

  async final(serverFirst: string): Promise<string> {
    const [, nonce = '', salt = '', rounds = ''] =
      /^r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/]+={0,2}),i=(\d{1,9})$/.exec(serverFirst) ?? [];
    if (nonce === '') throw refuse('its first message does not parse');
    if (!nonce.startsWith(this.#nonce) || nonce.length === this.#nonce.length)
      throw refuse('it did not extend our nonce');
    const iterations = Number(rounds);
    if (iterations < MIN_ITERATIONS || iterations > MAX_ITERATIONS)
      throw refuse(`it asks for ${iterations} iterations`);
    const salted = await saltedPassword(this.#password, Buffer.from(salt, 'base64'), iterations);
    const clientKey = hmac(salted, 'Client Key');
    const binding = Buffer.concat([Buffer.from(this.#gs2), this.#binding]).toString('base64');
    const withoutProof = `c=${binding},r=${nonce}`;
    const authMessage = `n=,r=${this.#nonce},${serverFirst},${withoutProof}`;
    const signature = hmac(createHash('sha256').update(clientKey).digest(), authMessage);
    const proof = Buffer.from(clientKey.map((byte, i) => byte ^ (signature[i] ?? 0)));
    this.#serverSignature = hmac(hmac(salted, 'Server Key'), authMessage);
    return `${withoutProof},p=${proof.toString('base64')}`;
  }

  /** The server must prove that it knows the password too: one that only collects logins cannot. */
  verify(serverFinal: string): void {
    const [, claimed = ''] = /^v=([A-Za-z0-9+/]+={0,2})$/.exec(serverFinal) ?? [];
    const signature = Buffer.from(claimed, 'base64');
    const expected = this.#serverSignature;
    if (expected === undefined || signature.length !== expected.length || !timingSafeEqual(signature, expected))
      throw refuse('its signature is wrong');
  }
}

/**
 * The hash of a certificate for `tls-server-end-point` (RFC 5929 section 4.1): by the hash of the certificate's own signature, where MD5 and
 * SHA-1 become SHA-256.
 * @param der the certificate
 * @throws SallyportError `upstream-auth` for a signature that names no hash (Ed25519, RSA-PSS)
 */
export function endPointBinding(der: Buffer): Buffer {
  const hash = signatureHashes.get(signatureOid(der));
  if (hash === undefined)
    throw refuse('its certificate’s signature names no hash to bind to; set channel binding to disable');
  return createHash(hash).update(der).digest();
}

/** OIDs of signature algorithms as hex of their DER contents. */
const signatureHashes: ReadonlyMap<string, string> = new Map([
  ['2a864886f70d010104', 'sha256'], // md5WithRSAEncryption
  ['2a864886f70d010105', 'sha256'], // sha1WithRSAEncryption
  ['2a864886f70d01010b', 'sha256'], // sha256WithRSAEncryption
  ['2a864886f70d01010c', 'sha384'],
  ['2a864886f70d01010d', 'sha512'],
  ['2a864886f70d01010e', 'sha224'],
  ['2a8648ce3d0401', 'sha256'], // ecdsa-with-SHA1
  ['2a8648ce3d040301', 'sha224'],
  ['2a8648ce3d040302', 'sha256'], // ecdsa-with-SHA256
  ['2a8648ce3d040303', 'sha384'],
  ['2a8648ce3d040304', 'sha512'],
]);

/** Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { algorithm OID, … }, … } (RFC 5280 section 4.1). */
function signatureOid(der: Buffer): string {
  const certificate = derItem(der, 0);
  const tbs = derItem(der, certificate.from);
  const algorithm = derItem(der, tbs.to);
  const oid = derItem(der, algorithm.from);
  return der.toString('hex', oid.from, oid.to);
}

function derItem(der: Buffer, at: number): { readonly from: number; readonly to: number } {
  const length = der.readUInt8(at + 1);
  if (length < 0x80) return { from: at + 2, to: at + 2 + length };
  const size = length & 0x7f;
  const from = at + 2 + size;
  return { from, to: from + der.readUIntBE(at + 2, size) };
}

const salted = new Map<string, Buffer>();

/** Kept for the last few, by a digest over all three: every session of a target logs in with the same password, salt and rounds. */
async function saltedPassword(password: string, salt: Buffer, iterations: number): Promise<Buffer> {
  const prepared = saslPrep(password);
  const key = createHash('sha256')
    .update(`${iterations} ${salt.toString('base64')} ${prepared}`)
    .digest('base64');
  const known = salted.get(key);
  if (known !== undefined) return known;
  const made = await derive(prepared, salt, iterations, 32, 'sha256');
  if (salted.size >= CACHED_PASSWORDS) salted.delete(salted.keys().next().value ?? '');
  salted.set(key, made);
  return made;
}

/**
 * SASLprep (RFC 4013) as PostgreSQL does it: special spaces become spaces, invisible characters go, NFKC; a password that then holds
 * something prohibited is used as it was.
 */
export function saslPrep(password: string): string {
  if (/^[\x20-\x7e]*$/.test(password)) return password;
  const mapped = password
    .replaceAll(/[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/gu, ' ')
    .replaceAll(/./gsu, (character) => (isInvisible(character.codePointAt(0) ?? 0) ? '' : character))
    .normalize('NFKC');
  return mapped === '' || /[\p{Cc}\p{Cn}\p{Co}\p{Cs}\u2028\u2029\ufff9-\ufffd]/u.test(mapped) ? password : mapped;
}

/** RFC 3454 table B.1, "commonly mapped to nothing". */
function isInvisible(code: number): boolean {
  const between = (from: number, to: number): boolean => code >= from && code <= to;
  if ([0xad, 0x34f, 0x1806, 0x2060, 0xfeff].includes(code)) return true;
  return between(0x180b, 0x180d) || between(0x200c, 0x200d) || between(0xfe00, 0xfe0f);
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function refuse(why: string): SallyportError {
  return new SallyportError('upstream-auth', `the target’s SCRAM login was broken off: ${why}`);
}
