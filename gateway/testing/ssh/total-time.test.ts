import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endOf } from '../live-session.ts';
import { noSshd, rootOnly, sshdPath } from '../sshd.ts';
import { newestOf } from './auditor.ts';
import { runHeld } from './holds.ts';
import { startSshRig, type SshRig } from './rig.ts';
import { Typist } from './typist.ts';

/** Somebody has to say yes to `asked`, and each line of Ana's shells is judged. */
const rules = `package rules.ssh

approve contains {
	"id": "T-500", "msg": "somebody has to know",
	"groups": ["approvers"], "quorum": 1, "ttl_s": 600, "scope": "once",
} if {
	input.command.argv[1] == "asked"
}

allow contains {"id": "T-501", "msg": "line by line"} if {
	input.command.request == "shell"
	input.principal.id == "ben"
}

limit contains {"id": "T-502", "msg": "each line is judged", "unjudged_lines": 0} if {
	input.command.request == "shell"
	input.principal.id == "ben"
}
`;
const skipped = sshdPath === undefined ? noSshd : rootOnly;
/** Long enough to get into a session and begin something, on a machine that does a lot else. */
const totalS = 12;
const why = `session ended: it has lasted ${totalS} s, the longest that one may (sessions.total_s); connect again`;

// sshd delivers no signal to what it runs for root.
describe.skipIf(skipped !== undefined)(
  skipped === undefined
    ? 'the longest that a session of SSH may last'
    : `the longest that a session of SSH may last (skipped: ${skipped})`,
  () => {
    let world: SshRig;
    beforeAll(async () => {
      world = await startSshRig({ sshd: { unprivileged: true }, rules, config: { sessions: { total_s: totalS } } });
    }, 180_000);
    afterAll(() => world[Symbol.asyncDispose]());

    /** OpenSSH's client, until it has ended. */
    const start = async (args: readonly string[]) => {
      const child = spawn('ssh', [...world.options(await world.login('olga')), ...args], {
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      let [out, err] = ['', ''];
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
      const over = once(child, 'close') as Promise<[number | null]>; // what `close` carries
      return { child, end: async () => ({ code: (await over)[0], out, err }) };
    };

    test('ends what runs, at the host too, though it ignores the end of its connection', async () => {
      const { child, end } = await start([
        'web1@127.0.0.1',
        `trap '' HUP INT TERM PIPE; echo $$; while :; do sleep 1; done`,
      ]);
      await once(child.stdout, 'data');
      const session = await newestOf(world, 'olga');
      const { code, out, err } = await end();
      expect(code).toBe(255);
      expect(err).toContain(`sallyport: ${why}\n`);
      expect(await endOf(world.rig, session)).toBe(why);
      const pid = Number(/^\d+/.exec(out)?.[0]);
      expect(pid).toBeGreaterThan(1);
      while (existsSync(`/proc/${pid}`)) await sleep(20);
    });

    test('ends a connection in which nothing runs, by a message that says why', async () => {
      const { end } = await start(['-N', 'web1@127.0.0.1']);
      const { code, err } = await end();
      // RFC 4253 section 11.1: 11 is SSH_DISCONNECT_BY_APPLICATION.
      expect(code).toBe(255);
      expect(err).toContain(`:11: ${why}`);
      expect(await endOf(world.rig, await newestOf(world, 'olga'))).toBe(why);
    });

    test('ends a wait for an approval', async () => {
      const held = await runHeld(world, 'olga', 'ssh', ['web1@127.0.0.1', 'echo asked']);
      const session = await newestOf(world, 'olga');
      expect(await held.over).toBe(255);
      expect(held.err()).toContain(`sallyport: ${why}\n`);
      expect(await endOf(world.rig, session)).toBe(why);
      const shown = await world.api('dora').approvals.show(held.hold);
      expect(shown.ok && shown.value.status).toBe('cancelled');
    });

    test.each([
      ['whose lines are judged', 'ben'],
      ['that is recorded', 'olga'],
    ])('ends a shell %s, and says so at its terminal', async (_what, who) => {
      const typist = await Typist.open(world, who, { cols: 120, rows: 25 });
      await typist.sees(/[$#] $/);
      const session = await newestOf(world, who);
      expect((await typist.exit).code).toBe(255);
      expect(typist.output).toContain(`sallyport: ${why}\r\n`);
      expect(await endOf(world.rig, session)).toBe(why);
    });
  },
);
