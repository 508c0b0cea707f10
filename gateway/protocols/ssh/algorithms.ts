import type { Algorithms } from 'ssh2';
import { hasMlKem } from './library.ts';

type KexAlgorithm = Extract<NonNullable<Algorithms['kex']>, readonly unknown[]>[number];

/**
 * Post-quantum key exchange: what is recorded today cannot be read by the quantum computers of later. OpenSSH warns without it from 10.1 on.
 * draft-ietf-sshm-mlkem-hybrid-kex
 */
const postQuantum = (hasMlKem ? ['mlkem768x25519-sha256'] : []) as readonly string[] as readonly KexAlgorithm[]; // ssh2's types do not know our patch

/**
 * What clients are offered. No SHA-1, no CBC, no NIST curves, no compression: a small packet that unpacks to a large one is an attack.
 * Strict key exchange is always on, which is what closes Terrapin (CVE-2023-48795).
 * Best first: by the protocol a client's order decides, but OpenSSH's clients show theirs first and are offered of the ciphers that they have
 * our best one alone. By their own order it would be ChaCha20-Poly1305, for which processors have no instructions and Node no function.
 */
export const offered: Algorithms = {
  kex: [
    ...postQuantum,
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group18-sha512',
  ],
  serverHostKey: ['ssh-ed25519', 'rsa-sha2-512', 'rsa-sha2-256'],
  cipher: [
    'aes256-gcm@openssh.com',
    'aes128-gcm@openssh.com',
    'chacha20-poly1305@openssh.com',
    'aes256-ctr',
    'aes128-ctr',
  ],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com'],
  compress: ['none'],
};

/** Types of host keys that a target may be known by, as its pinned keys write them, and the signatures by which it may prove them. */
const signatures: { readonly [type: string]: readonly HostKeyAlgorithm[] } = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
};
type HostKeyAlgorithm = Extract<NonNullable<Algorithms['serverHostKey']>, readonly unknown[]>[number];

/**
 * What targets are asked for: hosts that are older than their clients are reached by NIST curves and MACs after encryption too.
 * @param types of the host keys that are pinned: a host with several keys has to show one of these. All known types unless given
 */
export function askedOfTargets(types: readonly string[] = Object.keys(signatures)): Algorithms {
  return {
    ...offered,
    kex: [
      ...postQuantum,
      'curve25519-sha256',
      'curve25519-sha256@libssh.org',
      'ecdh-sha2-nistp256',
      'ecdh-sha2-nistp384',
      'ecdh-sha2-nistp521',
      'diffie-hellman-group16-sha512',
      'diffie-hellman-group18-sha512',
      'diffie-hellman-group-exchange-sha256',
    ],
    serverHostKey: types.flatMap((type) => signatures[type] ?? []),
    hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
  };
}
