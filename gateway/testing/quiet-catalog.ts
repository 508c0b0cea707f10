import { forgetfulKeeper, type TargetCatalog } from '../protocols/postgres/index.ts';

/** What a target's catalog tells, where a test asks for none of it. It is looked at again after a minute. */
export const quietCatalog: Omit<ConstructorParameters<typeof TargetCatalog>[0], 'target' | 'analyzer' | 'reader'> = {
  now: () => Date.now(),
  maxAgeMs: 60_000,
  onRead: () => undefined,
  onUnreadable: () => undefined,
  onDoubt: () => undefined,
  keeper: forgetfulKeeper(),
  onFollowed: () => undefined,
};
