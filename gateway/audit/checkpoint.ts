import { hashBytes } from './hash.ts';
import type { NoteSigner, NoteVerifier } from './note.ts';

/** What a checkpoint promises: c2sp.org/tlog-checkpoint. */
export interface Checkpoint {
  readonly size: number;
  readonly root: Buffer;
}

/** The signed note that goes into `<log>/checkpoint`. */
export function encodeCheckpoint(checkpoint: Checkpoint, signer: NoteSigner): string {
  return signer.sign(`${signer.name}\n${checkpoint.size}\n${checkpoint.root.toString('base64')}\n`);
}

/** @returns undefined unless it is signed by that key and says what a checkpoint says, in the one way we write it */
export function parseCheckpoint(note: string, verifier: NoteVerifier): Checkpoint | undefined {
  const [origin, size = '', root = '', end, ...more] = verifier.open(note)?.split('\n') ?? [];
  if (origin !== verifier.name || end !== '' || more.length > 0) return undefined;
  if (!/^(0|[1-9]\d{0,15})$/.test(size) || !Number.isSafeInteger(Number(size))) return undefined;
  const hash = Buffer.from(root, 'base64');
  if (hash.length !== hashBytes || hash.toString('base64') !== root) return undefined;
  return { size: Number(size), root: hash };
}
