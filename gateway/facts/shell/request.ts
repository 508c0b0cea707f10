import type { SshCommand, SshEffect, SshRequest } from '../../contract/command-ssh.ts';
import { changesEncoding, isComputed, isDecisive } from './variables.ts';

type Own = Partial<Omit<SshCommand, 'protocol' | 'request' | 'action' | 'effects'>>;

/** A shell, in which more will be typed. */
export function shellRequest(pty: boolean): SshCommand {
  return sshRequest('shell', ['shell'], { text: 'shell', pty });
}

/**
 * A request that is no exec line, with what it does not have empty or null.
 * An env request whose variable decides what runs is `opaque`, and says so in `dynamic`.
 */
export function sshRequest(
  request: Exclude<SshRequest, 'exec'>,
  effects: readonly [SshEffect, ...SshEffect[]],
  own: Own = {},
): SshCommand {
  const plain: SshCommand = {
    protocol: 'ssh',
    action: effects[0],
    effects,
    text: '',
    labels: [],
    analysis: { complete: true, reasons: [] },
    request,
    pty: false,
    line: '',
    parse_error: null,
    kind: 'none',
    name: '',
    argv: [],
    env: [],
    redirects: [],
    position: { index: 0, count: 1 },
    pipeline: { index: 0, names: [] },
    wrapped_by: [],
    substitution: null,
    dynamic: [],
    transfer: null,
    file: null,
    forward: null,
    subsystem: null,
    signal: null,
    ...own,
  };
  const decisive = plain.env.find(
    ({ name, value }) => isDecisive(name) || isComputed(name, value) || changesEncoding(name, value),
  );
  if (request !== 'env' || decisive === undefined) return plain;
  return {
    ...plain,
    action: 'opaque',
    effects: ['opaque', ...effects],
    dynamic: [{ where: 'command', why: 'environment', text: decisive.name }],
    analysis: { complete: false, reasons: ['command: environment'] },
  };
}
