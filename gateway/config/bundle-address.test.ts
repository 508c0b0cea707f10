import { expect, test } from 'vitest';
import { readBundleAddress } from './bundle-address.ts';

const digest = `sha256:${'0'.repeat(64)}`;

test.each([
  ['/etc/sallyport/policy', { kind: 'file', path: '/etc/sallyport/policy' }],
  ['policy', { kind: 'file', path: 'policy' }],
  ['https://b.example/b.tar.gz', { kind: 'http', url: 'https://b.example/b.tar.gz' }],
  ['s3://acme-policy/a/b.tar.gz', { kind: 's3', bucket: 'acme-policy', key: 'a/b.tar.gz' }],
  ['oci://ghcr.io/acme/policy:v1', { kind: 'oci', host: 'ghcr.io', repository: 'acme/policy', version: 'v1' }],
  ['oci://localhost:5000/p:latest', { kind: 'oci', host: 'localhost:5000', repository: 'p', version: 'latest' }],
  [`oci://ghcr.io/acme/policy@${digest}`, { kind: 'oci', host: 'ghcr.io', repository: 'acme/policy', version: digest }],
])('%s is understood', (text, address) => expect(readBundleAddress(text)).toEqual({ ok: true, address }));

test.each([
  ['ftp://b.example/x', 'expected a path, or an https://, s3:// or oci:// address'],
  ['git+ssh://b.example/x', 'expected a path'],
  ...['', 'b/x', 'acme', 'acme/', 'ACME/x', 'acme/a/../b', 'acme//x', 'a@b/x', 'acme/.'].map((rest) => [
    `s3://${rest}`,
    'expected s3://bucket/',
  ]),
  ...[
    'ghcr.io/acme/policy',
    'ghcr.io/Acme/policy:v1',
    'ghcr.io/acme/policy:',
    'ghcr.io/acme/../policy:v1',
    'ghcr.io/acme/policy@sha256:abc',
    'user:pw@ghcr.io/acme/policy:v1',
    'ghcr.io:v1',
  ].map((rest) => [`oci://${rest}`, 'expected oci://registry/']),
])('%s is not: %s', (text, said) => {
  expect(readBundleAddress(text ?? '')).toMatchObject({
    ok: false,
    why: expect.stringContaining(said ?? '') as string,
  });
});
