import type { PolicyStatusView, ReadyPolicyView } from '../api/policy-view.ts';
import type { OpenPolicy } from '../policy/open.ts';

/** What `GET /v1/policy` answers. */
export function policyStatusView(policy: OpenPolicy): PolicyStatusView {
  const { revision, sequence, digest, origin, activatedAtMs, expiresAtMs, expired, checkedAtMs, refused, bundles } =
    policy.status();
  return {
    revision,
    sequence,
    digest,
    origin,
    activated_at: rfc3339(activatedAtMs),
    expires_at: rfc3339(expiresAtMs),
    expired,
    checked_at: checkedAtMs === null ? null : rfc3339(checkedAtMs),
    bundles: bundles.map((bundle) => ({
      name: bundle.name,
      source: bundle.where,
      revision: bundle.revision,
      sequence: bundle.sequence,
      digest: bundle.digest,
      key: bundle.keyId,
      expires_at: rfc3339(bundle.expiresAtMs),
      checked_at: bundle.checkedAtMs === null ? null : rfc3339(bundle.checkedAtMs),
    })),
    refused: refused && { code: refused.code, reason: refused.reason, at: rfc3339(refused.atMs) },
  };
}

/** The same for anybody who reaches the port: without reasons, which name places. */
export function readyPolicyView(policy: OpenPolicy): ReadyPolicyView {
  const { revision, activatedAtMs, refused } = policy.status();
  return {
    revision,
    activated_at: rfc3339(activatedAtMs),
    refused: refused && { code: refused.code, at: rfc3339(refused.atMs) },
  };
}

function rfc3339(ms: number): string {
  return new Date(ms).toISOString();
}
