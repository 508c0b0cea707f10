import type { Answer, Asked, Handlers } from './handlers.ts';
import { judge, logRefused } from './judge.ts';
import type { Call, Subject } from './judge.ts';
import type { HoldRecord } from '../contract/hold.ts';
import type { ApiPorts, HoldDecided } from './ports.ts';
import { problem, problemOfHold } from './problem.ts';
import type { routes } from './routes.ts';
import { viewHold } from './views.ts';

type Approvals = Pick<Handlers, 'approvalsList' | 'approvalsShow' | 'approvalsApprove' | 'approvalsDeny'>;

export function approvalRoutes(ports: ApiPorts): Approvals {
  const { approvals } = ports;
  return {
    async approvalsList({ call, query }) {
      const released = await judge(ports, call, 'approvals.list', { kind: 'approval', id: '*', owner: '' }, 'written');
      if (!released.ok) return released;
      const holds = await approvals.list(query.status, Math.min(query.limit, released.maxRows));
      return { ok: true, json: { approvals: holds.map(viewHold) } };
    },

    async approvalsShow({ call, id }) {
      const hold = await approvals.show(id);
      const released = await judge(ports, call, 'approvals.show', subjectOf(id, hold), 'written');
      if (!released.ok) return released;
      return hold ? { ok: true, json: viewHold(hold) } : unknown();
    },

    approvalsApprove: ({ call, id, body }: Asked<typeof routes.approvalsApprove>) =>
      decide(call, id, () => approvals.approve(id, call.principal, body.digest, body.reason)),
    approvalsDeny: ({ call, id, body }: Asked<typeof routes.approvalsDeny>) =>
      decide(call, id, () => approvals.deny(id, call.principal, body.reason)),
  };

  /** Policy says who may decide at all; the room then holds the decision to the hold's own terms and to four eyes. */
  async function decide(call: Call, id: string, deed: () => Promise<HoldDecided>): Promise<Answer> {
    const subject = subjectOf(id, await approvals.show(id));
    const released = await judge(ports, call, 'approvals.decide', subject, 'flushed');
    if (!released.ok) return released;
    const decided = await deed();
    if (decided.ok) {
      const { status, approvals: count, quorum } = decided;
      return { ok: true, json: { status, approvals: count, quorum } };
    }
    await logRefused(ports, call, 'approvals.decide', subject, decided.why);
    return problemOfHold(decided);
  }
}

/** Policy is asked for what does not exist too: whoever may not look learns nothing of what there is. */
function subjectOf(id: string, hold: HoldRecord | undefined): Subject {
  return { kind: 'approval', id, owner: hold?.frame.principal.id ?? '', session: hold?.frame.id ?? '' };
}

function unknown(): Answer {
  return problem('not_found', 'there is no such hold');
}
