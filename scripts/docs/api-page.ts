import { z } from 'zod';
import { problemCodes, type ProblemCode } from '../../gateway/api/problem.ts';
import { routes, type Route } from '../../gateway/api/routes.ts';
import { policyStatusView } from '../../gateway/api/policy-view.ts';
import {
  auditEntryView,
  decidedView,
  holdView,
  sessionView,
  shadowReportView,
  sshKeyView,
  targetView,
} from '../../gateway/api/views.ts';
import { readSchema, type JsonSchema } from './json-schema.ts';
import { code, generatedNote, table } from './markdown.ts';

const problemMeanings = {
  bad_request: '400: a parameter or the body is wrong; `detail` says which',
  unauthenticated: '401: no token, or one that is not believed',
  denied: '403: `rules.admin` or the hold’s own terms say no',
  not_found: '404: there is no such thing, or the caller may not know of it',
  conflict: '409: the hold is resolved already, or its digest is another one',
  too_large: '413: the body is too large',
  not_recorded: '503: the audit log cannot be written, so the call was not made',
  failed: '500: something broke; the gateway’s log says what',
} as const satisfies Record<ProblemCode, string>;

/** What each route answers with. */
const answers = {
  healthz: 'text',
  readyz: 'JSON: each check, and which policy is in force since when',
  metrics: 'text',
  approvalsList: listOf('approvals', 'Hold'),
  approvalsShow: 'a [Hold](#hold)',
  approvalsApprove: 'a [Decided](#decided)',
  approvalsDeny: 'a [Decided](#decided)',
  sessionsList: listOf('sessions', 'Session'),
  sessionsShow: 'a [Session](#session)',
  recording: 'NDJSON',
  auditQuery: listOf('entries', 'Entry'),
  policyStatus: 'a [Policy](#policy)',
  policyShadow: 'a [ShadowReport](#shadowreport)',
  targetsList: listOf('targets', 'Target'),
  sshKeysRegister: 'an [SshKey](#sshkey)',
  sshCodesIssue: '`code`, its `target` and `principal`, and when it ends (`expires_at`)',
  sessionsWatch: 'NDJSON, until the session ends',
  sessionsKill: '`session`: its id',
  sshKeysForget: '`principal`, and how many keys were `forgotten`',
} as const satisfies Record<keyof typeof routes, string>;

const shapes = {
  Hold: holdView,
  Decided: decidedView,
  Session: sessionView,
  Entry: auditEntryView,
  ShadowReport: shadowReportView,
  Policy: policyStatusView,
  SshKey: sshKeyView,
  Target: targetView,
};

export function apiPage(): string {
  const all: readonly (readonly [keyof typeof routes, Route])[] = Object.keys(routes).map((name) => {
    const key = name as keyof typeof routes; // Object.keys of this very object
    return [key, routes[key]];
  });
  const overview = all.map(([name, route]) => [
    code(`${route.method} ${route.path}`),
    route.action === null ? 'open' : code(route.action),
    `${route.summary} Answers ${answers[name]}.`,
  ]);
  const parameters = all
    .filter(([, { query, body }]) => query ?? body)
    .map(([, route]) => `### ${route.method} ${route.path}\n\n${parametersOf(route)}`);
  const views = Object.entries(shapes).map(([name, view]) => `### ${name}\n\n${fieldsOf(view)}`);
  return `${generatedNote}
# Admin API

HTTP on the admin listener. Every call but the open ones needs a token of a configured issuer, as \`Authorization: Bearer\`, is judged by
\`rules.admin\`, and is an entry in the audit log before it is answered. Times are RFC 3339. What is wrong comes back as
\`application/problem+json\` (RFC 9457).

${table(['call', 'asks policy', 'what it does'], overview)}

## Parameters

${parameters.join('\n\n')}

## Answers

${views.join('\n\n')}

## Problems

${table(
  ['code', 'status and meaning'],
  problemCodes.map((c) => [code(c), problemMeanings[c]]),
)}
`;
}

function parametersOf({ query, body }: Route): string {
  const where = query ? 'query' : 'body, JSON';
  const one = readSchema(z.toJSONSchema(query ?? body ?? z.object({}), { io: 'input', unrepresentable: 'any' }));
  const rows = Object.entries(one.properties ?? {}).map(([name, field]) => {
    const value = field.enum ? typeOf(field) : (field.description ?? typeOf(field));
    const given = field.default === undefined || field.default === '' ? '' : code(JSON.stringify(field.default));
    return [code(name), where, one.required?.includes(name) === true ? 'required' : given, value];
  });
  return table(['name', 'in', 'default', 'value'], rows);
}

function fieldsOf(view: z.ZodObject): string {
  const { properties = {} } = readSchema(z.toJSONSchema(view, { unrepresentable: 'any' }));
  return table(
    ['field', 'type'],
    Object.entries(properties).map(([name, field]) => [code(name), typeOf(field)]),
  );
}

function typeOf(field: JsonSchema): string {
  if (field.enum) return field.enum.map((v) => code(v)).join(', ');
  if (field.anyOf) return field.anyOf.map(typeOf).join(' or ');
  if (field.items) return `list of ${typeOf(field.items)}`;
  if (field.properties) return code(`{ ${Object.keys(field.properties).join(', ')} }`);
  if (field.format === 'date-time') return 'time';
  return field.type === 'object' ? 'map' : field.type === 'string' ? 'text' : String(field.type ?? 'anything');
}

function listOf(key: string, name: string): string {
  return `\`{ ${key} }\`, a list of [${name}](#${name.toLowerCase()})`;
}
