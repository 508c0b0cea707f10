/** What can be recognised in a text by its form alone. `token`: access tokens and private keys. */
export const detectors = ['card', 'ssn', 'iban', 'email', 'phone', 'token'] as const;
export type Detector = (typeof detectors)[number];
