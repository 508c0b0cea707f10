import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noSshd, sshdPath } from '../sshd.ts';
import { entriesOf, newestOf, recordOf } from './auditor.ts';
import { approve, runHeld, shownHold } from './holds.ts';
import { type Ran, run, startSshRig, type SshRig } from './rig.ts';

/** Rules of these tests, on top of the default pack. */
const rules = `package rules.ssh

deny contains {"id": "T-100", "msg": "nobody looks there", "hint": "Look elsewhere."} if {
	contains(input.command.file.path, "/secret")
}

limit contains {"id": "T-300", "msg": "a thousand bytes", "bytes": 1000} if {
	input.command.file.operation == "open"
	contains(input.command.file.path, "/limited-")
}

mask contains {"id": "T-200", "msg": "masked", "label": "pii.ssn", "method": "redact"} if {
	endswith(input.command.file.path, "/masked")
}
`;

describe.skipIf(sshdPath === undefined)(sshdPath === undefined ? `files (skipped: ${noSshd})` : 'files', () => {
  let world: SshRig;
  let home: string;
  beforeAll(async () => {
    world = await startSshRig({ rules });
    home = join(world.dir, 'home');
    await mkdir(home);
  }, 180_000);
  afterAll(() => world[Symbol.asyncDispose]());

  const copy = async (who: string, ...args: readonly string[]): Promise<Ran> =>
    run('scp', [...world.options(await world.login(who)), ...args]);
  const at = (name: string) => `web1@127.0.0.1:${join(home, name)}`;
  /** Lines of `sftp`, one after the other. */
  const batch = async (who: string, ...lines: readonly string[]): Promise<Ran> =>
    run('sftp', [...world.options(await world.login(who)), '-b', '-', 'web1@127.0.0.1'], lines.join('\n'));
  const file = async (name: string, bytes: Buffer | string = 'text\n') => {
    await writeFile(join(home, name), bytes);
    return join(home, name);
  };
  const local = (name: string) => join(world.dir, name);

  test.each([['-s'], ['-O']])('scp %s copies files of any bytes, both ways', async (mode) => {
    const bytes = randomBytes(3_000_001);
    await writeFile(local('up'), bytes);
    expect(await copy('olga', mode, local('up'), at('there'))).toMatchObject({ code: 0, err: '' });
    expect((await readFile(join(home, 'there'))).equals(bytes)).toBe(true);
    expect(await copy('olga', mode, at('there'), local('back'))).toMatchObject({ code: 0, err: '' });
    expect((await readFile(local('back'))).equals(bytes)).toBe(true);
  });

  test.each([['-s'], ['-O']])('scp %s copies whole trees, both ways', async (mode) => {
    await mkdir(local(`tree${mode}/sub`), { recursive: true });
    await writeFile(local(`tree${mode}/sub/file`), 'in it');
    expect(await copy('olga', mode, '-r', local(`tree${mode}`), at(''))).toMatchObject({ code: 0, err: '' });
    expect(await copy('olga', mode, '-rp', at(`tree${mode}`), local(`copy${mode}`))).toMatchObject({
      code: 0,
      err: '',
    });
    expect(await readFile(local(`copy${mode}/sub/file`), 'utf8')).toBe('in it');
  });

  test('scp of today is operations on files, and the one of before a line', async () => {
    await file('kinds', 'x');
    await copy('olga', '-s', at('kinds'), local('kinds'));
    expect(await decisionsOf('olga')).toContain(`open read ${join(home, 'kinds')}`);
    await copy('olga', '-O', at('kinds'), local('kinds'));
    expect(await decisionsOf('olga')).toContain(`scp -f ${join(home, 'kinds')}`);
  });

  test('what sftp does is done at the host', async () => {
    const [one, two, d] = [join(home, 'one'), join(home, 'two'), join(home, 'made')];
    await file('one');
    const ran = await batch(
      ...['olga', `cd ${home}`, 'pwd', `get one ${local('one')}`, `rename one two`, `ln -s two link`, `ln two hard`],
      ...[`chmod 600 two`, `mkdir made`, `put ${local('one')} made/three`, `ls -l made`, `cp two made/four`, `df`],
    );
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toContain(`Remote working directory: ${home}`);
    expect(existsSync(one)).toBe(false);
    expect((await stat(two)).mode & 0o777).toBe(0o600);
    expect(await readlink(join(home, 'link'))).toBe('two');
    for (const name of ['link', 'hard', 'made/three', 'made/four'])
      expect(await readFile(join(home, name), 'utf8')).toBe('text\n');
    expect(await batch('olga', `rm ${d}/*`, `rmdir ${d}`)).toMatchObject({ code: 0 });
    expect(existsSync(d)).toBe(false);
  });

  test('what is denied does not happen, the client reads why, and the session goes on', async () => {
    await file('secret', 'hidden');
    await file('fine', 'shown');
    const ran = await batch(
      ...['olga', `-get ${home}/secret ${local('secret')}`, `-rm ${home}/secret`, `-rename ${home}/secret ${home}/s`],
      ...[`-put ${local('fine')} ${home}/secret`, `get ${home}/fine ${local('fine')}`],
    );
    expect(ran.code).toBe(0);
    expect(ran.err).toMatch(
      /^sallyport: denied by policy: nobody looks there \[T-100\]\nsallyport: hint: Look elsewhere\.\n/,
    );
    expect(ran.err).toContain('Permission denied');
    expect(existsSync(local('secret'))).toBe(false);
    expect(await readFile(join(home, 'secret'), 'utf8')).toBe('hidden');
    expect(await readFile(local('fine'), 'utf8')).toBe('shown');
  });

  test('who may only look downloads, and changes nothing', async () => {
    await file('report', 'numbers');
    expect(await copy('ana', at('report'), local('report'))).toMatchObject({ code: 0, err: '' });
    expect(await readFile(local('report'), 'utf8')).toBe('numbers');
    const up = await copy('ana', local('report'), at('uploaded'));
    expect(up.code).toBe(1);
    expect(up.err).toContain('sallyport: denied by policy: no rule allows this');
    expect(await batch('ana', `rm ${home}/report`)).toMatchObject({ code: 1 });
    expect(await batch('ana', `chmod 777 ${home}/report`)).toMatchObject({ code: 1 });
    expect(existsSync(join(home, 'uploaded'))).toBe(false);
    expect(await readFile(join(home, 'report'), 'utf8')).toBe('numbers');
  });

  test.each([
    ['a link', 'innocent'],
    ['a link to its directory', 'way/secret'],
    ['a chain of links', 'chain'],
    ['dots', 'sub/.././secret'],
    ['slashes', '//secret'],
  ])('a path behind %s is the one that is judged', async (_, name) => {
    await file('secret', 'hidden');
    await mkdir(join(home, 'sub'), { recursive: true });
    for (const [link, leadsTo] of [
      ['innocent', join(home, 'secret')],
      ['way', home],
      ['chain', 'innocent'],
    ] as const)
      await symlink(leadsTo, join(home, link)).catch(() => undefined);
    const path = `${home}/${name}`;
    const ran = await copy('olga', `web1@127.0.0.1:${path}`, local('leaked'));
    expect(ran.code).toBe(1);
    expect(ran.err).toContain('[T-100]');
    expect(existsSync(local('leaked'))).toBe(false);
    // What is to come too: a link whose end is not there yet.
    await rm(join(home, 'secret'));
    await writeFile(local('planted'), 'planted');
    expect((await copy('olga', local('planted'), `web1@127.0.0.1:${path}`)).err).toContain('[T-100]');
    expect(existsSync(join(home, 'secret'))).toBe(false);
  });

  test('a rule that masks is a no: files carry no masks', async () => {
    await file('masked', '078-05-1120');
    const ran = await copy('olga', at('masked'), local('masked'));
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(/sallyport: denied: policy masks/);
    expect(existsSync(local('masked'))).toBe(false);
  });

  test('a limit of bytes counts over the files of a session, each way, and nothing of a piece past it goes', async () => {
    await file('limited-1', 'a'.repeat(600));
    await file('limited-2', 'b'.repeat(600));
    const down = await batch(
      ...['olga', `-get ${home}/limited-1 ${local('l1')}`, `-get ${home}/limited-2 ${local('l2')}`],
      `-put ${local('l1')} ${home}/limited-3`,
    );
    expect(down.err).toContain('sallyport: policy lets 1000 bytes of files through each way in a session [T-300]');
    expect((await readFile(local('l1'))).length).toBe(600);
    expect((await readFile(local('l2')).catch(() => Buffer.alloc(0))).length).toBe(0);
    expect((await readFile(join(home, 'limited-3'))).length).toBe(600);
    // A new session counts from the beginning.
    expect(await copy('olga', at('limited-2'), local('l2'))).toMatchObject({ code: 0 });
    await writeFile(local('big'), 'c'.repeat(1_001));
    const up = await copy('olga', local('big'), at('limited-4'));
    expect(up.code).toBe(1);
    // OpenSSH’s client makes it as long as it was to be; what it has is nothing.
    expect((await readFile(join(home, 'limited-4'))).includes('c')).toBe(false);
  });

  test('an upload that needs an approval waits, says so, and goes through once it is given', async () => {
    await writeFile(local('deploy'), 'new version');
    const { over, hold, err } = await runHeld(world, 'ops-agent', 'scp', [local('deploy'), at('deployed')]);
    expect(existsSync(join(home, 'deployed'))).toBe(false);
    expect(err()).toContain(`an agent's write in production [SSH-101]`);
    const shown = await shownHold(world, hold);
    expect(shown.texts.map(untruncated)).toEqual([`open write,create mode=0644 ${join(home, 'deployed')}`]);
    await approve(world, shown);
    expect(await over).toBe(0);
    expect(await readFile(join(home, 'deployed'), 'utf8')).toBe('new version');
  });

  test('an approval is for the path that was judged: a link that was turned since then leads nowhere', async () => {
    await mkdir(join(home, 'right'));
    await mkdir(join(home, 'wrong'));
    await symlink(join(home, 'right'), join(home, 'turned'));
    const { over, hold, err } = await runHeld(world, 'ops-agent', 'scp', [local('planted'), at('turned/file')]);
    const shown = await shownHold(world, hold);
    const [judged, asked] = [join(home, 'right/file'), join(home, 'turned/file')];
    expect(shown.texts.map(untruncated)).toEqual([`open write,create mode=0644 ${judged} as ${asked}`]);
    await rm(join(home, 'turned'));
    await symlink(join(home, 'wrong'), join(home, 'turned'));
    await approve(world, shown);
    expect(await over).toBe(1);
    expect(err()).toContain('Failure');
    for (const name of ['right/file', 'wrong/file']) expect(existsSync(join(home, name))).toBe(false);
  });

  test('hanging up during a hold cancels it', async () => {
    const { over, hold, child } = await runHeld(world, 'ops-agent', 'scp', [local('planted'), at('never')]);
    child.kill('SIGTERM');
    await over;
    const state = async () => (await shownHold(world, hold)).status;
    while ((await state()) === 'open') await sleep(20);
    expect(await state()).toBe('cancelled');
    expect(existsSync(join(home, 'never'))).toBe(false);
  });

  test('recording and log have operations and digests, and no byte of a file', async () => {
    const bytes = Buffer.from(`a value that nobody writes down ${randomBytes(20_000).toString('hex')}`);
    const sum = createHash('sha256').update(bytes).digest('hex');
    await writeFile(local('kept'), bytes);
    await batch('olga', `put ${local('kept')} ${home}/kept`, `get ${home}/kept ${local('back')}`);
    const { lines, shown, entries } = await recordOf(world, 'olga');
    expect(lines.join('')).not.toContain('nobody writes down');
    const contents = lines.flatMap((line) => (line.includes('"type":"content"') ? [JSON.parse(line) as object] : []));
    const range = { offset: 0, bytes: bytes.length, sha256: sum, scattered: false };
    expect(contents).toEqual([
      expect.objectContaining({ direction: 'in', ...range }),
      expect.objectContaining({ direction: 'out', ...range }),
    ]);
    expect(shown).toContain(`web1$ open read ${join(home, 'kept')}\n`);
    expect(shown).toContain(`-- ${bytes.length} bytes written, from byte 0 on, SHA-256 ${sum}\n`);
    expect(shown).toContain(`-- ${bytes.length} bytes read, from byte 0 on, SHA-256 ${sum}\n`);
    const logged = entries.filter(({ type }) => type === 'file.content');
    expect(logged.map(({ detail }) => detail)).toEqual(
      expect.arrayContaining([
        { contents: [{ direction: 'in', ...range }] },
        { contents: [{ direction: 'out', ...range }] },
      ]),
    );
  });

  // --- what the tests ask for -----------------------------------------------------------------------------------------------------

  const decisionsOf = async (principal: string): Promise<readonly string[]> =>
    (await entriesOf(world, await newestOf(world, principal))).flatMap(({ type, command }) =>
      type === 'decision' ? [command] : [],
    );
});

/** OpenSSH truncates what it uploads to at once, or, from 9.2 on, behind its end. */
function untruncated(text: string): string {
  return text.replace(',truncate', '');
}
