import type { ApiPorts } from '../api/ports.ts';
import type { ApprovalsRoom } from '../approvals/index.ts';
import type { AuditLog } from '../audit/log.ts';
import type { Witness } from '../contract/decided.ts';
import { auditTypes } from '../contract/event.ts';
import type { RequestId } from '../contract/ids.ts';
import type { Audit, Clock, Notify } from '../contract/ports.ts';
import type { OpenAdmission } from '../enforce/admission.ts';
import type { OpenPolicy } from '../policy/open.ts';
import type { Shadow } from '../policy/shadow/shadow.ts';
import type { RecordingRoom } from '../recordings/index.ts';
import type { Store } from '../store/open.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { SshDoor } from './ssh-door.ts';
import { policyStatusView, readyPolicyView } from './policy-status.ts';
import { listedTargets } from './listed-targets.ts';
import { countedSessions } from './session-counts.ts';
import type { Targets } from './targets.ts';

export interface ApiRooms {
  readonly verify: ApiPorts['verify'];
  readonly policy: OpenPolicy;
  readonly shadow: Shadow | undefined;
  /** Where entries go. */
  readonly audit: Audit;
  readonly auditLog: AuditLog;
  readonly notify: Notify;
  readonly approvals: ApprovalsRoom;
  readonly store: Store;
  readonly recordings: RecordingRoom;
  readonly admission: Pick<OpenAdmission, 'sessions' | 'admits'>;
  readonly targets: Targets;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Log;
  readonly nextId: () => RequestId;
  readonly decided: Witness;
  /** Undefined where nothing listens for SSH. */
  readonly ssh: Pick<SshDoor, 'register' | 'forget' | 'issueCode'> | undefined;
}

/** What the admin API needs of the rooms. */
export function apiPorts(rooms: ApiRooms): ApiPorts {
  const { policy, audit, auditLog, notify, approvals, store, recordings, metrics, clock, log } = rooms;
  return {
    verify: rooms.verify,
    policy: policy.policy,
    // The gateway's own API is a target like any other: rules.admin may look at its labels.
    target: { name: 'sallyport', protocol: 'postgres', labels: {} },
    audit,
    notify,
    decided: rooms.decided,
    approvals,
    sessions: countedSessions(store.sessions, recordings),
    readRecording: (session) => recordings.read(session),
    watchRecording: (session) => recordings.watch(session),
    endSession(id, reason) {
      const session = [...rooms.admission.sessions].find(({ frame }) => frame.id === id);
      session?.terminate(reason);
      return session !== undefined;
    },
    targets: () => listedTargets(rooms.targets, rooms.admission.sessions),
    admits: (principal, client, { name, protocol }, user) =>
      rooms.admission.admits({ principal, client, target: name, protocol, user }),
    queryAudit: async ({ order, type, ...filter }) => {
      const known = type === undefined ? undefined : auditTypes.find((t) => t === type);
      // A type that does not exist has no entries.
      if (type !== undefined && known === undefined) return [];
      const { entries } = await auditLog.query({
        ...filter,
        ...(known === undefined ? {} : { type: known }),
        order: order === 'asc' ? 'oldest' : 'newest',
      });
      return entries;
    },
    policyStatus: () => policyStatusView(policy),
    readyPolicy: () => readyPolicyView(policy),
    shadowReport: (maxGroups) => rooms.shadow?.report(maxGroups),
    registerSshKey: (line, login) => rooms.ssh?.register(line, login),
    issueSshCode: (target, login) => rooms.ssh?.issueCode(target, login),
    forgetSshKeys: (principal, issuer) => rooms.ssh?.forget(principal, issuer),
    readiness: async () => ({
      policy: !policy.status().expired,
      audit: auditLog.status().failure === '',
      recordings: recordings.status().failure === '',
    }),
    metrics: () => metrics.export(),
    newRequestId: rooms.nextId,
    clock,
    log,
  };
}
