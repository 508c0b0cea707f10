import type { ForwardKind, SshCommand } from '../../contract/command-ssh.ts';
import { sshRequest } from '../shell/index.ts';
import { forwardFact, type ForwardPlace, placeText } from './place.ts';

/** A forward, as policy reads it: `forward local db:5432`. The kinds that are carried nowhere have no place. */
export function forwardCommand(kind: ForwardKind, place?: ForwardPlace): SshCommand {
  const text = place ? `forward ${kind} ${placeText(place)}` : `forward ${kind}`;
  return sshRequest('forward', ['forward'], { text, forward: forwardFact(kind, place) });
}

/** Visible ASCII, at most 64 characters: RFC 4251 section 6. */
export function isSubsystemName(name: string): boolean {
  return /^[!-~]{1,64}$/.test(name);
}

/** Of any but sftp, whose operations are commands themselves. */
export function subsystemCommand(name: string): SshCommand {
  return sshRequest('subsystem', ['subsystem'], { text: `subsystem ${name}`, subsystem: name });
}
