import { setImmediate as turn } from 'node:timers/promises';
import type { Decision } from '../../contract/decision.ts';
import { namesDetector } from '../../contract/detector.ts';
import type { AuditEvent } from '../../contract/event.ts';
import { asId, type HoldId, type Revision } from '../../contract/ids.ts';
import type { HoldResolution, Recorder } from '../../contract/ports.ts';
import type { Principal } from '../../contract/principal.ts';
import { type AdmissionPorts, openAdmission } from '../../enforce/admission.ts';
import { openMasks } from '../../enforce/masking/masks.ts';
import { openIds } from '../../enforce/request-id.ts';
import { denialWords, type World } from '../../protocols/conformance-subject.ts';

type Hold = Awaited<ReturnType<World['nextHold']>>;

const revision = asId<Revision>('conformance-1');
const base = { revision, masks: {}, approval: null, limits: {} };
const allow: Decision = { ...base, effect: 'allow', findings: [{ kind: 'allow', id: 'CONF-0', msg: 'fine' }] };
const deny: Decision = {
  ...base,
  effect: 'deny',
  findings: [{ kind: 'deny', id: denialWords.id, msg: denialWords.message, hint: denialWords.hint }],
};
const hold: Decision = {
  ...base,
  effect: 'require_approval',
  findings: [{ kind: 'approve', id: 'CONF-2', msg: 'somebody has to look at it' }],
  approval: { rules: ['CONF-2'], groups: ['approvers'], quorum: 1, ttl_s: 600, scope: 'once' },
};

/** Who logs in. */
export const ana: Principal = {
  id: 'ana',
  kind: 'human',
  issuer: 'https://idp.test',
  groups: [],
  claims: {},
  acts_for: [],
  auth: { method: 'jwt', at: '2026-01-01T00:00:00Z' },
};

/** The suite's hands on the real enforcement: a policy by text, and ports that keep what they are given. */
export function openWorld(target: string, label: string) {
  const mask: Decision = { ...allow, effect: 'mask', masks: { [label]: 'redact' } };
  const verdicts = { allow, deny, mask, hold };
  const rules: { readonly part: string; readonly decision: Decision }[] = [];
  const judged: string[] = [];
  const audit: AuditEvent[] = [];
  const written: string[] = [];
  const ended: World['ended'][number][] = [];
  const holds: Hold[] = [];
  const nextId = openIds(() => Date.now());

  const world: World = {
    say: (part, verdict) => void rules.unshift({ part, decision: verdicts[verdict] }),
    judged,
    audit,
    written: () => written.join('\n'),
    ended,
    failing: 'nothing',
    async nextHold() {
      for (;;) {
        const next = holds.shift();
        if (next) return next;
        await turn();
      }
    },
    endSessions(reason) {
      for (const session of admission.sessions) session.terminate(reason);
    },
  };

  const write = (what: 'log' | 'recording' | 'results', ...texts: readonly unknown[]) => {
    if (world.failing === what) throw new Error('no space left on device');
    for (const text of texts) written.push(typeof text === 'string' ? text : JSON.stringify(text));
  };

  const recorder: Recorder = {
    command: (entry) => write('recording', entry),
    result(_id, part) {
      if (part.kind === 'bytes') write('results', part.bytes.toString('latin1'));
      else if (part.kind !== 'rows') write('results', part);
      else write('results', part.batch.texts(Number.MAX_SAFE_INTEGER), part.batch.wire().toString('latin1'));
      return undefined;
    },
    end(_id, outcome, { contents = [] }) {
      write('results', outcome);
      ended.push({ outcome, contents });
    },
    hold: (_id, what) => write('recording', what),
    close: async () => undefined,
  };

  const ports: AdmissionPorts = {
    targets: (name, protocol) => (name === target ? { name, protocol, labels: {} } : undefined),
    policy: {
      openSession: () => ({
        minuteMs: 0,
        decide(command, _key, _id, _session, approval) {
          if (command.protocol === 'session') return allow;
          judged.push(command.text);
          if (approval) return allow;
          const decision = rules.find((rule) => command.text.includes(rule.part))?.decision ?? allow;
          // As a rule about a label would: what carries none is not masked.
          return decision === mask && !namesDetector(label) && !command.labels.includes(label) ? allow : decision;
        },
        [Symbol.dispose]: () => undefined,
      }),
    },
    audit: {
      append(event) {
        write('log', event);
        audit.push(event);
        return undefined;
      },
    },
    recordings: { open: async () => recorder },
    approvals: {
      async open(request) {
        const id = asId<HoldId>(nextId());
        const answered = Promise.withResolvers<HoldResolution>();
        return {
          id,
          expiresAtMs: Date.now() + 600_000,
          resolution(signal) {
            const cancelled = () => answered.resolve({ outcome: 'cancelled', by: [], reason: 'the client gave up' });
            if (signal.aborted) cancelled();
            else signal.addEventListener('abort', cancelled);
            const fact = { id, rules: request.terms.rules, approvers: ['dora'], scope: 'once' } as const;
            const approve = () => answered.resolve({ outcome: 'approved', fact, digest: request.digest, reason: '' });
            holds.push({ approve, signal });
            return answered.promise;
          },
        };
      },
    },
    masks: openMasks({ secret: Buffer.alloc(32, 7) }),
    notify: { send: () => undefined },
    clock: { now: () => Date.now() },
    nextId,
    decided: () => undefined,
    fault: (error) => {
      throw error;
    },
    endWithToken: true,
    totalMs: 86_400_000,
  };
  const admission = openAdmission(ports);
  return { world, admission, nextId };
}
