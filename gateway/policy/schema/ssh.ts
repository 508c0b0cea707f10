import { z } from 'zod';
import {
  dynamicPlaces,
  dynamicReasons,
  fileAttributes,
  fileFlags,
  fileOperations,
  forwardKinds,
  hostKinds,
  redirectOperations,
  shellKinds,
  sshEffects,
  sshRequests,
  type SshCommand,
} from '../../contract/command-ssh.ts';
import { commandFrame, proven, strings, type Same } from './frame.ts';

const words = z.array(z.string().nullable()).readonly();

const redirect = z.strictObject({
  fd: z.int().min(0).nullable(),
  operation: z.enum(redirectOperations),
  path: z.string().nullable(),
});

const dynamic = z.strictObject({ where: z.enum(dynamicPlaces), why: z.enum(dynamicReasons), text: z.string() });

const transfer = z.strictObject({
  tool: z.enum(['scp', 'rsync', 'git']),
  direction: z.enum(['in', 'out']),
  paths: words,
});

const file = z.strictObject({
  operation: z.enum(fileOperations),
  path: z.string(),
  target_path: z.string().nullable(),
  asked_path: z.string(),
  asked_target_path: z.string().nullable(),
  resolved: z.boolean(),
  flags: z.array(z.enum(fileFlags)).readonly(),
  attributes: z.array(z.enum(fileAttributes)).readonly(),
  mode: z.string().nullable(),
});

const forward = z.strictObject({
  kind: z.enum(forwardKinds),
  host: z.string().nullable(),
  host_is: z.enum(hostKinds).nullable(),
  port: z.int().min(0).max(65_535).nullable(),
  path: z.string().nullable(),
});

/** `input.command` of one SSH request or one simple command of its line: mirrors `SshCommand`. */
export const sshCommand = z.strictObject({
  ...commandFrame,
  protocol: z.literal('ssh'),
  action: z.enum(sshEffects),
  effects: z.array(z.enum(sshEffects)).readonly(),
  request: z.enum(sshRequests),
  pty: z.boolean(),
  line: z.string(),
  parse_error: z.string().nullable(),
  kind: z.enum(shellKinds),
  name: z.string().nullable(),
  argv: words,
  env: z.array(z.strictObject({ name: z.string(), value: z.string().nullable() })).readonly(),
  redirects: z.array(redirect).readonly(),
  position: z.strictObject({ index: z.int().min(0), count: z.int().min(1) }),
  pipeline: z.strictObject({ index: z.int().min(0), names: words }),
  wrapped_by: strings,
  substitution: z.enum(['command', 'process']).nullable(),
  dynamic: z.array(dynamic).readonly(),
  transfer: transfer.nullable(),
  file: file.nullable(),
  forward: forward.nullable(),
  subsystem: z.string().nullable(),
  signal: z.string().nullable(),
});

proven<Same<z.infer<typeof sshCommand>, SshCommand>>();
