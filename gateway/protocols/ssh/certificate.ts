import { randomBytes } from 'node:crypto';
import ssh2 from 'ssh2';
import { type PublicKey, publicKeyLine, publicKeyOf } from './public-key.ts';
import { uint32, uint64, WireReader, wireString } from './wire.ts';

/** Behind the type of a key, and behind the name of an algorithm. */
export const certificateSuffix = '-cert-v01@openssh.com';

export type CertificateKind = 'user' | 'host';

/** What an authority says of a key: OpenSSH's PROTOCOL.certkeys. */
export interface Certificate {
  readonly key: PublicKey;
  readonly serial: bigint;
  readonly kind: CertificateKind;
  /** For logs: `ssh-keygen -L` and sshd show it. */
  readonly id: string;
  /** The logins or the host names that it is good for. None is none here, and not all. */
  readonly principals: readonly string[];
  readonly validFromMs: number;
  readonly validUntilMs: number;
  /** Who does not understand one of these refuses the certificate. */
  readonly critical: Options;
  readonly extensions: Options;
}

/** Names with what they carry, which is empty for a mere flag. */
export type Options = ReadonlyMap<string, string>;

/** Whose certificates are taken, and what they may demand. */
export interface CertificateCheck {
  readonly kind: CertificateKind;
  /** Keys of authorities, Ed25519. */
  readonly authorities: readonly PublicKey[];
  readonly nowMs: number;
  /** Critical options that the caller looks at. Any other is a refusal. */
  readonly understood: ReadonlySet<string>;
}

const kinds: { readonly [kind in CertificateKind]: number } = { user: 1, host: 2 };
/** Fields of the key itself: RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709 section 4. */
const fieldsOfKey: { readonly [type: string]: number } = {
  'ssh-ed25519': 1,
  'ecdsa-sha2-nistp256': 2,
  'ecdsa-sha2-nistp384': 2,
  'ecdsa-sha2-nistp521': 2,
  'ssh-rsa': 2,
};
const authorityType = 'ssh-ed25519';
const maxBytes = 16 * 1024;

/** Whether a key in its wire form is a certificate. */
export function isCertificate(blob: Buffer): boolean {
  return new WireReader(blob).string()?.toString('latin1').endsWith(certificateSuffix) === true;
}

/** When a certificate of one's own says that it ends, without asking who signed it; undefined when it is none. */
export function certificateEndMs(blob: Buffer): number | undefined {
  const parts = partsOf(blob);
  return typeof parts === 'string' ? undefined : Number(parts.before) * 1_000;
}

/**
 * Reads a certificate and believes it only when one of the authorities signed it, for now, and it asks for nothing that is not understood.
 * Whom it is good for is the caller's to check: `principals` and `id`.
 * @param blob its wire form
 * @returns a sentence when it is refused
 */
export function readCertificate(blob: Buffer, check: CertificateCheck): Certificate | string {
  const parts = partsOf(blob);
  if (typeof parts === 'string') return parts;
  const { id, serial, kind, principals, after, before, critical, extensions } = parts;
  const known = check.authorities.find((one) => one.type === authorityType && one.blob.equals(parts.authority));
  if (!known) return 'a certificate of an unknown authority';
  const key = ssh2.utils.parseKey(publicKeyLine(known));
  if (parts.algorithm !== authorityType || key instanceof Error || key.verify(parts.signed, parts.signature) !== true)
    return 'a certificate whose signature is not the authority’s';
  if (kind !== kinds[check.kind]) return `a certificate that is not for a ${check.kind}`;
  if (principals.length === 0) return 'a certificate that names nobody';
  const now = BigInt(Math.floor(check.nowMs / 1_000));
  if (now < after) return 'a certificate that is not valid yet';
  if (now >= before) return 'a certificate that has ended';
  const odd = [...critical.keys()].find((name) => !check.understood.has(name));
  if (odd !== undefined) return `a certificate with the critical option ${JSON.stringify(odd.slice(0, 64))}`;
  const certified = publicKeyOf(Buffer.concat([wireString(parts.base), parts.numbers]));
  if (typeof certified === 'string') return certified;
  const [validFromMs, validUntilMs] = [Number(after) * 1_000, Number(before) * 1_000];
  const told = { principals, validFromMs, validUntilMs, critical, extensions };
  return { key: certified, serial, kind: check.kind, id, ...told };
}

