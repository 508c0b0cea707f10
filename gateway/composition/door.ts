import type { Admission } from '../contract/gate.ts';
import type { RequestId } from '../contract/ids.ts';
import type { Identity } from '../identity/identity.ts';
import type { ListenEvent } from '../listen/events.ts';
import type { ConnectionRegistry } from '../listen/registry.ts';
import type { Log } from '../telemetry/log.ts';
import type { Targets } from './targets.ts';

/** What every listener for clients needs, whatever they speak. */
export interface DoorPorts {
  readonly admission: Admission;
  readonly nextId: () => RequestId;
  readonly targets: Targets;
  readonly registry: ConnectionRegistry;
  readonly log: Log;
  readonly onEvent: (event: ListenEvent) => void;
  /** The one in force: it changes with the configuration. */
  readonly identity: () => Identity;
}

/** How often a connection that says nothing is asked whether it is there. */
export const keepAliveMs = 15_000;
