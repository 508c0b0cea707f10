import { z } from 'zod';

/** RFC 3339. */
const time = z.iso.datetime();

/** Who runs which policy, since when, and why the newest is not what runs. */
export const policyStatusView = z.object({
  /** Of the bundle with the rules; where there are others, theirs follow. */
  revision: z.string(),
  sequence: z.number(),
  digest: z.string(),
  /** `last-good`: kept on disk, because the source had none at the start. */
  origin: z.enum(['source', 'last-good']),
  activated_at: time,
  expires_at: time,
  expired: z.boolean(),
  checked_at: time.nullable(),
  bundles: z.array(
    z.object({
      name: z.string(),
      source: z.string(),
      revision: z.string(),
      sequence: z.number(),
      digest: z.string(),
      key: z.string(),
      expires_at: time,
      checked_at: time.nullable(),
    }),
  ),
  refused: z.object({ code: z.string(), reason: z.string(), at: time }).nullable(),
});
export type PolicyStatusView = z.infer<typeof policyStatusView>;

/** What `/readyz` says of the policy, to anybody. */
export interface ReadyPolicyView {
  readonly revision: string;
  readonly activated_at: string;
  readonly refused: { readonly code: string; readonly at: string } | null;
}
