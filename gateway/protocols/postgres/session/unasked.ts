import { SallyportError } from '../../../contract/errors.ts';
import type { Gate } from '../../../contract/gate.ts';
import type { Message } from '../../../contract/result.ts';
import type { Wait } from '../../../contract/wait.ts';
import {
  encodeNotification,
  parseNotification,
  parseParameterStatus,
  parseReport,
  serverTag,
} from '../codec/backend.ts';
import { messageOf } from '../codec/errors.ts';
import type { Frame } from '../codec/frames.ts';
import { unexpected } from './pipeline.ts';
import type { Offers } from './offers.ts';
import type { SessionState } from './state.ts';

export interface UnaskedPorts {
  readonly state: SessionState;
  readonly gate: Gate;
  readonly offers: Offers;
  /** Settings the gateway pins: any other value ends the session. */
  readonly pinned: ReadonlyMap<string, string>;
}

/**
 * What the server may say at any time: postgresql.org/docs/current/protocol-flow.html#PROTOCOL-ASYNC
 * @throws SallyportError `protocol-violation` when a pinned setting has another value: the server would not run what was parsed
 */
export function unasked(frame: Frame, ports: UnaskedPorts): Wait {
  switch (frame.tag) {
    case serverTag.parameterStatus:
      return setting(frame, ports);
    case serverTag.notification:
      return notification(frame, ports);
    case serverTag.notice:
      return notice(frame, ports);
    default:
      throw unexpected(frame, 'a notice');
  }
}

/** `LOG` and `DEBUG1` to `DEBUG5` are for the log, unless `client_min_messages` sends them here as well: postgresql.org/docs/current/runtime-config-client.html */
function notice(frame: Frame, { offers }: UnaskedPorts): Wait {
  const fields = parseReport(frame);
  const forLog = /^(LOG|DEBUG)/.test(fields.get('V') ?? '');
  return offers.message(messageOf(forLog ? 'log' : 'notice', fields), frame);
}

function setting(frame: Frame, { pinned, offers }: UnaskedPorts): undefined {
  const { name, value } = parseParameterStatus(frame);
  const wanted = pinned.get(name);
  if (wanted !== undefined && wanted !== value)
    throw new SallyportError('protocol-violation', `${name} became ${value}: what was parsed would not be run`);
  offers.pass(frame);
}

function notification(frame: Frame, { state, gate, offers }: UnaskedPorts): undefined {
  const { processId, channel, payload } = parseNotification(frame);
  const message: Message = { severity: 'notification', code: channel, text: payload };
  const passed = gate.loose({ kind: 'message', message });
  if (passed?.kind !== 'message') return;
  if (passed.message === message) offers.pass(frame);
  else state.toClient.add(encodeNotification(processId, channel, passed.message.text));
}
