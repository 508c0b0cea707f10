import { posix } from 'node:path';
import { absolutePath } from '../../../facts/files/index.ts';
import type { SftpAnswer } from './answers.ts';
import type { SftpHost } from './host.ts';
import { encodePacket, requestTypes as types, statuses } from './wire.ts';

/** Where a path leads to, as the host says before anything is decided. */
export type FoundPlace =
  | { readonly ok: true; readonly asked: string; readonly path: string; readonly answer: SftpAnswer }
  /** `answer`: what the client is told when policy allows it. Nothing else is done with the path. */
  | { readonly ok: false; readonly asked: string; readonly path: string; readonly answer: SftpAnswer };

/** Behind every link, the last name's included. @param creates the last name may be missing */
export async function followed(host: SftpHost, named: string, creates = false): Promise<FoundPlace> {
  const asked = absolutePath(named, host.home);
  const answer = await host.realPath(asked);
  if (!creates || !isMissing(answer)) return found(asked, answer, (path) => path);
  // OpenSSH names files that are to come, behind links to nowhere too; other hosts name neither.
  const place = await unfollowed(host, named);
  if (!place.ok) return place;
  const standing = await host.question((id) => encodePacket(types.lstat, id, place.path));
  // Through a link that stands there the host would create what nobody has judged.
  return isMissing(standing) ? place : nowhere(asked, standing);
}

/** Behind every link but the last name's: for what acts on the name itself. */
export async function unfollowed(host: SftpHost, named: string): Promise<FoundPlace> {
  const asked = absolutePath(named, host.home);
  const answer = await host.realPath(posix.dirname(asked));
  return found(asked, answer, (parent) => posix.join(parent, posix.basename(asked)));
}

/** Of a text that only the host can make a path of: `~ana/x`. */
export function expanded(host: SftpHost, named: string, answer: SftpAnswer): FoundPlace {
  const place = found(absolutePath(named, host.home), answer, (path) => path);
  return place.ok ? { ...place, asked: place.path } : place;
}

function found(asked: string, answer: SftpAnswer, path: (found: string) => string): FoundPlace {
  if (answer.kind === 'name' && answer.first?.startsWith('/') === true)
    return { ok: true, asked, path: absolutePath(path(answer.first), '/'), answer };
  return nowhere(asked, answer);
}

function nowhere(asked: string, answer: SftpAnswer): FoundPlace {
  if (answer.kind === 'status' && answer.status !== statuses.ok) return { ok: false, asked, path: asked, answer };
  const text = 'the host does not say where this leads, or not as UTF-8';
  return { ok: false, asked, path: asked, answer: { kind: 'status', status: statuses.failure, text } };
}

function isMissing(answer: SftpAnswer): boolean {
  return answer.kind === 'status' && answer.status === statuses.noSuchFile;
}
