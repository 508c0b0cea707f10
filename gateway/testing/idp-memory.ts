import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider';

/** Where one identity provider keeps its sessions, codes and grants: in memory, each provider its own. */
export function memoryAdapter(): AdapterFactory {
  const kept = new Map<string, { readonly payload: AdapterPayload; readonly endsAtMs: number }>();
  return (model) => adapterOf(model, kept);
}

function adapterOf(
  model: string,
  kept: Map<string, { readonly payload: AdapterPayload; readonly endsAtMs: number }>,
): Adapter {
  const prefix = `${model}:`;
  const find = (test: (payload: AdapterPayload) => boolean): AdapterPayload | undefined => {
    for (const [key, { payload, endsAtMs }] of kept) {
      if (key.startsWith(prefix) && endsAtMs > Date.now() && test(payload)) return payload;
    }
    return undefined;
  };
  return {
    upsert: async (id, payload, expiresInS) => {
      const endsAtMs = expiresInS ? Date.now() + expiresInS * 1000 : Infinity;
      kept.set(prefix + id, { payload, endsAtMs });
    },
    find: async (id) => {
      const entry = kept.get(prefix + id);
      return entry && entry.endsAtMs > Date.now() ? entry.payload : undefined;
    },
    findByUid: async (uid) => find((p) => p.uid === uid),
    findByUserCode: async (code) => find((p) => p.userCode === code),
    consume: async (id) => {
      const entry = kept.get(prefix + id);
      if (entry)
        kept.set(prefix + id, { ...entry, payload: { ...entry.payload, consumed: Math.floor(Date.now() / 1000) } });
    },
    destroy: async (id) => void kept.delete(prefix + id),
    revokeByGrantId: async (grantId) => {
      for (const [key, { payload }] of kept) if (payload.grantId === grantId) kept.delete(key);
    },
  };
}
