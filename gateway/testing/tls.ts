import { makeAuthority, makeServerCertificate, validFor } from '../cli/init/certificate.ts';

/** What a TLS test needs, all PEM: the authority that clients trust, and a server's certificate with its key. */
export interface TlsPair {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** A fresh authority and a server certificate under it, valid for a day. No openssl needed. */
export function tlsPair(hosts: readonly [string, ...string[]] = ['localhost', '127.0.0.1', '::1']): TlsPair {
  const validity = validFor(1, new Date());
  const authority = makeAuthority('Sallyport test authority', validity);
  const server = makeServerCertificate(authority, hosts, validity);
  return { ca: authority.certificate, cert: server.certificate, key: server.key };
}
