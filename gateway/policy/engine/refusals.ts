import type { Decision } from '../../contract/decision.ts';
import { asId, type Revision } from '../../contract/ids.ts';

/** Why the engine itself says no: finding ids beside those of rules. `docs/reference` lists them. */
export const refusals = {
  'SP-001': 'policy is not available',
  'SP-002': 'policy gave an answer that cannot be understood',
  'SP-003': 'policy did not answer this request',
  'SP-004': 'the command is too large for policy to judge',
  'SP-005': 'the policy bundle has expired',
  'SP-006': 'no policy judges this kind of command',
  'SP-007': 'no group may give all the approvals that rules ask for',
} as const;
export type RefusalId = keyof typeof refusals;

/** Something about one command that the engine answers with a deny. Never leaves the policy room. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly id: RefusalId;
  constructor(id: RefusalId, detail?: string) {
    super(detail === undefined ? refusals[id] : `${refusals[id]}: ${detail}`);
    this.id = id;
  }
}

/** A deny that says what is wrong. What was thrown by something else than us is not for the client's eyes. */
export function refuse(thrown: unknown, revision: Revision | undefined): Decision {
  const refusal = thrown instanceof Refusal ? thrown : new Refusal('SP-001');
  return {
    effect: 'deny',
    revision: revision ?? asId<Revision>(''),
    findings: [{ kind: 'deny', id: refusal.id, msg: refusal.message, severity: 'critical' }],
    masks: {},
    approval: null,
    limits: {},
  };
}
