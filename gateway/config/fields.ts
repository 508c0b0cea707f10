import { dirname, isAbsolute, resolve } from 'node:path';
import { z } from 'zod';

/** What the schema asks of the world outside the text. A test answers in its place. */
export interface Surroundings {
  /** The configuration file: relative paths in it are meant from its directory. */
  readonly file: string;
  /** An environment variable's value. */
  env(name: string): string | undefined;
  isFile(path: string): boolean;
}

/** Where a secret is found. The value itself never stands in the configuration. */
export type SecretReference = { readonly env: string } | { readonly file: string } | { readonly store: string };
/** The same for the keys that have to be there before the encrypted store can be opened. */
export type KeyReference = { readonly env: string } | { readonly file: string };

/** Field schemas that know where they are. Each says no with a sentence that says what is allowed. */
export function fieldsIn(around: Surroundings) {
  const base = dirname(resolve(around.file));
  const path = z
    .string()
    .min(1)
    .transform((p) => (isAbsolute(p) ? p : resolve(base, p)));
  const existingFile = path.superRefine((p, context) => {
    if (!around.isFile(p)) context.addIssue({ code: 'custom', message: `there is no file ${p}` });
  });
  const variable = z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable')
    .superRefine((name, context) => {
      if (!around.env(name))
        context.addIssue({ code: 'custom', message: `the environment variable ${name} is not set` });
    });
  const stored = z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/, 'expected a name of letters, digits, and . _ / -');

  const key = z
    .strictObject({ env: variable.optional(), file: existingFile.optional() })
    .meta({ minProperties: 1, maxProperties: 1, description: 'Where the key is: `env` or `file`' })
    .transform((from, context): KeyReference => {
      const [only, ...others] = [
        ...(from.env === undefined ? [] : [{ env: from.env }]),
        ...(from.file === undefined ? [] : [{ file: from.file }]),
      ];
      if (only && others.length === 0) return only;
      context.addIssue({ code: 'custom', message: 'expected exactly one of env, file' });
      return z.NEVER;
    });
  const secret = z
    .strictObject({ env: variable.optional(), file: existingFile.optional(), store: stored.optional() })
    .meta({ minProperties: 1, maxProperties: 1, description: 'Where the secret is: `env`, `file` or `store`' })
    .transform((from, context): SecretReference => {
      const [only, ...others] = [
        ...(from.env === undefined ? [] : [{ env: from.env }]),
        ...(from.file === undefined ? [] : [{ file: from.file }]),
        ...(from.store === undefined ? [] : [{ store: from.store }]),
      ];
      if (only && others.length === 0) return only;
      context.addIssue({ code: 'custom', message: 'expected exactly one of env, file, store' });
      return z.NEVER;
    });
  return { path, existingFile, key, secret };
}

/** A name that people type, put in paths and read in logs. */
export const name = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'expected lower-case letters, digits, and . _ -');

/** A host's name or address, without port. */
export const host = z
  .string()
  .regex(/^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$|^[0-9A-Fa-f:.]+$/, 'expected a host name or an IP address');

export const port = z.int().min(1).max(65_535);

/** A whole number between two bounds, both allowed. */
export const between = (min: number, max: number) => z.int().min(min).max(max);

/** How long a target may take to let the gateway in. */
export const connectMs = between(100, 600_000).default(10_000);

/** Whether what is bound to this address can be reached from this machine only. */
export function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || /^127(\.\d{1,3}){3}$/.test(address);
}

/** HTTPS, or HTTP to this very machine: what is fetched in the clear over a network is anybody's. */
export const trustworthyUrl = z.string().superRefine((text, context) => {
  const url = URL.parse(text);
  const fine =
    url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname.replace(/^\[|\]$/g, '')));
  if (!fine) context.addIssue({ code: 'custom', message: 'expected an https:// address (http:// on loopback only)' });
});
