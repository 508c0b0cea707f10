import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noSshd, sshdPath } from '../sshd.ts';
import { startSshRig, type SshRig } from './rig.ts';

describe.skipIf(sshdPath === undefined)(
  sshdPath === undefined ? `sessions that go on (skipped: ${noSshd})` : 'sessions that go on',
  () => {
    let world: SshRig;
    beforeAll(async () => {
      world = await startSshRig();
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
