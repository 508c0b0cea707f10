import { type Listener, openListener } from '../../listen/listener.ts';
import { ConnectionRegistry } from '../../listen/registry.ts';
import type { FrontDoor } from '../../protocols/front-door.ts';

/** A listener on a free port in front of a protocol, with room for all that a suite opens at once. */
export function openDoor(protocol: FrontDoor, unauthenticatedMs: number): Promise<Listener> {
  return openListener({
    host: '127.0.0.1',
    port: 0,
    registry: new ConnectionRegistry({
      connections: 100,
      connectionsPerPrincipal: 100,
      unauthenticated: 100,
      unauthenticatedMs,
    }),
    onConnection: (connection) => protocol.serve(connection),
    refuse: (socket, why) => void protocol.refuse(socket, why),
    onEvent: () => undefined,
  });
}
