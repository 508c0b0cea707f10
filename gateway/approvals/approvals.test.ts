import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ApprovalTerms } from '../contract/decision.ts';
import type { AuditEvent } from '../contract/event.ts';
import { asId } from '../contract/ids.ts';
import type { RequestId, SessionId } from '../contract/ids.ts';
import type { HoldRequest, OpenHold } from '../contract/ports.ts';
import type { Principal } from '../contract/principal.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/open.ts';
import { openApprovals } from './approvals.ts';
import type { ApprovalsRoom } from './approvals.ts';

const quiet = { info() {}, warn() {}, error() {} };
const limits = { maxTtlS: 3_600, maxOpen: 50, maxOpenPerPrincipal: 3 };
const never = new AbortController().signal;

let nowMs = Date.UTC(2026, 5, 1);
const clock = { now: () => nowMs };
let store: Store;
let room: ApprovalsRoom;
let logged: AuditEvent[];

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  nowMs = Date.UTC(2026, 5, 1);
  store = await openStore(':memory:');
  logged = [];
  room = await openRoom();
});
afterEach(async () => {
  await room[Symbol.asyncDispose]();
  await store.close();
  vi.useRealTimers();
});

function openRoom(): Promise<ApprovalsRoom> {
  const audit = { append: (event: AuditEvent) => void logged.push(event) };
  return openApprovals({ store: store.holds, clock, audit, log: quiet }, limits);
}

function person(id: string, more: Partial<Principal> = {}): Principal {
  const auth = { method: 'jwt', at: '2026-06-01T00:00:00.000Z' } as const;
  return { id, kind: 'human', issuer: 'https://idp', groups: ['dba'], claims: {}, acts_for: [], auth, ...more };
}

const bot = person('bot', { kind: 'agent', acts_for: ['ana'] });
const ben = person('ben');
const dora = person('dora');
const digest = 'd'.repeat(64);
const once: ApprovalTerms = { rules: ['PG-100'], groups: ['dba', 'leads'], quorum: 1, ttl_s: 600, scope: 'once' };

function request(principal: Principal = bot, terms: Partial<ApprovalTerms> = {}): HoldRequest {
  const target = { name: 'crm', protocol: 'postgres', labels: {} } as const;
  const client = { ip: '127.0.0.1', application: 'psql' };
  return {
    frame: { id: asId<SessionId>('S1'), principal, target, client, startedAtMs: nowMs },
    requestId: asId<RequestId>('R1'),
    commands: [],
    texts: ['drop table customers'],
    digest,
    terms: { ...once, ...terms },
    messages: ['schema change [PG-100]'],
    revision: 'r1',
  };
}

