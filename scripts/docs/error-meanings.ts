import type { DenialCode } from '../../gateway/contract/exchange.ts';
import type { ErrorCode } from '../../gateway/contract/errors.ts';
import type { RefusalReason } from '../../gateway/identity/refusal.ts';

/** What each code means and what to do. The compiler holds the keys against the closed lists in the code. */
export const errorMeanings = {
  'audit-unwritable': 'The audit log cannot be written or is damaged. Nothing runs until it can: look at the disk',
  'bundle-invalid':
    'A bundle that is not one: a file missing or too large, a manifest that does not fit, an answer to its canary that is none',
  'bundle-signature': 'A bundle that nobody trusted has signed, or whose files are not the signed ones',
  'bundle-rollback': 'A bundle older than one that was in force before, or a second one with the same sequence',
  'bundle-expired': 'A bundle after its `expires_at`. Build a new one',
  'catalog-unavailable':
    'The target’s tables cannot be read with `catalog_role`, or a lock kept them from it for three seconds',
  'config-invalid': 'The configuration does not say what is needed. `sallyport config check` shows where',
  'credential-missing': 'A key or password is not where its reference says, or does not open the store',
  'engine-failed': 'The policy engine broke. Every decision is a deny (SP-001)',
  'frame-too-large': 'A message over `limits.message_bytes`, or over 10 KiB before the login',
  'grammar-unavailable': 'No parser for the target’s version of PostgreSQL',
  'host-key-unknown':
    'The SSH host shows a key that is not trusted, or none is. Compare the fingerprint with the host’s own, then: `sallyport target trust`',
  'identity-unavailable': 'An issuer cannot be reached',
  'opa-unavailable': 'OPA 1.22.0 is not there; the message says where it was looked for',
  'opa-failed':
    'The policies did not check, test or compile; the message is OPA’s own, or what `sallyport policy check` says',
  'parser-deadline': 'A statement took longer to parse than `limits.parser_deadline_ms`',
  'parser-crashed': 'A parser thread ended; it is replaced',
  'protocol-violation': 'Bytes that no client or server may send',
  'recording-unwritable': 'The recording cannot be written. Nothing runs until it can: look at the disk',
  'store-unavailable': 'The gateway’s own database or one of its state files cannot be opened, read or written',
  'token-invalid': 'A token that is not believed',
  'upstream-auth': 'The target refused the credential, or asked for a kind of login that is not allowed',
  'upstream-lost': 'The connection to the target broke',
  'upstream-refused': 'The target cannot be reached, or refuses the connection',
  'upstream-timeout': 'The target does not let the gateway in within the time for that',
} as const satisfies Record<ErrorCode, string>;

export const denialMeanings = {
  policy: 'A rule said no, or no rule said yes. The message ends with the rule’s id',
  approval_refused: 'An approver refused; the message says why',
  approval_expired: 'Nobody decided in time',
  approval_cancelled: 'The client gave up waiting, or the session ended',
  approval_impossible:
    'Policy asks for an approval where none can be given, such as a second time for the same command',
  not_recorded: 'Audit log or recording cannot be written. Nothing ran',
  obligation:
    'A mask or limit that this result cannot carry. A statement that is found out while its rows are on the way is broken off',
  limit: 'It ran, until it had used up the bytes or seconds that policy gave it',
  policy_unavailable: 'There is no policy to ask: no bundle, an expired one, or a broken engine (SP-…)',
  session_ended:
    'The token, the admission or the time of the session is over, or somebody ended it. What ran was cancelled. Drivers connect anew',
} as const satisfies Record<DenialCode, string>;

export const loginMeanings = {
  too_long: 'The token is longer than any token needs to be',
  malformed: 'It is not a signed JWT',
  unknown_issuer: 'Its issuer is not in the configuration',
  algorithm_refused: 'Signed with an algorithm that is not configured for its issuer, `none` and HMAC among them',
  unknown_key: 'Signed with a key that its issuer does not publish',
  bad_signature: 'The signature is wrong',
  expired: 'After its `exp`',
  not_yet_valid: 'Before its `nbf`, or issued in the future: compare the clocks',
  too_old: 'Older than `max_token_age_s`',
  wrong_audience: 'Its `aud` is somebody else',
  missing_claim: 'A claim that the configuration needs is not in it',
  bad_claim: 'A claim has a form that cannot be an identity',
  keys_unavailable: 'The issuer’s keys cannot be fetched, and none are kept that are still good',
  busy: 'Too many logins at once',
} as const satisfies Record<RefusalReason, string>;

/** SQLSTATEs that are the gateway's own. A test finds them in the code and compares both ways. What the target sends keeps its own. */
export const sqlstateMeanings: Readonly<Record<string, string>> = {
  '00000': 'A notice: the command is held',
  '01004': 'A notice: a limit cut the result',
  '08001': 'The target cannot be reached',
  '08004': 'The target refused the gateway’s credential',
  '08006': 'The connection to the target broke',
  '08P01': 'The bytes are against the protocol, or over the size limit. The session is closed',
  '0A000': 'Replication, the function-call message, another protocol version, or a PostgreSQL newer than the parser',
  '22000':
    'A value did not fit, or something failed by one, of a command that touched masked data: which of the codes that a row can bring about it was is withheld with the text',
  '22021': 'Text that is not UTF-8',
  '22023': 'A setting at log-in that is pinned or cannot be applied',
  '25P02': 'Not run: an earlier statement of the transaction failed',
  '26000': 'No such prepared statement',
  '28000':
    'No session: no TLS, a token that is not believed (OAUTHBEARER), a login at the target that is not configured, or policy says no',
  '28P01': 'The token sent as password is not believed; the message says what to do',
  '34000': 'No such portal',
  '3D000': 'No such target, or no such database of it',
  '42501': 'Denied by policy or by an approver',
  '42601': 'A syntax error, in the server’s own words; or several statements where the protocol allows one',
  '53000': 'Too many statements wait for a parser: try again',
  '53300': 'Too many connections, in all or of this principal',
  '53400': 'The session holds as many prepared statements as it may',
  '54000': 'The statement is over `limits.statement_bytes`',
  '54001': 'The statement is nested too deep, or took too long to parse',
  '57014': 'Cancelled: the statement, the hold, or a login that took too long',
  '57P01': 'The session is over: token, admission, or the gateway stops',
  '57P03': 'The session cannot be opened now, such as when it cannot be recorded',
  '58000': 'Nobody can judge: policy, catalog or parser is not available',
  '58030': 'Audit log or recording cannot be written, so nothing runs',
  XX000: 'The gateway failed; its log says how',
};
