import type { HoldDecided } from './ports.ts';

/** Why a call was not served. Closed: clients switch on it. */
export const problemCodes = [
  'bad_request',
  'unauthenticated',
  'denied',
  'not_found',
  'conflict',
  'too_large',
  'not_recorded',
  'failed',
] as const;
export type ProblemCode = (typeof problemCodes)[number];

/** A call that was not served, as a value. `detail` may be shown. */
export interface Problem {
  readonly ok: false;
  readonly code: ProblemCode;
  readonly detail: string;
  readonly hint?: string | undefined;
}

export function problem(code: ProblemCode, detail: string, hint?: string): Problem {
  return { ok: false, code, detail, hint };
}

/** RFC 9457. Every `type` is named `urn:sallyport:problem:<code>`. */
export function problemResponse({ code, detail, hint }: Problem, requestId: string): Response {
  const status = statusOf(code);
  const body = {
    type: `urn:sallyport:problem:${code}`,
    title: titleOf(code),
    status,
    code,
    detail,
    hint,
    request_id: requestId,
  };
  const headers = new Headers({ 'content-type': 'application/problem+json' });
  // RFC 6750 section 3. The detail stays in the body: it quotes what the caller sent.
  if (code === 'unauthenticated') headers.set('www-authenticate', 'Bearer error="invalid_token"');
  return new Response(JSON.stringify(body), { status, headers });
}

/** What the approvals room refused, as a problem. */
export function problemOfHold(decided: Extract<HoldDecided, { ok: false }>): Problem {
  switch (decided.why) {
    case 'not_found':
      return problem('not_found', decided.message);
    case 'own_request':
    case 'not_a_person':
    case 'not_in_group':
      return problem('denied', decided.message);
    case 'already_resolved':
    case 'already_approved':
    case 'digest_mismatch':
      return problem('conflict', decided.message);
    default:
      return decided.why satisfies never;
  }
}

function statusOf(code: ProblemCode): number {
  switch (code) {
    case 'bad_request':
      return 400;
    case 'unauthenticated':
      return 401;
    case 'denied':
      return 403;
    case 'not_found':
      return 404;
    case 'conflict':
      return 409;
    case 'too_large':
      return 413;
    case 'failed':
      return 500;
    case 'not_recorded':
      return 503;
    default:
      return code satisfies never;
  }
}

function titleOf(code: ProblemCode): string {
  switch (code) {
    case 'bad_request':
      return 'The request cannot be read';
    case 'unauthenticated':
      return 'A valid token is needed';
    case 'denied':
      return 'Denied by policy';
    case 'not_found':
      return 'There is no such thing';
    case 'conflict':
      return 'It is not in the state that this needs';
    case 'too_large':
      return 'The body is too large';
    case 'not_recorded':
      return 'The call cannot be recorded, so it was not made';
    case 'failed':
      return 'Something broke';
    default:
      return code satisfies never;
  }
}
