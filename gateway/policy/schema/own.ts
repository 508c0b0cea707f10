import { z } from 'zod';
import { adminActions, type AdminCommand, type ConnectCommand } from '../../contract/command.ts';
import { commandFrame, proven, strings, type Same } from './frame.ts';

/** The gateway's own commands: admission to a target, and calls of its API. */
export const connectCommand = z.strictObject({
  ...commandFrame,
  protocol: z.literal('session'),
  action: z.literal('connect'),
  effects: strings,
  user: z.string(),
});

export const adminCommand = z.strictObject({
  ...commandFrame,
  protocol: z.literal('admin'),
  action: z.enum(adminActions),
  effects: strings,
  resource: z.strictObject({ kind: z.string(), id: z.string(), owner: z.string() }),
});

proven<Same<z.infer<typeof connectCommand>, ConnectCommand>>();
proven<Same<z.infer<typeof adminCommand>, AdminCommand>>();
