import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { z } from 'zod';
import type { HoldStatus } from '../contract/hold.ts';
import type { AuditFilter, SessionFilter } from './ports.ts';
import { policyStatusView, type PolicyStatusView } from './policy-view.ts';
import {
  auditEntryView,
  decidedView,
  holdView,
  problemView,
  sessionEndedView,
  sessionView,
  shadowReportView,
  sshCodeView,
  sshKeysForgottenView,
  sshKeyView,
  targetView,
} from './views.ts';
import type {
  AuditEntryView,
  DecidedView,
  HoldView,
  SessionView,
  ShadowReportView,
  SshKeyView,
  TargetView,
} from './views.ts';

/** The admin API from the other side: what `sallyport` on the command line speaks. */
export interface ApiClient {
  readonly approvals: {
    list(filter?: { readonly status?: HoldStatus; readonly limit?: number }): Promise<Reply<readonly HoldView[]>>;
    show(id: string): Promise<Reply<HoldView>>;
    /** @param digest of the hold that the approver was shown */
    approve(id: string, digest: string, reason: string): Promise<Reply<DecidedView>>;
    deny(id: string, reason: string): Promise<Reply<DecidedView>>;
  };
  readonly sessions: {
    list(filter?: SessionQuery): Promise<Reply<readonly SessionView[]>>;
    show(id: string): Promise<Reply<SessionView>>;
    /** Lines of NDJSON, as they come. */
    recording(id: string): Promise<Reply<AsyncIterable<string>>>;
    /** The same of one that goes on, until it ends. */
    watch(id: string): Promise<Reply<AsyncIterable<string>>>;
    kill(id: string, reason: string): Promise<Reply<z.infer<typeof sessionEndedView>>>;
  };
  readonly audit: { query(filter?: AuditQuery): Promise<Reply<readonly AuditEntryView[]>> };
  readonly ssh: {
    /** @param line a public key as ssh-keygen writes it */
    register(line: string): Promise<Reply<SshKeyView>>;
    /** A one-time code for one login to a target. */
    code(target: string): Promise<Reply<z.infer<typeof sshCodeView>>>;
    /** @param principal whose keys; one's own unless given */
    forget(principal?: string): Promise<Reply<z.infer<typeof sshKeysForgottenView>>>;
  };
  readonly targets: {
    /** @param all every one, with its address and state; otherwise those that admit the caller */
    list(all: boolean): Promise<Reply<readonly TargetView[]>>;
  };
  readonly policy: {
    status(): Promise<Reply<PolicyStatusView>>;
    /** @param limit groups listed */
    shadow(limit?: number): Promise<Reply<ShadowReportView>>;
  };
}

export type Reply<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: ApiProblem };

export interface ApiProblem {
  /** A code of the server's, `unreachable` when there was no answer, `unreadable` when it was none of ours. */
  readonly code: string;
  readonly detail: string;
  readonly hint?: string | undefined;
  /** HTTP status; 0 without an answer. */
  readonly status: number;
}

/** RFC 3339, as everywhere in the API. */
interface Period {
  readonly since?: string;
  readonly until?: string;
}

export interface SessionQuery extends Period, Omit<SessionFilter, 'sinceMs' | 'untilMs'> {}

export interface AuditQuery extends Period, Omit<AuditFilter, 'sinceMs' | 'untilMs'> {}

export interface ApiClientOptions {
  /** `https://gateway:7443` */
  readonly url: string;
  /** PEM of the authority that signed the gateway's certificate, when the machine does not know it. */
  readonly ca?: string | undefined;
  token(): Promise<string>;
  readonly signal?: AbortSignal | undefined;
}

const maxAnswerBytes = 64 * 1024 * 1024;

