import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import type { Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { z } from 'zod';
import { SallyportError } from '../contract/errors.ts';
import type { RequestId } from '../contract/ids.ts';
import type { Client, Login, Principal } from '../contract/principal.ts';
import { approvalRoutes } from './approval-routes.ts';
import type { Answer, Asked, GuardedRoute, Handlers } from './handlers.ts';
import type { Call } from './judge.ts';
import { logStranger } from './judge.ts';
import type { ApiPorts } from './ports.ts';
import { problem, problemResponse } from './problem.ts';
import type { Problem } from './problem.ts';
import { liveRoutes } from './live-routes.ts';
import { readingRoutes } from './reading-routes.ts';
import { idParameter, routes } from './routes.ts';
import { sshKeyRoutes } from './ssh-key-routes.ts';
import { targetRoutes } from './target-routes.ts';
import type { Route } from './routes.ts';

type Env = { Bindings: HttpBindings; Variables: { requestId: RequestId } };

/** Longest body that is read. The longest thing in one is a reason of 1,000 characters. */
const maxBodyBytes = 16 * 1024;

/** The admin API as a fetch handler. Every guarded route goes: who, what, policy, log, and then the deed. */
export function adminApp(ports: ApiPorts): Hono<Env> {
  const app = new Hono<Env>();
  app.use(async (c, next) => {
    c.set('requestId', ports.newRequestId());
    await next();
    c.header('cache-control', 'no-store');
    c.header('x-content-type-options', 'nosniff');
  });
  app.notFound((c) => problemResponse(problem('not_found', 'there is no such route'), c.get('requestId')));
  app.onError((error, c) => problemResponse(problemOfError(ports, error), c.get('requestId')));
  const tooLarge = (c: Context<Env>) =>
    problemResponse(problem('too_large', `a body has ${maxBodyBytes} bytes at most`), c.get('requestId'));
  app.use(bodyLimit({ maxSize: maxBodyBytes, onError: tooLarge }));

  app.get(routes.healthz.path, (c) => c.json({ ok: true }));
  app.get(routes.readyz.path, async (c) => {
    const checks = await ports.readiness();
    const ready = Object.values(checks).every(Boolean);
    return c.json({ ready, checks, policy: ports.readyPolicy() }, ready ? 200 : 503);
  });
  app.get(routes.metrics.path, async () => {
    const { contentType, text } = await ports.metrics();
    return new Response(text, { headers: { 'content-type': contentType } });
  });

  const handlers: Handlers = {
    ...approvalRoutes(ports),
    ...readingRoutes(ports),
    ...liveRoutes(ports),
    ...sshKeyRoutes(ports),
    ...targetRoutes(ports),
  };
  guard('approvalsList');
  guard('approvalsShow');
  guard('approvalsApprove');
  guard('approvalsDeny');
  guard('sessionsList');
  guard('sessionsShow');
  guard('recording');
  guard('sessionsWatch');
  guard('sessionsKill');
  guard('auditQuery');
  guard('policyStatus');
  guard('policyShadow');
  guard('targetsList');
  guard('sshKeysRegister');
  guard('sshKeysForget');
  guard('sshCodesIssue');
  return app;

  function guard<N extends GuardedRoute>(name: N): void {
    const route: Route = routes[name];
    app.on(route.method, route.path, async (c) => {
      const requestId = c.get('requestId');
      const caller = await authenticate(ports, c, requestId);
      if (!caller.ok) return problemResponse(caller, requestId);
      const asked = await read(c, route, { ...caller.call, requestId });
      if (!asked.ok) return problemResponse(asked, requestId);
      // `read` parsed query and body with the schemas of this very route.
      const answer = await handlers[name](asked.asked);
      return respond(answer, requestId);
    });
  }
}

async function authenticate(
  ports: ApiPorts,
  c: Context<Env>,
  requestId: RequestId,
): Promise<{ ok: true; call: { principal: Principal; login: Login; client: Client; text: string } } | Problem> {
  const client = clientOf(c);
  const given = /^Bearer +([^\s,]+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
  if (given === undefined) return problem('unauthenticated', 'send a token: "Authorization: Bearer <token>"');
  const verdict = await ports.verify(given, 'jwt');
  if (!verdict.ok) {
    await logStranger(ports, client, requestId, verdict.why);
    return problem('unauthenticated', verdict.message);
  }
  // A token within the clock tolerance after its end opens no call: sessions end at the same moment.
  if (verdict.login.expiresAtMs <= ports.clock.now()) return problem('unauthenticated', 'token expired; get a new one');
  const url = new URL(c.req.url);
  const text = `${c.req.method} ${url.pathname}${url.search}`.slice(0, 4_096);
  const { login } = verdict;
  return { ok: true, call: { principal: login.principal, login, client, text } };
}

async function read(c: Context<Env>, route: Route, call: Call): Promise<{ ok: true; asked: Asked<Route> } | Problem> {
  let id = '';
  if (route.path.includes(':id')) {
    const parameters = idParameter.safeParse(c.req.param());
    if (!parameters.success) return problem('bad_request', 'the id in the path is not a ULID');
    id = parameters.data.id;
  }
  const repeated = Object.entries(c.req.queries()).find(([, values]) => values.length > 1);
  if (repeated) return problem('bad_request', `query parameter "${repeated[0].slice(0, 64)}" is given twice`);
  const given = c.req.query();
  if (!route.query && Object.keys(given).length > 0)
    return problem('bad_request', 'this route takes no query parameters');
  const query = route.query?.safeParse(given);
  if (query?.error) return problem('bad_request', explain('query', query.error));
  const body = route.body && (await readBody(c, route.body));
  if (body && !body.ok) return body;
  return { ok: true, asked: { call, id, query: query?.data, body: body?.value } as Asked<Route> }; // each parsed by its schema, if it has one
}

async function readBody(c: Context<Env>, schema: z.ZodObject): Promise<{ ok: true; value: unknown } | Problem> {
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') return problem('bad_request', 'the body has to be application/json');
  let value: unknown;
  try {
    value = JSON.parse(await c.req.text());
  } catch {
    return problem('bad_request', 'the body is not JSON');
  }
  const parsed = schema.safeParse(value);
  return parsed.success ? { ok: true, value: parsed.data } : problem('bad_request', explain('body', parsed.error));
}

function respond(answer: Answer, requestId: RequestId): Response {
  if (!answer.ok) return problemResponse(answer, requestId);
  if ('json' in answer) return Response.json(answer.json);
  // ReadableStream.from asks for the next piece when the socket took the last, and ends the source when the client hangs up.
  return new Response(ReadableStream.from(answer.ndjson), { headers: { 'content-type': 'application/x-ndjson' } });
}

function problemOfError(ports: ApiPorts, error: unknown): Problem {
  const isUnrecorded = error instanceof SallyportError && error.code === 'audit-unwritable';
  ports.log.error({ err: error }, 'a call of the admin API failed');
  if (isUnrecorded) return problem('not_recorded', 'the audit log cannot be written');
  return problem('failed', 'the gateway could not serve this; its log says why');
}

function explain(what: string, error: z.ZodError): string {
  const [issue] = error.issues;
  return `${[what, ...(issue?.path ?? [])].join('.')}: ${issue?.message ?? 'not as it has to be'}`.slice(0, 500);
}

function clientOf(c: Context<Env>): Client {
  const ip = c.env.incoming.socket.remoteAddress ?? '';
  const application = (c.req.header('user-agent') ?? '').replace(/[^ -~]/g, '?').slice(0, 128);
  return { ip: ip.replace(/^::ffff:/, ''), application };
}
