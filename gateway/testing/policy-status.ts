import type { PolicyStatusView } from '../api/policy-view.ts';

/** What a gateway says of its one bundle, with nothing wrong. */
export const policyStatus: PolicyStatusView = {
  revision: 'r1',
  sequence: 7,
  digest: 'ab'.repeat(32),
  origin: 'source',
  activated_at: '2026-06-01T00:00:00.000Z',
  expires_at: '2027-06-01T00:00:00.000Z',
  expired: false,
  checked_at: '2026-06-01T00:00:00.000Z',
  bundles: [
    {
      name: 'policy',
      source: '/etc/sallyport/policy',
      revision: 'r1',
      sequence: 7,
      digest: 'ab'.repeat(32),
      key: 'main',
      expires_at: '2027-06-01T00:00:00.000Z',
      checked_at: '2026-06-01T00:00:00.000Z',
    },
  ],
  refused: null,
};
