import { createPublicKey, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { sha256 } from './hash.ts';

/** Signs notes under one name: c2sp.org/signed-note. */
export interface NoteSigner {
  readonly name: string;
  /** What a verifier needs: `name+hash+key`, c2sp.org/signed-note#verifier-keys. */
  readonly verifierKey: string;
  /** @param text ends with a newline */
  sign(text: string): string;
}

export interface NoteVerifier {
  readonly name: string;
  /** @returns the note's text, or undefined unless the note is this signer's, byte for byte as `sign` writes it */
  open(note: string): string | undefined;
}

const ed25519 = Buffer.from([1]);

/** @param privateKey Ed25519. @throws TypeError for another key or a name that a note cannot carry */
export function noteSigner(name: string, privateKey: KeyObject): NoteSigner {
  if (privateKey.type !== 'private' || privateKey.asymmetricKeyType !== 'ed25519') {
    throw new TypeError('the audit log is signed with a private Ed25519 key');
  }
  if (!isName(name)) throw new TypeError('a log origin is not empty and has neither spaces nor plus signs');
  const raw = rawKey(createPublicKey(privateKey));
  const id = keyId(name, raw);
  return {
    name,
    verifierKey: `${name}+${id.toString('hex')}+${Buffer.concat([ed25519, raw]).toString('base64')}`,
    sign: (text) => encodeNote(text, name, id, sign(null, Buffer.from(text), privateKey)),
  };
}

/** @returns undefined when the text is no verifier key for Ed25519 */
export function parseVerifierKey(text: string): NoteVerifier | undefined {
  const [name = '', idHex = '', ...rest] = text.trim().split('+');
  const key = Buffer.from(rest.join('+'), 'base64'); // base64 has plus signs of its own
  const raw = key.subarray(1);
  if (!isName(name) || key.length !== 33 || key[0] !== ed25519[0]) return undefined;
  const id = keyId(name, raw);
  if (id.toString('hex') !== idHex) return undefined;
  const publicKey = createPublicKey({ key: Buffer.concat([spkiHead, raw]), format: 'der', type: 'spki' });
  return {
    name,
    open(note) {
      const signature = signatureIn(note);
      if (!signature) return undefined;
      // Base64 can spell the same bytes in several ways: only the one we write is the note.
      if (encodeNote(signature.text, name, id, signature.bytes) !== note) return undefined;
      return verify(null, Buffer.from(signature.text), publicKey, signature.bytes) ? signature.text : undefined;
    },
  };
}

function encodeNote(text: string, name: string, id: Buffer, signature: Buffer): string {
  return `${text}\n\u2014 ${name} ${Buffer.concat([id, signature]).toString('base64')}\n`;
}

/** Takes a note with one signature apart, without believing it. */
function signatureIn(note: string): { readonly text: string; readonly bytes: Buffer } | undefined {
  const end = note.lastIndexOf('\n\n');
  if (end < 0) return undefined;
  const encoded = note.slice(end + 2).split(' ')[2];
  return encoded === undefined
    ? undefined
    : { text: note.slice(0, end + 1), bytes: Buffer.from(encoded, 'base64').subarray(4) };
}

/** The SubjectPublicKeyInfo of every Ed25519 key begins with these bytes: RFC 8410. */
const spkiHead = Buffer.from('302a300506032b6570032100', 'hex');

function rawKey(publicKey: KeyObject): Buffer {
  return publicKey.export({ format: 'der', type: 'spki' }).subarray(spkiHead.length);
}

function keyId(name: string, raw: Buffer): Buffer {
  return sha256(Buffer.concat([Buffer.from(`${name}\n`), ed25519, raw])).subarray(0, 4);
}

function isName(name: string): boolean {
  return /^[^\s+]+$/u.test(name);
}
