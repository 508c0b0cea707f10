import type { PostgresCommand } from '../../../contract/command-postgres.ts';
import { SallyportError } from '../../../contract/errors.ts';
import type { Denial } from '../../../contract/exchange.ts';
import type { Gate } from '../../../contract/gate.ts';
import type { TargetCatalog } from '../catalog/catalog.ts';
import { type Carrier, PgExchange } from '../exchange.ts';
import { encodeQuery } from '../codec/frontend.ts';
import { AUTH_SETTING } from '../login/startup.ts';
import { commandOf, unitsOfQuery } from '../normalize.ts';
import type { Upstream } from '../login/upstream.ts';
import { Names, type Portal, type Prepared } from '../names.ts';

/** Settings that the handshake has dealt with: the gateway pins them, or sends them upstream itself. */
const dealtWith: ReadonlySet<string> = new Set([
  'client_encoding',
  'standard_conforming_strings',
  'application_name',
  AUTH_SETTING,
]);

/**
 * Runs a client's start-up settings as what they are: SET statements, judged and recorded like any other. On the target they would be the
 * session's defaults; here RESET goes back to the target's own.
 * @returns why the session cannot start, or undefined
 */
export async function applySettings(
  settings: ReadonlyMap<string, string>,
  session: {
    readonly gate: Gate;
    readonly catalog: TargetCatalog;
    readonly upstream: Upstream;
    readonly major: number;
  },
  signal: AbortSignal,
): Promise<Denial | string | undefined> {
  for (const [name, value] of settings) {
    if (dealtWith.has(name)) continue;
    if (!/^[a-z_][a-z0-9_$.]*$/.test(name)) return `no setting is called "${name}"`;
    const text = `SET ${name.split('.').map(quoteName).join('.')} TO '${value.replaceAll("'", "''")}'`;
    const why = await judged(text, session, signal);
    if (why !== undefined) return why;
  }
  return undefined;
}

async function judged(
  text: string,
  { gate, catalog, upstream, major }: Parameters<typeof applySettings>[1],
  signal: AbortSignal,
): Promise<Denial | string | undefined> {
  const bytes = Buffer.from(text);
  const analysis = await catalog.analyze({ text: bytes, major, searchPath: [] }, signal);
  if (!analysis.ok) return analysis.message;
  const nothing = {
    statements: new Names<Prepared>(),
    portals: new Names<Portal>(),
    epoch: catalog.epoch,
    searchPath: [],
  };
  const units = unitsOfQuery(bytes, analysis.statements, nothing);
  const transaction = { in: false, failed: false };
  const [command, ...more] = units.map((unit, index) =>
    commandOf(unit, { index, count: units.length }, transaction, undefined),
  );
  if (!command) return 'an empty setting';
  const commands: readonly [PostgresCommand, ...PostgresCommand[]] = [command, ...more];
  let why: Denial | string | undefined;
  const carrier: Carrier = {
    async send(x) {
      try {
        await upstream.simpleQuery(text, signal);
        await x.deliver({ kind: 'end', outcome: { ok: true, tag: 'SET' } });
      } catch (error) {
        if (!(error instanceof SallyportError)) throw error;
        why = error.message;
        await x.deliver({ kind: 'end', outcome: { ok: false, code: '22023', text: error.message } });
      }
    },
    deny: (_x, denial) => void (why = denial),
    // Nobody logs in to wait for an approval: the setting is refused at once.
    holding: (x) => x.cancel(),
    reply: () => undefined,
    breakOff: (_x, denial) => void (why = denial),
  };
  const frame = encodeQuery(text);
  const x = new PgExchange(carrier, 'own', { tag: 0x51, buffer: frame, start: 0, end: frame.length }, units, commands);
  await gate.offer(x);
  return why;
}

function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
