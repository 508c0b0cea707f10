/** Every error that is nobody's "no" but something broken carries one of these; `docs/reference/errors.md` lists them and a test compares both ways. */
export const errorCodes = [
  'audit-unwritable',
  'bundle-invalid',
  'bundle-signature',
  'bundle-rollback',
  'bundle-expired',
  'catalog-unavailable',
  'config-invalid',
  'credential-missing',
  'engine-failed',
  'frame-too-large',
  'grammar-unavailable',
  'host-key-unknown',
  'identity-unavailable',
  'opa-unavailable',
  'opa-failed',
  'parser-deadline',
  'parser-crashed',
  'protocol-violation',
  'recording-unwritable',
  'store-unavailable',
  'token-invalid',
  'upstream-auth',
  'upstream-lost',
  'upstream-refused',
  'upstream-timeout',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

/** Something broken that nobody nearby can handle. `message` is for the log; what a client is told is written where it is told. */
export class SallyportError extends Error {
  override readonly name = 'SallyportError';
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
