import { forwardKinds, type SshCommand } from '../../contract/command-ssh.ts';
import { forwardCommand, isSubsystemName, subsystemCommand } from './command.ts';
import { type ForwardPlace, socketPlace, tcpPlace } from './place.ts';

type ForwardLine = { readonly ok: true; readonly command: SshCommand } | { readonly ok: false; readonly why: string };

/** Whether a line of a policy test is a forward or a subsystem, and none of shell: a program of that name is written with its path. */
export function isForwardLine(text: string): boolean {
  return /^\s*(forward|subsystem)(\s|$)/.test(text);
}

/** `forward local db:5432`, `forward remote /run/db.sock`, `forward agent`, `subsystem netconf`: as recordings and the log write them. */
export function readForwardLine(text: string): ForwardLine {
  const [request = '', ...words] = text.trim().split(/\s+/);
  const read = request === 'subsystem' ? subsystemOf(words) : forwardOf(words);
  return typeof read === 'string' ? { ok: false, why: read } : { ok: true, command: read };
}

function subsystemOf([name = '', ...more]: readonly string[]): SshCommand | string {
  if (more.length > 0 || !isSubsystemName(name))
    return 'a subsystem has one name, of at most 64 characters without blanks';
  if (name === 'sftp') return 'of sftp each operation is judged: sftp: list /srv';
  return subsystemCommand(name);
}

function forwardOf([name = '', where, ...more]: readonly string[]): SshCommand | string {
  const kind = forwardKinds.find((one) => one === name);
  if (!kind) return `there is no forward "${name}": ${forwardKinds.join(', ')}`;
  if (more.length > 0) return 'a forward has one place';
  switch (kind) {
    case 'local':
    case 'remote': {
      const place = placeOf(where ?? '', kind === 'remote');
      return typeof place === 'string' ? place : forwardCommand(kind, place);
    }
    case 'agent':
    case 'x11':
    case 'tunnel':
      return where === undefined ? forwardCommand(kind) : `a forward of this kind has no place: forward ${kind}`;
    default:
      return kind satisfies never;
  }
}

function placeOf(text: string, listens: boolean): ForwardPlace | string {
  if (text.startsWith('/')) return socketPlace(text);
  // Without brackets nobody can tell where an IPv6 address ends.
  const [, host, port] = /^(\[[^\]]*\]|[^:]*):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined) return 'the place of a forward is HOST:PORT, [IPV6]:PORT or the path of a socket';
  return tcpPlace(host, Number(port), listens);
}
