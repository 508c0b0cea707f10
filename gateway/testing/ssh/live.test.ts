import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endOf, openSession, runCli } from '../live-session.ts';
import { noSshd, sshdPath } from '../sshd.ts';
import { startSshRig, type SshRig } from './rig.ts';
import { Typist } from './typist.ts';

/** Ben's shells are judged line by line, Olga's are recorded. */
const rules = `package rules.ssh

allow contains {"id": "T-500", "msg": "line by line"} if {
	input.principal.id == "ben"
	input.command.request == "shell"
}

limit contains {"id": "T-300", "msg": "each line is judged", "unjudged_lines": 0} if {
	input.principal.id == "ben"
	input.command.request == "shell"
}

allow contains {"id": "T-501", "msg": "may run"} if {
	input.principal.id == "ben"
	input.command.name in {"printf", "sleep", "exit"}
}

deny contains {"id": "T-400", "msg": "not here"} if input.command.name == "touch"
`;

describe.skipIf(sshdPath === undefined)(
  sshdPath === undefined ? `sessions that go on (skipped: ${noSshd})` : 'sessions that go on',
  () => {
    let world: SshRig;
    beforeAll(async () => {
      world = await startSshRig({ rules });
    }, 180_000);
    afterAll(() => world[Symbol.asyncDispose]());

    /** A command that prints what it is given, and its session. */
    async function running() {
      const options = world.options(await world.login('olga'));
      const child = spawn('ssh', [...options, 'web1@127.0.0.1', 'echo begun; cat'], { stdio: 'pipe' });
      let err = '';
      child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
      await once(child.stdout, 'data');
      const open = await world.api('otto').sessions.list({ open: true });
      const id = open.ok ? open.value[0]?.id : undefined;
      if (id === undefined) throw new Error('no session is open');
      return { child, id, err: () => err };
    }

    async function decided(action: string) {
      const read = await world.api('otto').audit.query({ action, limit: 10 });
      if (!read.ok) throw new Error(read.problem.detail);
      return read.value.map(({ identity, effect, type }) => ({ identity, effect, type }));
    }

    test('an auditor sees what there was, each line as it comes, and the end', async () => {
      const { child, id } = await running();
      const reply = await world.api('otto').sessions.watch(id);
      if (!reply.ok) throw new Error(reply.problem.detail);
      const lines = reply.value[Symbol.asyncIterator]();
      const until = async (part: string) => {
        for (;;) {
          const next = await lines.next();
          if (next.done) throw new Error(`nothing more, and no ${part}`);
          if (next.value.includes(part)) return;
        }
      };
      await until('"type":"header"');
      await until('"text":"begun\\n"');
      child.stdin.write('first\n');
      await until('"text":"first\\n"');
      child.stdin.end('second\n');
      await until('"text":"second\\n"');
      await until('"type":"close"');
      expect((await lines.next()).done).toBe(true);
      expect(await decided('sessions.watch')).toContainEqual({
        identity: 'otto',
        effect: 'allow',
        type: 'recording.read',
      });
    });

    test('who hangs up while nothing happens is forgotten, and the session goes on', async () => {
      const { child, id } = await running();
      const reply = await world.api('otto').sessions.watch(id);
      if (!reply.ok) throw new Error(reply.problem.detail);
      const lines = reply.value[Symbol.asyncIterator]();
      await lines.next();
      await lines.return?.();
      child.stdin.end('on\n');
      expect((await once(child, 'exit'))[0]).toBe(0);
    });

    test('an operator ends a session: who is in it reads who did, and why', async () => {
      const { child, id, err } = await running();
      const closed = once(child, 'close');
      expect(await world.api('olga').sessions.kill(id, 'wrong host')).toEqual({ ok: true, value: { session: id } });
      expect((await closed)[0]).toBe(255);
      expect(err()).toContain('session ended by olga: wrong host');
      let shown = await world.api('otto').sessions.show(id);
      while (shown.ok && shown.value.ended_at === null) {
        await sleep(50);
        shown = await world.api('otto').sessions.show(id);
      }
      expect(shown).toMatchObject({ ok: true, value: { end_reason: 'session ended by olga: wrong host' } });
      expect(await decided('sessions.kill')).toContainEqual({ identity: 'olga', effect: 'allow', type: 'admin' });
      expect(await world.api('olga').sessions.kill(id, '')).toMatchObject({ ok: false, problem: { status: 404 } });
      expect(await world.api('otto').sessions.watch(id)).toMatchObject({ ok: false, problem: { status: 404 } });
    });

    describe.each([
      ['is recorded', 'olga'],
      ['is judged line by line', 'ben'],
    ])('a shell that %s', (_, who) => {
      const size = { cols: 90, rows: 25 };
      const atShell = async () => {
        const typist = await Typist.open(world, who, size);
        await typist.sees(/[$#] $/);
        return { typist, session: await openSession(world.rig, who) };
      };

      test('shows an auditor what its terminal shows, as it comes', async () => {
        const { typist, session } = await atShell();
        const watching = await runCli(world.rig, 'otto', ['sessions', 'watch', session], 'terminal');
        await watching.sees('-- a terminal of 90 columns and 25 rows');
        typist.type("printf 'fir%s\\n' st\r");
        await typist.sees(/\r\nfirst\r\n/);
        await watching.sees('\nfirst\n');
        typist.type('unfinished');
        await typist.sees(/unfinished/);
        // As it stands on the terminal, and before anybody has pressed Enter.
        await watching.sees('unfinished');
        if (who === 'ben') {
          typist.type('\u0015touch /tmp/sallyport-never\r');
          await typist.sees(/\[T-400\]/);
          await watching.sees('[T-400]');
        }
        typist.type('\u0015exit 4\r');
        expect(await typist.exit).toEqual({ code: 4, signal: undefined });
        const { code, out } = await watching.ended;
        expect(code).toBe(0);
        expect(lastOf(out)).toContain(`session ended`);
      });

      test('ends when an operator says so: the terminal says who, and why, and nothing of it goes on', async () => {
        const { typist, session } = await atShell();
        const watching = await runCli(world.rig, 'otto', ['sessions', 'watch', session], 'terminal');
        typist.type("printf 'pid%s\\n' $$; sleep 600\r");
        const [, pid = ''] = await typist.sees(/\r\npid(\d+)\r\n/);
        await watching.sees(`pid${pid}`);
        const killed = await runCli(world.rig, 'olga', ['sessions', 'kill', session, '--reason', 'wrong host']);
        expect(await killed.ended).toMatchObject({ code: 0 });
        expect((await typist.exit).code).toBe(255);
        expect(typist.output).toMatch(/sallyport: session ended by olga: wrong host\r\n$/);
        expect(await endOf(world.rig, session)).toBe('session ended by olga: wrong host');
        expect((await watching.ended).out).toContain('session ended by olga: wrong host');
        while (existsSync(`/proc/${pid}`)) await sleep(50);
      });
    });

    test('others can do neither, and that is logged', async () => {
      const { child, id } = await running();
      expect(await world.api('ana').sessions.watch(id)).toMatchObject({ ok: false, problem: { status: 403 } });
      expect(await world.api('ana').sessions.kill(id, '')).toMatchObject({ ok: false, problem: { status: 403 } });
      expect(await decided('sessions.kill')).toContainEqual({ identity: 'ana', effect: 'deny', type: 'admin' });
      child.stdin.end();
      expect((await once(child, 'exit'))[0]).toBe(0);
    });
  },
);

function lastOf(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}
