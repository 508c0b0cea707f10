import { join } from 'node:path';
import { sallyport } from './client.ts';
import { showHeld, showReplay } from './held.ts';
import { type SshClient, sshClient } from './ssh-client.ts';
import type { Tour } from './steps.ts';
import type { World } from './world.ts';

/** The same on an SSH host, with OpenSSH's own client. Where there is no sshd it says so. */
export async function tourOfHost(tour: Tour, world: World): Promise<void> {
  if (!('port' in world.ssh)) {
    tour.title('An SSH host: left out');
    return tour.note(world.ssh.missing);
  }
  const { port, dir } = world.ssh;
  const agent = sshClient(world, port, 'ops-agent');

  tour.title('An SSH host: an agent logs in with its token, and runs a command with the stock ssh');
  const [registered, configured] = await agent.prepare();
  tour.show(registered, { has: ['ops-agent may log in with the key SHA256:'], exitCode: 0 });
  tour.show(configured, { exitCode: 0 });
  tour.show(await agent.run('echo "hello from $(whoami | wc -w) login"'), { has: ['hello from 1 login'], exitCode: 0 });

  tour.title('Denied there: what a line would run is not known before it runs');
  const denied = await agent.run(`$(echo rm) -rf ${dir}`);
  const said = { ...denied, shown: `${denied.shown}; echo $?`, output: `${denied.output}${String(denied.exitCode)}\n` };
  tour.show(said, { has: ['[SSH-002]', /^126$/m], exitCode: 126 });

  tour.title('Held there: an agent writes a file in production, and another person lets it');
  const release = `echo green > ${dir}/release && cat ${dir}/release`;
  await showHeld(tour, world, {
    shown: agent.show(release),
    start: (onOutput) => agent.run(release, onOutput),
    waits: 'waiting for approval',
    listed: ['ops-agent', 'web1', 'release'],
    approver: 'olga',
    reason: 'release 12',
    has: ['\ngreen\n'],
  });

  tour.title('Replayed: what ran there, and what it printed');
  await showReplay(tour, world, 'web1', (session) => session.principal.id === 'ops-agent', [
    'web1$ echo green',
    'SSH-101',
    '\ngreen\n',
  ]);

  const operator = sshClient(world, port, 'olga');
  for (const ran of await operator.prepare()) if (ran.exitCode !== 0) tour.show(ran, { exitCode: 0 });
  await tourOfShell(tour, world, operator);

  tour.title('Copied there: an operator’s file, and what is on record of it');
  tour.show(await operator.copy(world.caFile, `${dir}/ca.pem`), { exitCode: 0 });
  await showReplay(tour, world, 'web1', (session) => session.principal.id === 'olga', ['ca.pem']);
}

/** What an operator types is not judged, and what the terminal shows is on record. */
async function tourOfShell(tour: Tour, world: World, operator: SshClient): Promise<void> {
  tour.title('A shell there: policy says who has one, not what is typed into it');
  const prompt = 'web1> ';
  const line = '$(echo echo) "not judged, but on record"';
  const shell = { prompt, first: `exec env PS1='${prompt}' sh`, lines: [line, 'exit'] };
  const shown = [`${prompt}${line}\nnot judged, but on record\n`, `${prompt}exit`];
  tour.show(await operator.type(shell), { has: shown, exitCode: 0 });

  tour.title('Replayed, and exported for players of terminals: all that the terminal showed');
  const id = await showReplay(tour, world, 'web1', (session) => session.principal.id === 'olga', shown);
  if (id === undefined) return;
  const cast = join(world.dir, 'shell.cast');
  tour.show(await sallyport(world, 'otto', ['sessions', 'export', id, '--cast', cast]), {
    has: [`${cast}: `],
    exitCode: 0,
  });
}
