import { SallyportError, type ErrorCode } from '../../contract/errors.ts';
import type { Denial, HoldNotice } from '../../contract/exchange.ts';

/** What a command that was not run ends with: POSIX's "found, but not executable". */
export const deniedExit = 126;
/** What `ssh` itself ends with when it is the connection that failed. */
export const brokenExit = 255;

/** A no, as lines on standard error. The last is what an operator searches log and recording by. */
export function denialLines(denial: Denial): readonly string[] {
  const { message, hint, requestId, revision } = denial;
  return [message, ...(hint === undefined ? [] : [`hint: ${hint}`]), `request ${requestId} revision ${revision}`];
}

/** Why there is no session, as lines on standard error. The last is what an operator searches log and recording by. */
export function noSessionLines(session: string, message: string, hint: string | undefined): readonly string[] {
  return [message, ...(hint === undefined ? [] : [`hint: ${hint}`]), `session ${session}`];
}

// None of these names what there is: who is not let in learns nothing about the rest.
export const targetHint =
  'the user name of ssh is TARGET, or LOGIN@TARGET, such as ssh web1@GATEWAY. "sallyport target list" says which targets are yours';
export const loginHint =
  'ssh TARGET@GATEWAY takes the target’s own login, LOGIN@TARGET another one. "sallyport target list" says which there are for you';
export const brokenHint = 'ask whoever runs the gateway: its log says more, under this session';

/** What a client that waits for an approval is told: one line. */
export function holdLine(hold: HoldNotice): string {
  const groups = hold.groups.length > 0 ? ` from ${hold.groups.join(', ')}` : '';
  const until = new Date(hold.expiresAtMs).toISOString();
  return `waiting for approval${groups} until ${until}: ${hold.message} (${hold.how}; request ${hold.requestId})`;
}

/** Something broken, as the client may hear it: never the log's sentence, which can name hosts and accounts. */
export function brokenLine(error: unknown): string {
  const code = error instanceof SallyportError ? error.code : undefined;
  return (code !== undefined && broken[code]) || 'the gateway failed; the session ends';
}

/** Lines for a terminal that is not ours. */
export function told(lines: readonly string[], pty: boolean): Buffer {
  const end = pty ? '\r\n' : '\n';
  return Buffer.from(lines.map((text) => `${said(text)}${end}`).join(''));
}

/** The reason of a channel that was not opened (RFC 4254 section 5.1). OpenSSH's client prints all but ASCII as octal numbers. */
export function toldOfChannel(text: string): string {
  return said(text.replaceAll(/\P{ASCII}/gu, '?').slice(0, maxReason));
}

const maxReason = 300;

/** No control character of a finding or a person's reason gets to a terminal. */
function said(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about
  return `sallyport: ${text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, ' ')}`;
}

const broken: { readonly [code in ErrorCode]?: string } = {
  'audit-unwritable': 'the audit log cannot be written; nothing runs until it can',
  'recording-unwritable': 'the recording cannot be written; nothing runs until it can',
  'credential-missing': 'the gateway has no credential for this target',
  'engine-failed': 'the policy engine failed',
  'host-key-unknown':
    'the host key of this target is not known to the gateway, or has changed; an administrator checks it with: sallyport target trust',
  'parser-crashed': 'the command line could not be parsed',
  'parser-deadline': 'the command line took too long to parse',
  'protocol-violation': 'protocol violation',
  'upstream-auth': 'the target refused the gateway’s credential',
  'upstream-lost': 'connection to the target lost',
  'upstream-refused': 'cannot connect to the target',
  'upstream-timeout': 'the target did not let the gateway in in time: it may be down, or too busy; try again later',
};