/** What stands in a certificate, believed by nobody yet. @returns a sentence when it is none */
function partsOf(blob: Buffer) {
  if (blob.length > maxBytes) return 'a certificate that is too long';
  const read = new WireReader(blob);
  const type = read.string()?.toString('latin1') ?? '';
  const base = type.endsWith(certificateSuffix) ? type.slice(0, -certificateSuffix.length) : '';
  const fields = Object.hasOwn(fieldsOfKey, base) ? fieldsOfKey[base] : undefined;
  if (fields === undefined) return 'a certificate of a type that is not read';
  read.string(); // the nonce
  const start = read.at;
  for (let i = 0; i < fields; i++) read.string();
  const numbers = blob.subarray(start, read.at);
  const serial = read.uint64();
  const kind = read.uint32();
  const id = read.string();
  const principals = listIn(read.string());
  const [after, before] = [read.uint64(), read.uint64()];
  const [critical, extensions] = [optionsIn(read.string()), optionsIn(read.string())];
  read.string(); // reserved
  const authority = read.string();
  const signed = blob.subarray(0, read.at);
  const signature = new WireReader(read.string() ?? Buffer.alloc(0));
  const [algorithm, bytes] = [signature.string()?.toString('latin1'), signature.string()];
  if (serial === undefined || id === undefined || after === undefined || before === undefined || !authority || !bytes)
    return 'a certificate that is cut short';
  if (!principals || !critical || !extensions || !read.isDone || !signature.isDone)
    return 'a certificate that is not written as it should be';
  const told = { id: id.toString(), serial, kind, principals, after, before, critical, extensions };
  return { ...told, base, numbers, authority, signed, algorithm, signature: bytes };
}

/** The wire form of all but the signature. Times are cut to seconds. */
export function certificateBody(certificate: Certificate, authority: PublicKey): Buffer {
  const { key, serial, kind, id, principals, validFromMs, validUntilMs, critical, extensions } = certificate;
  const seconds = (ms: number) => uint64(BigInt(Math.floor(ms / 1_000)));
  return Buffer.concat([
    ...[wireString(`${key.type}${certificateSuffix}`), wireString(randomBytes(32))],
    key.blob.subarray(4 + key.type.length),
    ...[uint64(serial), uint32(kinds[kind]), wireString(id)],
    wireString(Buffer.concat(principals.map((name) => wireString(name)))),
    ...[seconds(validFromMs), seconds(validUntilMs)],
    ...[optionsOut(critical), optionsOut(extensions), wireString('')],
    wireString(authority.blob),
  ]);
}

function listIn(packed: Buffer | undefined): readonly string[] | undefined {
  if (!packed) return undefined;
  const found: string[] = [];
  const read = new WireReader(packed);
  while (!read.isDone) {
    const one = read.string();
    if (!one) return undefined;
    found.push(one.toString());
  }
  return found;
}

/** In the order of their names, each once: anything else could be read in two ways. */
function optionsIn(packed: Buffer | undefined): Options | undefined {
  if (!packed) return undefined;
  const found = new Map<string, string>();
  const read = new WireReader(packed);
  let last = Buffer.alloc(0);
  while (!read.isDone) {
    const [name, content] = [read.string(), read.string()];
    if (!name || !content || Buffer.compare(last, name) >= 0) return undefined;
    const inner = new WireReader(content);
    const value = content.length === 0 ? content : inner.string();
    if (!value || (content.length > 0 && !inner.isDone)) return undefined;
    found.set(name.toString(), value.toString());
    last = Buffer.from(name);
  }
  return found;
}

function optionsOut(options: Options): Buffer {
  const sorted = [...options].map(([name, value]) => [Buffer.from(name), value] as const);
  sorted.sort(([one], [other]) => Buffer.compare(one, other));
  const content = (value: string) => wireString(value === '' ? '' : wireString(value));
  return wireString(Buffer.concat(sorted.flatMap(([name, value]) => [wireString(name), content(value)])));
}
