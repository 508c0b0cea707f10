import { SallyportError } from '../contract/errors.ts';
import type { CredentialStore } from './credential-store.ts';
import type { Environment } from './master-key.ts';
import { readPrivateFile } from './private-file.ts';
import { Secret } from './secret.ts';

/** Where a secret is: exactly one of the three. */
export type CredentialRef = { readonly env: string } | { readonly file: string } | { readonly store: string };

export interface Credentials {
  /** Looks it up anew each time, so a changed password needs no restart. @throws SallyportError `credential-missing` */
  resolve(ref: CredentialRef): Promise<Secret>;
}

/** @param store undefined when the configuration has none */
export function openCredentials(env: Environment, store: CredentialStore | undefined): Credentials {
  return {
    async resolve(ref) {
      if ('env' in ref) return given(env[ref.env], `environment variable ${ref.env}`);
      // Editors end a file with a newline; a password does not.
      if ('file' in ref) return given((await readPrivateFile(ref.file)).replace(/\r?\n$/, ''), ref.file);
      if ('store' in ref) {
        if (store) return store.get(ref.store);
        throw new SallyportError('credential-missing', `secret "${ref.store}" is in the store, and none is configured`);
      }
      return ref satisfies never;
    },
  };
}

function given(value: string | undefined, where: string): Secret {
  if (value === undefined || value === '')
    throw new SallyportError('credential-missing', `${where} is not set or empty`);
  return new Secret(value);
}