describe('a hold', () => {
  test('is released by a person of its groups, once', async () => {
    const open = await room.open(request());
    const resolution = open.resolution(never);
    expect(await room.list('open')).toMatchObject([{ id: open.id, texts: ['drop table customers'], digest }]);
    expect(await room.approve(open.id, dora, digest, 'ok')).toEqual({
      ok: true,
      status: 'approved',
      approvals: 1,
      quorum: 1,
    });
    const fact = { id: open.id, rules: ['PG-100'], approvers: ['dora'], scope: 'once' };
    expect(await resolution).toEqual({ outcome: 'approved', fact, digest, reason: 'ok' });
    expect(await open.resolution(never)).toMatchObject({ outcome: 'refused' });
    expect(await room.show(open.id)).toMatchObject({ status: 'approved', resolvedBy: ['dora'] });
  });

  test.each<readonly [string, Principal, Principal, string]>([
    ['the requester', ben, ben, 'own_request'],
    ['the requester, written otherwise', ben, person('BEN'), 'own_request'],
    ['the requester from another issuer', ben, person('ben', { issuer: 'https://other' }), 'own_request'],
    ['the person whom the requester acts for', bot, person('ana'), 'own_request'],
    ['somebody who acts for the requester', ben, person('x', { acts_for: ['ben'] }), 'own_request'],
    ['somebody who acts for the same person', bot, person('x', { acts_for: ['ana'] }), 'own_request'],
    ['another agent', bot, person('bot2', { kind: 'agent' }), 'not_a_person'],
    ['an agent that acts for an approver', bot, person('bot2', { kind: 'agent', acts_for: ['dora'] }), 'not_a_person'],
    ['a person whose token acts for an approver', bot, person('carl', { acts_for: ['dora'] }), 'not_a_person'],
    ['a person of another group', bot, person('eve', { groups: ['readers'] }), 'not_in_group'],
    ['a person without groups', bot, person('eve', { groups: [] }), 'not_in_group'],
  ])('is not released by %s', async (_, requester, approver, why) => {
    const open = await room.open(request(requester));
    expect(await room.approve(open.id, approver, digest, '')).toMatchObject({ ok: false, why });
    expect(await room.show(open.id)).toMatchObject({ status: 'open', approvals: [] });
  });

  test('is not released by an approval of something else', async () => {
    const open = await room.open(request());
    expect(await room.approve(open.id, dora, 'e'.repeat(64), '')).toMatchObject({ ok: false, why: 'digest_mismatch' });
  });

  test('needs as many different people as its quorum says', async () => {
    const open = await room.open(request(bot, { quorum: 2 }));
    expect(await room.approve(open.id, dora, digest, '')).toMatchObject({ ok: true, status: 'open', approvals: 1 });
    expect(await room.approve(open.id, dora, digest, '')).toMatchObject({ ok: false, why: 'already_approved' });
    expect(await room.approve(open.id, person('Dora'), digest, '')).toMatchObject({
      ok: false,
      why: 'already_approved',
    });
    expect(await room.approve(open.id, ben, digest, 'looked')).toMatchObject({ status: 'approved', approvals: 2 });
    expect(await open.resolution(never)).toMatchObject({
      outcome: 'approved',
      fact: { approvers: ['ben', 'dora'] },
      reason: 'ben: looked',
    });
  });

  test('decided by two at once is decided by one', async () => {
    const open = await room.open(request());
    const decided = await Promise.all([room.deny(open.id, ben, 'no'), room.approve(open.id, dora, digest, 'yes')]);
    expect(decided).toMatchObject([
      { ok: true, status: 'refused' },
      { ok: false, why: 'already_resolved' },
    ]);
    expect(await open.resolution(never)).toEqual({ outcome: 'refused', by: ['ben'], reason: 'no' });
  });

  const at = 'at 2026-06-01T00:00:00.000Z';
  test.each<readonly [string, string, (open: OpenHold) => Promise<unknown>]>([
    [
      'was approved',
      `was approved ${at} by dora: ticket 4711`,
      ({ id }) => room.approve(id, dora, digest, 'ticket 4711'),
    ],
    ['was refused', `was refused ${at} by ben: not on a Friday`, ({ id }) => room.deny(id, ben, 'not on a Friday')],
    ['was refused without a word', `was refused ${at} by ben`, ({ id }) => room.deny(id, ben, '')],
    ['its client left', `was cancelled ${at}: the client gave up`, (open) => open.resolution(AbortSignal.abort())],
    [
      'was of a session that was ended',
      `was cancelled ${at}: session ended: the token has expired`,
      (open) => open.resolution(AbortSignal.abort('session ended: the token has expired')),
    ],
    [
      'nobody decided',
      'expired at 2026-06-01T00:10:00.000Z: nobody decided in time',
      async () => void (nowMs += 600_000),
    ],
  ])('that %s says so to whoever comes late', async (_, what, end) => {
    const open = await room.open(request());
    await end(open);
    const message = `this hold is over: it ${what}`;
    expect(await room.approve(open.id, ben, digest, '')).toEqual({ ok: false, why: 'already_resolved', message });
    expect(await room.deny(open.id, dora, '')).toEqual({ ok: false, why: 'already_resolved', message });
  });

  test.each<readonly [string, Principal, boolean]>([
    ['a member of its groups', dora, true],
    ['the person whose agent asked', person('ana', { groups: [] }), true],
    ['a stranger', person('eve', { groups: [] }), false],
  ])('can be refused by %s: %#', async (_, by, can) => {
    const open = await room.open(request());
    expect(await room.deny(open.id, by, 'no')).toMatchObject({ ok: can });
  });

  test('expires at its time', async () => {
    const open = await room.open(request());
    const resolution = open.resolution(never);
    for (let s = 0; s < 600; s += 5) {
      nowMs += 5_000;
      await vi.advanceTimersByTimeAsync(5_000);
    }
    expect(await resolution).toEqual({ outcome: 'expired', by: [], reason: 'nobody decided in time' });
    expect(await room.show(open.id)).toMatchObject({ status: 'expired' });
  });

  test('whose time ran out while the machine slept cannot be approved', async () => {
    const open = await room.open(request());
    nowMs += 600_000; // no timer ran
    expect(await room.approve(open.id, dora, digest, '')).toMatchObject({ ok: false, why: 'already_resolved' });
    expect(await open.resolution(never)).toMatchObject({ outcome: 'expired' });
  });

  test('lives no longer than the gateway allows', async () => {
    expect((await room.open(request(bot, { ttl_s: 1e9 }))).expiresAtMs).toBe(nowMs + 3_600_000);
  });

  test('is cancelled when its client gives up, and not approved afterwards', async () => {
    const client = new AbortController();
    const open = await room.open(request());
    const resolution = open.resolution(client.signal);
    client.abort();
    expect(await resolution).toMatchObject({ outcome: 'cancelled' });
    expect(await room.approve(open.id, dora, digest, '')).toMatchObject({ ok: false, why: 'already_resolved' });
    expect(await room.show(open.id)).toMatchObject({ status: 'cancelled' });
  });

  test('of a client that gave up before is cancelled at once', async () => {
    const open = await room.open(request());
    expect(await open.resolution(AbortSignal.abort())).toMatchObject({ outcome: 'cancelled' });
  });

  test.each<readonly [string, Partial<ApprovalTerms>]>([
    ['no groups', { groups: [] }],
    ['no quorum', { quorum: 0 }],
    ['no time', { ttl_s: 0 }],
    ['a time in the past', { ttl_s: -1 }],
  ])('with %s is refused at once', async (_, terms) => {
    const open = await room.open(request(bot, terms));
    expect(await open.resolution(never)).toMatchObject({ outcome: 'refused' });
  });

  test('too many of one principal is refused at once, and others still wait', async () => {
    for (let i = 0; i < 3; i++) await room.open(request());
    expect(await (await room.open(request())).resolution(never)).toMatchObject({ outcome: 'refused' });
    await room.open(request(ben));
    expect(await room.list('open')).toHaveLength(4);
  });

  test('that was open when the gateway stopped is refused, and logged, at the next start', async () => {
    const open = await room.open(request());
    const next = await openRoom(); // the first process is gone without a word
    const late = await next.approve(open.id, dora, digest, '');
    expect(late).toMatchObject({ ok: false, why: 'already_resolved' });
    expect(late).toHaveProperty(
      'message',
      'this hold is over: it ended at 2026-06-01T00:00:00.000Z: the gateway restarted',
    );
    expect(await next.show(open.id)).toMatchObject({ status: 'orphaned', reason: 'the gateway restarted' });
    expect(logged).toMatchObject([{ type: 'hold.resolved', effect: 'refused', detail: { hold: open.id } }]);
    await next[Symbol.asyncDispose]();
  });

  test('is refused when the gateway stops', async () => {
    const open = await room.open(request());
    const resolution = open.resolution(never);
    await room[Symbol.asyncDispose]();
    expect(await resolution).toEqual({ outcome: 'refused', by: [], reason: 'the gateway restarted' });
  });

  test.each(['', 'x', "1' or '1'='1", '01J00000000000000000000000'])('is not found by %j', async (id) => {
    expect(await room.approve(id, dora, digest, '')).toMatchObject({ ok: false, why: 'not_found' });
    expect(await room.show(id)).toBeUndefined();
  });
});

test('a hold that cannot be stored is not opened', async () => {
  vi.spyOn(store.holds, 'insert').mockRejectedValueOnce(new Error('disk full'));
  await expect(room.open(request())).rejects.toThrow('disk full');
  expect(await room.list()).toEqual([]);
});

test('an approval that cannot be stored releases nothing', async () => {
  const open = await room.open(request());
  vi.spyOn(store.holds, 'resolve').mockRejectedValueOnce(new Error('disk full'));
  await expect(room.approve(open.id, dora, digest, '')).rejects.toThrow('disk full');
  expect(await room.show(open.id)).toMatchObject({ status: 'open' });
});
