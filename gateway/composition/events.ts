import type { Recovered } from '../audit/segments.ts';
import type { AuditEvent, AuditType } from '../contract/event.ts';
import type { MaskKey } from '../enforce/masking/masks.ts';
import type { Log } from '../telemetry/log.ts';

/** An audit entry of the gateway's own acts. */
export function gatewayEvent(nowMs: number, type: AuditType, fields: Partial<AuditEvent>): AuditEvent {
  return {
    type,
    time: new Date(nowMs).toISOString(),
    identity: 'gateway',
    session: '',
    request: '',
    target: '',
    action: '',
    effect: 'ok',
    command: '',
    revision: '',
    findings: [],
    detail: {},
    ...fields,
  };
}

/** The first entry of a run: with it, what opening the log had to repair. Damage is somebody's work, so it is said aloud. */
export function startEvent(nowMs: number, recovered: Recovered, key: MaskKey, log: Log): AuditEvent {
  const { tornBytes, damaged } = recovered;
  if (damaged !== null)
    log.say('error', {}, 'the audit log was damaged; what could not be read was set aside in its directory');
  const detail = { torn_bytes: tornBytes, damaged: damaged !== null, ...maskingDetail(key) };
  return gatewayEvent(nowMs, 'gateway.start', { action: 'start', detail });
}

/** Which key made the hashes and tokens from now on: not all of them have room for its version. */
export function maskingDetail({ version }: MaskKey): AuditEvent['detail'] {
  return { masking_version: version ?? 1 };
}