export function apiClient(options: ApiClientOptions): ApiClient {
  const get = <T>(path: string, shape: z.ZodType<T>, query: object = {}) =>
    call(options, 'GET', path, shape, { query });
  const post = <T>(path: string, shape: z.ZodType<T>, body: object) => call(options, 'POST', path, shape, { body });
  const at = (collection: string, id: string) => `/v1/${collection}/${encodeURIComponent(id)}`;
  return {
    approvals: {
      list: async (filter) =>
        pick(await get('/v1/approvals', z.object({ approvals: z.array(holdView) }), filter), 'approvals'),
      show: (id) => get(at('approvals', id), holdView),
      approve: (id, digest, reason) => post(`${at('approvals', id)}/approve`, decidedView, { digest, reason }),
      deny: (id, reason) => post(`${at('approvals', id)}/deny`, decidedView, { reason }),
    },
    sessions: {
      list: async (filter) =>
        pick(await get('/v1/sessions', z.object({ sessions: z.array(sessionView) }), filter), 'sessions'),
      show: (id) => get(at('sessions', id), sessionView),
      recording: (id) => stream(options, `${at('sessions', id)}/recording`),
      watch: (id) => stream(options, `${at('sessions', id)}/watch`),
      kill: (id, reason) => post(`${at('sessions', id)}/kill`, sessionEndedView, { reason }),
    },
    audit: {
      query: async (filter) =>
        pick(await get('/v1/audit', z.object({ entries: z.array(auditEntryView) }), filter), 'entries'),
    },
    ssh: {
      register: (line) => post('/v1/ssh/keys', sshKeyView, { public_key: line }),
      code: (target) => post('/v1/ssh/codes', sshCodeView, { target }),
      forget: (principal) => post('/v1/ssh/keys/forget', sshKeysForgottenView, { principal }),
    },
    targets: {
      list: async (all) =>
        pick(await get('/v1/targets', z.object({ targets: z.array(targetView) }), { all, limit: 1_000 }), 'targets'),
    },
    policy: {
      status: () => get('/v1/policy', policyStatusView),
      shadow: (limit) => get('/v1/policy/shadow', shadowReportView, { limit }),
    },
  };
}

async function stream(options: ApiClientOptions, path: string): Promise<Reply<AsyncIterable<string>>> {
  const response = await send(options, 'GET', path);
  if ('problem' in response) return { ok: false, problem: response.problem };
  if (response.statusCode !== 200) return { ok: false, problem: await readProblem(response) };
  return { ok: true, value: lines(response) };
}

async function call<T>(
  options: ApiClientOptions,
  method: 'GET' | 'POST',
  path: string,
  shape: z.ZodType<T>,
  what: { readonly query?: object; readonly body?: object },
): Promise<Reply<T>> {
  const response = await send(options, method, path, what);
  if ('problem' in response) return { ok: false, problem: response.problem };
  if (response.statusCode !== 200) return { ok: false, problem: await readProblem(response) };
  try {
    return { ok: true, value: shape.parse(await readJson(response)) };
  } catch (error) {
    return { ok: false, problem: unreadable(response, error) };
  }
}

/** Not fetch: it cannot be given an authority. */
async function send(
  options: ApiClientOptions,
  method: 'GET' | 'POST',
  path: string,
  { query = {}, body }: { readonly query?: object; readonly body?: object } = {},
): Promise<IncomingMessage | { readonly problem: ApiProblem }> {
  const url = new URL(path, options.url);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
  const text = body && JSON.stringify(body);
  const headers = {
    authorization: `Bearer ${await options.token()}`,
    ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
  };
  const { signal, ca } = options;
  return new Promise((resolve) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send(url, { method, headers, ...(signal && { signal }), ...(ca !== undefined && { ca }) }, resolve);
    request.on('error', (error) => {
      resolve({ problem: { code: 'unreachable', detail: `${url.origin}: ${error.message}`, status: 0 } });
    });
    request.end(text);
  });
}

async function readProblem(response: IncomingMessage): Promise<ApiProblem> {
  try {
    return problemView.parse(await readJson(response));
  } catch (error) {
    return unreadable(response, error);
  }
}

function unreadable(response: IncomingMessage, cause: unknown): ApiProblem {
  response.destroy();
  const why = cause instanceof Error ? cause.message : 'unknown';
  const status = response.statusCode ?? 0;
  return {
    code: 'unreadable',
    detail: `the answer (status ${status}) is not the gateway's: ${why}`.slice(0, 500),
    status,
  };
}

async function readJson(response: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const body: AsyncIterable<Buffer> = response; // no encoding is set: chunks are buffers
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) throw new Error(`longer than ${maxAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

async function* lines(response: IncomingMessage): AsyncGenerator<string> {
  response.setEncoding('utf8');
  let rest = '';
  const body: AsyncIterable<string> = response; // the encoding is set: chunks are texts
  for await (const chunk of body) {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
  if (rest !== '') yield rest;
}

function pick<K extends string, T>(reply: Reply<{ readonly [k in K]: T }>, key: K): Reply<T> {
  return reply.ok ? { ok: true, value: reply.value[key] } : reply;
}
