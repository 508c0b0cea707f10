/** What is presented upstream: secrets by reference, and the encrypted file that keeps them. */
export { openCredentials } from './resolve.ts';
export type { Credentials } from './resolve.ts';
export { credentialStore } from './credential-store.ts';
export type { CredentialStore } from './credential-store.ts';
export { newMasterKey, parseMasterKey, readMasterKey } from './master-key.ts';
export { readPrivateFile } from './private-file.ts';
export { Secret } from './secret.ts';
