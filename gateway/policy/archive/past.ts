import { SallyportError } from '../../contract/errors.ts';
import type { TrustedKey } from '../bundle/keys.ts';
import { unverifiedTogether, verifyTogether } from '../bundle/together.ts';
import type { VerifiedBundle } from '../bundle/verify.ts';
import type { ArchivedBundle } from './archive.ts';

/** Why a bundle of the past is believed: a key that is trusted today signed it, or the log says that this very archive was in force. */
export type Trust = 'signature' | 'log' | 'both';

export interface PastBundle {
  readonly bundle: VerifiedBundle;
  readonly digest: string;
  readonly trust: Trust;
}

/**
 * A bundle that was in force once, to look back with. It may have expired since, and its key may have been rotated away.
 * @param logged SHA-256 of the archive by the audit log's `bundle.activated`; undefined where there is no log
 * @throws SallyportError `bundle-signature` when neither vouches for it, `bundle-invalid`
 */
export async function openPast(
  { archive, digest }: ArchivedBundle,
  keys: readonly TrustedKey[],
  logged: string | undefined,
): Promise<PastBundle> {
  if (logged !== undefined && logged !== digest) {
    throw new SallyportError(
      'bundle-signature',
      `the log says that bundle ${logged} was in force, and this is ${digest}`,
    );
  }
  try {
    // Time 0 and sequence 0: what was in force then is not to be newer or longer-lived than anything.
    const bundle = await verifyTogether(archive, { keys, nowMs: 0, minSequence: 0 });
    return { bundle, digest, trust: logged === undefined ? 'signature' : 'both' };
  } catch (error) {
    if (logged === undefined) throw error;
    return { bundle: await unverifiedTogether(archive), digest, trust: 'log' };
  }
}
