import { SallyportError } from '../../../contract/errors.ts';
import type { ErrorCode } from '../../../contract/errors.ts';
import type { Denial, DenialCode, HoldNotice } from '../../../contract/exchange.ts';
import type { FailureSubject, Message, Outcome } from '../../../contract/result.ts';
import { Writer } from './bytes.ts';
import { type ReportFields, serverTag } from './backend.ts';

/** What an ErrorResponse or NoticeResponse of ours says: postgresql.org/docs/current/protocol-error-fields.html */
export interface Report {
  readonly severity: 'ERROR' | 'FATAL' | 'WARNING' | 'NOTICE';
  /** Five characters: postgresql.org/docs/current/errcodes-appendix.html */
  readonly sqlstate: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
  /** Characters, not bytes, from 1. */
  readonly position?: number;
}

export function encodeError(report: Report): Buffer {
  return encodeReport(serverTag.error, report);
}

export function encodeNotice(report: Report): Buffer {
  return encodeReport(serverTag.notice, report);
}

/**
 * - 42501 insufficient_privilege: policy or an approver said no, or the yes was bound to a duty that this result cannot carry, which makes it a no.
 * - 58030 io_error: log or recording cannot be written, so nothing runs.
 * - 58000 system_error: there is no policy to ask.
 * - 57P01 admin_shutdown: the session is over; drivers answer it with a new connection and so with a new login.
 */
export const denialSqlstate: { readonly [code in DenialCode]: string } = {
  policy: '42501',
  approval_refused: '42501',
  approval_expired: '42501',
  approval_cancelled: '57014', // query_canceled: what a cancelled statement always ends with
  approval_impossible: '42501',
  obligation: '42501',
  limit: '57014', // only streams are ended by a limit
  not_recorded: '58030',
  policy_unavailable: '58000',
  session_ended: '57P01',
};

/** A no in PostgreSQL's words. The detail is what an operator searches log and recording by. */
export function denialReport(denial: Denial): Report {
  return {
    severity: denial.code === 'session_ended' ? 'FATAL' : 'ERROR',
    sqlstate: denialSqlstate[denial.code],
    message: denial.message,
    detail: `request ${denial.requestId} revision ${denial.revision}`,
    ...(denial.hint === undefined ? {} : { hint: denial.hint }),
  };
}

/** What a client that waits for an approval is told. */
export function holdReport(hold: HoldNotice): Report {
  const groups = hold.groups.length > 0 ? ` from ${hold.groups.join(', ')}` : '';
  return {
    severity: 'NOTICE',
    sqlstate: '00000',
    message: `waiting for approval${groups} until ${new Date(hold.expiresAtMs).toISOString()}: ${hold.message}`,
    detail: `request ${hold.requestId} hold ${hold.id}`,
    hint: hold.how,
  };
}

/** Something broken, as the client may hear it: never the log's sentence, which can name hosts and accounts. */
export function brokenReport(error: unknown): Report {
  const code = error instanceof SallyportError ? error.code : undefined;
  const [sqlstate, message] = (code !== undefined && broken[code]) || ['XX000', 'the gateway failed; the session ends'];
  // A violation is about the client's own bytes: it may read what was wrong with them.
  const own = code === 'protocol-violation' || code === 'frame-too-large';
  return {
    severity: 'FATAL',
    sqlstate,
    message: own && error instanceof SallyportError ? `${message}: ${error.message}` : message,
  };
}

/** What the server said, as enforcement reads it. */
export function messageOf(severity: 'error' | 'notice' | 'log', fields: ReportFields): Message {
  const base = { severity, code: fields.get('C') ?? '00000', text: fields.get('M') ?? '' };
  const detail = fields.get('D');
  const hint = fields.get('H');
  const about = aboutOf(fields);
  return {
    ...base,
    ...(detail === undefined ? {} : { detail }),
    ...(hint === undefined ? {} : { hint }),
    ...(about === undefined ? {} : { about }),
  };
}

/** An error as the end of a command. */
export function failureOf(fields: ReportFields): Outcome {
  const about = aboutOf(fields);
  const failure = { ok: false, code: fields.get('C') ?? 'XX000', text: fields.get('M') ?? '' } as const;
  return about === undefined ? failure : { ...failure, about };
}

/** `P` is a place in the text of the statement, `t` the table whose rule is broken: https://www.postgresql.org/docs/current/protocol-error-fields.html */
function aboutOf(fields: ReportFields): FailureSubject | undefined {
  if (fields.has('P')) return 'text';
  return fields.has('t') ? 'table' : undefined;
}

const broken: { readonly [code in ErrorCode]?: readonly [sqlstate: string, message: string] } = {
  'audit-unwritable': ['58030', 'the audit log cannot be written; nothing runs until it can'],
  'recording-unwritable': ['58030', 'the recording cannot be written; nothing runs until it can'],
  'catalog-unavailable': ['58000', 'the target’s catalog cannot be read'],
  'credential-missing': ['28000', 'the gateway has no credential for this target'],
  'engine-failed': ['58000', 'the policy engine failed'],
  'frame-too-large': ['08P01', 'message too large'],
  'identity-unavailable': ['58000', 'logins cannot be checked at the moment'],
  'parser-crashed': ['58000', 'the statement could not be parsed'],
  'parser-deadline': ['54001', 'the statement took too long to parse'],
  'protocol-violation': ['08P01', 'protocol violation'],
  'token-invalid': ['28000', 'the token was refused'],
  'upstream-auth': ['08004', 'the target refused the gateway’s credential'],
  'upstream-lost': ['08006', 'connection to the target lost'],
  'upstream-refused': ['08001', 'cannot connect to the target'],
  'upstream-timeout': [
    '08001',
    'the target did not let the gateway in in time: it may be down, or too busy; try again later',
  ],
};

function encodeReport(tag: number, report: Report): Buffer {
  const to = new Writer().message(tag);
  const field = (letter: string, text: string | undefined): void => {
    // A NUL would end the field early; nothing that a finding or a server says may do that.
    if (text !== undefined) to.uint8(letter.charCodeAt(0)).text(text.replaceAll('\0', '\uFFFD'));
  };
  field('S', report.severity);
  field('V', report.severity);
  field('C', report.sqlstate);
  field('M', report.message);
  field('D', report.detail);
  field('H', report.hint);
  field('P', report.position?.toString());
  return to.uint8(0).take();
}
