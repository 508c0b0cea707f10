import { expect, test } from 'vitest';
import { openApprovals } from '../approvals/index.ts';
import type { Decision } from '../contract/decision.ts';
import type { AuditEvent } from '../contract/event.ts';
import { asId } from '../contract/ids.ts';
import type { RequestId, Revision, SessionId } from '../contract/ids.ts';
import { openIdentity } from '../identity/index.ts';
import { openStore } from '../store/open.ts';
import { startIdp } from '../testing/idp.ts';
import { policyStatus } from '../testing/policy-status.ts';
import type { IssuerConfig } from '../identity/index.ts';
import { apiClient } from './client.ts';
import { openApi } from './server.ts';

const quiet = { info() {}, warn() {}, error() {} };
const clock = { now: () => Date.now() };
const sessionId = asId<SessionId>('01J00000000000000000000000');

test('an approver with a token releases a held command over the API, and its requester cannot', async () => {
  await using idp = await startIdp({
    principals: [
      { name: 'ana', kind: 'human', groups: ['dba'] },
      { name: 'dora', kind: 'human', groups: ['dba'] },
    ],
  });
  const settings = idp.settings as IssuerConfig; // in the words of the configuration file, as it says
  const issuers = [settings];
  await using identity = await openIdentity(
    { clock_tolerance_s: 30, stale_keys_s: 3_600, issuers },
    { clock, log: quiet },
  );
  await using store = await openStore(':memory:');
  const logged: AuditEvent[] = [];
  const audit = { append: (event: AuditEvent) => void logged.push(event) };
  const limits = { maxTtlS: 600, maxOpen: 10, maxOpenPerPrincipal: 10 };
  await using approvals = await openApprovals({ store: store.holds, clock, audit, log: quiet }, limits);
  const allow: Decision = {
    effect: 'allow',
    revision: asId<Revision>('r1'),
    findings: [],
    masks: {},
    approval: null,
    limits: {},
  };
  let ids = 0;
  await using api = await openApi(
    { host: '127.0.0.1', port: 0 },
    {
      verify: identity.verify,
      policy: { openSession: () => ({ decide: () => allow, minuteMs: 0, [Symbol.dispose]() {} }) },
      target: { name: 'gateway', protocol: 'postgres', labels: {} },
      audit,
      approvals,
      sessions: store.sessions,
      readRecording: async () => undefined,
      watchRecording: async () => undefined,
      endSession: () => false,
      targets: () => [],
      admits: () => false,
      queryAudit: async () => [],
      policyStatus: () => policyStatus,
      readyPolicy: () => ({ revision: 'r1', activated_at: policyStatus.activated_at, refused: null }),
      shadowReport: () => undefined,
      registerSshKey: () => undefined,
      issueSshCode: () => undefined,
      forgetSshKeys: () => undefined,
      readiness: async () => ({}),
      metrics: async () => ({ contentType: 'text/plain', text: '' }),
      newRequestId: () => asId<RequestId>(`R${(ids += 1)}`),
      clock,
      log: quiet,
    },
  );
  const as = (name: string) => apiClient({ url: `http://127.0.0.1:${api.address.port}`, token: () => idp.token(name) });

  const verdict = await identity.verify(await idp.token('ana'), 'jwt');
  if (!verdict.ok) throw new Error(verdict.message);
  const { principal } = verdict.login;
  const target = { name: 'crm', protocol: 'postgres', labels: {} } as const;
  const frame = {
    id: sessionId,
    principal,
    target,
    client: { ip: '::1', application: 'psql' },
    startedAtMs: Date.now(),
  };
  await store.sessions.insert(frame, null);
  const held = await approvals.open({
    frame,
    requestId: asId<RequestId>('R'),
    commands: [],
    texts: ['drop table t'],
    digest: 'a'.repeat(64),
    terms: { rules: ['PG-100'], groups: ['dba'], quorum: 1, ttl_s: 60, scope: 'once' },
    messages: ['schema change'],
    revision: 'r1',
  });
  const resolution = held.resolution(new AbortController().signal);

  const list = await as('dora').approvals.list({ status: 'open' });
  expect(list).toMatchObject({ ok: true, value: [{ id: held.id, requester: { id: 'ana' }, texts: ['drop table t'] }] });
  const digest = list.ok ? (list.value[0]?.digest ?? '') : '';
  expect(await as('ana').approvals.approve(held.id, digest, '')).toMatchObject({
    ok: false,
    problem: { code: 'denied', status: 403 },
  });
  expect(await as('dora').approvals.approve(held.id, digest, 'seen')).toMatchObject({
    ok: true,
    value: { status: 'approved' },
  });
  expect(await resolution).toMatchObject({ outcome: 'approved', fact: { approvers: ['dora'] }, digest });
  expect(await as('ana').sessions.show(sessionId)).toMatchObject({
    ok: true,
    value: { id: sessionId, principal: { id: 'ana' } },
  });
  expect(logged.map(({ identity: who, action, effect }) => `${who} ${action} ${effect}`)).toEqual([
    'dora approvals.list allow',
    'ana approvals.decide allow',
    'ana approvals.decide refused',
    'dora approvals.decide allow',
    'ana sessions.show allow',
  ]);
});
