import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { noSshd, sshdPath } from '../sshd.ts';
import { entriesOf, linesOf, newestOf } from './auditor.ts';
import { approve, shownHold } from './holds.ts';
import { startSshRig, type SshRig } from './rig.ts';
import { Typist } from './typist.ts';

/** Shells for all, each line judged; and what the default pack lets a developer run. */
const rules = `package rules.ssh

allow contains {"id": "T-500", "msg": "line by line"} if {
	input.command.request == "shell"
	input.principal.id == "ben"
}

limit contains {"id": "T-300", "msg": "each line is judged", "unjudged_lines": 0} if {
	input.command.request == "shell"
	input.principal.id == "ben"
}

allow contains {"id": "T-501", "msg": "may run"} if {
	input.principal.id == "ben"
	input.command.name in {"printf", "read", "sleep", "seq", "touch", "env", "true", "cd", "stty", "bash", "tmux", "less", "vi", "exit", "tail", "ulimit", "type"}
	not "write" in input.command.effects
}

allow contains {"id": "T-502", "msg": "runs nothing by itself"} if {
	input.principal.id == "ben"
	input.command.kind in {"assignment", "construct"}
}

deny contains {"id": "T-400", "msg": "no files of that name"} if contains(input.command.text, "evil")

approve contains {
	"id": "T-600", "msg": "somebody has to know", "groups": ["approvers"], "quorum": 1, "ttl_s": 600, "scope": "once",
} if {
	contains(input.command.text, "asked")
}

limit contains {"id": "T-301", "msg": "little", "bytes": 10} if contains(input.command.text, "limited")
`;

const name = sshdPath === undefined ? `lines of a shell (skipped: ${noSshd})` : 'lines of a shell';
const enter = '\r';
const ctrl = (key: string) => String.fromCharCode(key.charCodeAt(0) & 0x1f);
const escape = '\u001b';
/** Bytes that are no UTF-8. */
const raw = (bytes: string) => Buffer.from(bytes, 'latin1');

describe.skipIf(sshdPath === undefined)(name, () => {
  let world: SshRig;
  let evil: string;
  let typist: Typist;
  beforeAll(async () => {
    world = await startSshRig({ rules });
    evil = join(world.dir, 'evil');
  }, 180_000);
  afterAll(() => world[Symbol.asyncDispose]());
  beforeEach(async ({ onTestFailed }) => {
    typist = await Typist.open(world, 'ben', { cols: 200, rows: 40 });
    onTestFailed(() => console.error(JSON.stringify(typist.output)));
    await typist.sees(/:\S*[#$] /);
  });
  afterEach(async () => {
    typist.hangUp();
    await typist.exit;
    // Whatever was tried, nothing that policy denies has run.
    expect(existsSync(evil)).toBe(false);
  });

  /** What was judged of this session, in order, with what came of it. */
  const judged = async (): Promise<readonly string[]> => {
    const entries = await entriesOf(world, await newestOf(world, 'ben'));
    const kinds = entries.filter(
      ({ type, action }) => (type === 'decision' && action !== 'shell' && action !== 'connect') || type === 'refused',
    );
    return kinds.map(({ command, effect }) => `${effect} ${command}`).toReversed();
  };
  /** The shell still answers: everything that was typed before was heard. */
  const settles = async (): Promise<void> => {
    const mark = `settled${Math.floor(Math.random() * 1e9)}`;
    typist.type(`${ctrl('g')}${ctrl('e')}${ctrl('u')}printf '${mark.slice(0, 7)}%s\\n' ${mark.slice(7)}${enter}`);
    await typist.sees(new RegExp(`\n${mark}\r\n`));
  };

  test('what is allowed runs, what is denied does not, and the shell goes on', async () => {
    typist.type(`printf '%s\\n' one${enter}`);
    await typist.sees(/\r\none\r\n/);
    typist.type(`touch ${evil}${enter}`);
    await typist.sees(/sallyport: denied by policy: no files of that name \[T-400\]\r\n/);
    typist.type(`x=2; printf '%s\\n' "$x"${enter}`);
    await typist.sees(/\r\n2\r\n/);
    typist.type(`exit 3${enter}`);
    expect((await typist.exit).code).toBe(3);
    expect(await judged()).toEqual([
      "allow printf '%s\\n' one",
      `deny touch ${evil}`,
      'allow x=2',
      `allow printf '%s\\n' "$x"`,
      'allow exit 3',
    ]);
  });

  test('what is judged is the line as it was edited, completed, recalled and pasted', async () => {
    typist.type(`toch ${evil}${ctrl('a')}${ctrl('f')}${ctrl('f')}u${enter}`);
    await typist.sees(/T-400/);
    typist.type(`printf '%s\\n' wörld 名${enter}`);
    await typist.sees(/\r\nwörld\r\n名\r\n/);
    typist.type(`${escape}[A${enter}`);
    await typist.sees(/\r\nwörld\r\n名\r\n/);
    typist.type(`${ctrl('r')}wör${enter}`);
    await typist.sees(/\r\nwörld\r\n名\r\n/);
    typist.type(`touc\t${join(world.dir, 'ru')}\t${enter}`);
    await settles();
    typist.type(`${escape}[200~printf 'a\\n'\nprintf 'b\\n'${escape}[201~${enter}`);
    await typist.sees(/\r\na\r\nb\r\n/);
    expect(await judged()).toEqual(
      expect.arrayContaining([
        `allow printf '%s\\n' wörld 名`,
        `allow touch ${world.dir}/rules/`,
        "allow printf 'a\\n'",
        "allow printf 'b\\n'",
      ]),
    );
  });

  test('lines that come faster than they are judged are judged one by one, and none is lost', async () => {
    typist.type(`printf 'a%s\\n' 1${enter}printf 'b%s\\n' 2${enter}touch ${evil}${enter}printf 'c%s\\n' 3${enter}`);
    await typist.sees(/\r\na1\r\n[^]*\r\nb2\r\n[^]*T-400[^]*\r\nc3\r\n/);
  });

  test('what is typed while a program runs is judged when it is over', async () => {
    typist.type(`sleep 1${enter}`);
    await typist.sees(/sleep 1\r\n/);
    typist.type(`touch ${evil}${enter}\ntouch ${evil}${ctrl('j')}`);
    await typist.sees(/T-400[^]*T-400/);
    typist.type(`read -r answer${enter}`);
    await typist.sees(/read -r answer\r\n/);
    typist.type(`touch ${evil}${enter}printf '%s\\n' "got $answer"${enter}`);
    await typist.sees(/got touch \S+evil\r\n/);
  });

  // Keys by which bash would run something without Enter, or make Enter mean something else.
  test.each([
    ['operate-and-get-next', `touch EVIL${ctrl('o')}`],
    ['Ctrl-J', `touch EVIL${ctrl('j')}`],
    ['shell-expand-line', `$(touch EVIL)${escape}${ctrl('e')}`],
    ['edit-and-execute-command', `touch EVIL${ctrl('x')}${ctrl('e')}`],
    ['insert-comment with an argument', `#touch EVIL${escape}1${escape}#`],
    ['vi mode', `${escape}${ctrl('j')}touch EVIL${enter}${escape}${ctrl('m')}touch EVIL${enter}`],
    ['vi mode and its editor', `${escape}${ctrl('j')}${escape}vtouch EVIL${enter}`],
    ['a named command', `touch EVIL${escape}xaccept-line${enter}`],
    ['a quoted Enter', `touch EVIL${ctrl('v')}${enter}`],
    ['a macro of keys', `${ctrl('x')}(touch EVIL${enter}${ctrl('x')})${ctrl('x')}e`],
    ['a search in the history', `printf 'touch EVIL'${enter}${ctrl('r')}touch${ctrl('j')}`],
    ['a search that is not incremental', `${escape}ptouch EVIL${enter}${enter}`],
    ['the init file', `${ctrl('x')}${ctrl('r')}touch EVIL${enter}`],
    ['a bracketed paste that ends early', `${escape}[200~touch EVIL${escape}[201~${enter}`],
    ['completion with a substitution', `printf $(touch EVIL)/\t\t`],
    ['completion of a variable', `printf \${x:=$(touch EVIL)}\t`],
    ['history expansion', `printf '%s' 'touch EVIL'${enter}!!${enter}!-1:2${enter}`],
    ['Ctrl-D in the middle', `touch EVIL${ctrl('d')}`],
    ['an answer of one’s own', `touch EVIL${enter}\0 run \\x74\\x72\0`],
    ['an answer with a secret that is none', `touch EVIL${enter}\x0000000000-0000-0000-0000-000000000000 run \\x74\0`],
  ])('%s runs nothing that was not judged', async (_key, keys) => {
    typist.type(keys.replaceAll('EVIL', evil));
    await settles();
    // Sooner than the file could be made, nothing would be proven.
    typist.type(`sleep 0.2${enter}`);
    await settles();
  });

  test('where the shell can make no secret, nothing runs, whoever answers', async () => {
    typist.type(`ulimit -n 3${enter}`);
    await typist.sees(/-n 3\r\n[^]*:\S*[#$] /);
    typist.type(`touch ${evil}${enter}`);
    const answer = ` run ${Buffer.from(`touch ${evil}`)
      .toString('hex')
      .replaceAll(/../g, String.raw`\x$&`)}`;
    typist.type(raw(`\0${answer}\0\u00f7${answer}\u00f7${ctrl('u')}`));
    await typist.sees(/not run: there is no secret to ask with/);
    typist.type(`true${enter}`);
    await typist.sees(/not run: there is no secret to ask with/);
  });

  test('who knows by which keys the shell asks and runs cannot type them', async () => {
    typist.type(`x=__sally${enter}type "\${x}port_judge"${enter}`);
    const [, key = ''] = await typist.sees(/367([0-9a-f-]{36})2/);
    await settles();
    // An Enter that the shell has not asked about: it goes to the program.
    typist.type(`read x${enter}`);
    await typist.sees(/read x\r\n/);
    typist.type(enter);
    typist.type(raw(`true\u00f7${key}1`));
    await settles();
    typist.type(raw(`touch ${evil}\u00f7${key}2`));
    await settles();
    typist.type(`sleep 0.2${enter}`);
    await settles();
  });

  test('a terminal that swallows a letter of the answer does not make another line of it', async () => {
    await writeFile(join(world.dir, '777777'), `touch ${evil}\n`);
    typist.type(`stty intr x noflsh${enter}`);
    await typist.sees(/noflsh\r\n[^]*:\S*[#$] /);
    // Without its x, `\\x73` is an octal number, and the second word `;. /???/*/777777`.
    typist.type(`true sV@WwwwWRWgggggg${enter}`);
    await typist.sees(/not run: the terminal changes what the gateway answers/);
  });

  test.each([
    'stty icanon eol t',
    'stty intr ^J',
    'stty -icanon -echo',
    'stty iuclc istrip',
    'stty raw',
    '(sleep 0.1; stty icanon eol t) & sleep 0.2',
    'env --ignore-signal=TTOU stty icanon eol t & sleep 0.2',
  ])('behind %s lines are judged as before', async (line) => {
    typist.type(`${line}${enter}`);
    await typist.sees(/stty[^\n]*\n[^]*:\S*[#$] /);
    typist.type(`touch ${evil}${enter}`);
    await typist.sees(/T-400/);
    // With `iuclc` the terminal makes other letters of it, before bash has the line.
    const wanted = line.includes('iuclc') ? evil.toLowerCase() : evil;
    expect(await judged()).toContain(`deny touch ${wanted}`);
  });

  // What would make the next lines mean something else, or go on in the next one.
  test.each([
    ['printf() { touch EVIL; }', 'changing'],
    ['alias ls=true', 'changing'],
    ['PS1=x', 'changing'],
    ['PROMPT_COMMAND=x', 'changing'],
    ['PROMPT_COMMAND+=(x)', 'changing'],
    ['exit() { touch EVIL; }', 'changing'],
    ['function [ { touch EVIL; }', 'changing'],
    ["trap 'touch EVIL' DEBUG", 'changing'],
    ['enable -f x touch', 'changing'],
    ['PATH=/tmp:$PATH', 'changing'],
    ['BASH_ALIASES[ls]=rm', 'changing'],
    ['set -o vi', 'changing'],
    ['set -H', 'changing'],
    ['shopt -s expand_aliases', 'changing'],
    ['bind \'"\\C-m": accept-line\'', 'changing'],
    ['bind -x \'"a": touch x\'', 'changing'],
    ['enable -n printf', 'changing'],
    ['hash -p /bin/rm ls', 'changing'],
    ['trap true DEBUG', 'changing'],
    ['exec bash', 'changing'],
    ['. ./x', 'changing'],
    ['source x', 'changing'],
    ['eval true', 'changing'],
    ['x=alias; $x ls=rm', 'changing'],
    ['command eval true', 'changing'],
    ['builtin eval true', 'changing'],
    ['declare -r x', 'changing'],
    ['export FOO=1', 'changing'],
    ['printf -v PATH x', 'changing'],
    ['read PATH', 'changing'],
    ['read -e x', 'changing'],
    ['unset x', 'changing'],
    ['history -c', 'changing'],
    ['fc -s', 'changing'],
    ['jobs -x set -o vi', 'changing'],
    ['command $x', 'changing'],
    ['{x}>f', 'changing'],
    ['true \\', 'incomplete'],
    ['cat <<X', 'incomplete'],
    ["printf 'a", 'syntax'],
    ['if true', 'syntax'],
    ['true |', 'syntax'],
    ['true &&', 'syntax'],
    ['printf a\u200bb', 'unseen'],
    ['printf a\u202eb', 'unseen'],
    ['printf $__sallyport_open', 'reserved'],
  ])('%s is refused', async (line, why) => {
    typist.type(`${line.replaceAll('EVIL', evil)}${enter}`);
    await typist.sees(new RegExp(`sallyport: not run: ${why}: `));
    await settles();
  });

  test('variables of the shell itself cannot be set by a way round', async () => {
    for (const variable of ['PS1', 'PROMPT_COMMAND', 'PATH', 'HOME', 'BASH_ALIASES', 'MAILPATH', 'LD_PRELOAD']) {
      typist.type(`for ${variable} in '$(touch ${evil})'; do true; done${enter}`);
      await typist.sees(new RegExp(`${variable}: readonly variable|not run: changing`));
      await settles();
    }
  });

  test('what a program prints is no line, and no answer', async () => {
    const uuid = '01234567-89ab-cdef-0123-456789abcdef';
    typist.type(
      `printf '\\033]5379;line;${uuid};1;65,63,\\007\\033]5379;done;${uuid};65,d,\\007\\033]5379;ready\\007%s\\n' printed${enter}`,
    );
    await typist.sees(/\r\nprinted\r\n/);
    await settles();
    expect((await judged()).every((line) => !line.includes('allow ec'))).toBe(true);
    // In the background, while a real line waits: that line is judged, and it alone.
    typist.type(`(sleep 0.3; printf '\\033]5379;line;${uuid};1;74,72,75,65,\\007') &${enter}`);
    await settles();
    typist.type(`touch ${evil}`);
    // Time passes: what runs in the background prints after 0.3 s.
    await sleep(600);
    typist.type(enter);
    await typist.sees(/T-400/);
  });

  test('a line that waits for an approval says so, and Ctrl-C gives it up', async () => {
    typist.type(`printf '%s\\n' asked${enter}`);
    const [, hold = ''] = await typist.sees(/waiting for approval from approvers[^]*approvals approve (\w{26})/);
    const shown = await shownHold(world, hold);
    expect(shown.texts).toEqual(["printf '%s\\n' asked"]);
    await approve(world, shown);
    await typist.sees(/\r\nasked\r\n/);
    typist.type(`touch asked${enter}`);
    await typist.sees(/waiting for approval/);
    typist.type(ctrl('c'));
    await typist.sees(/approval cancelled/);
    await settles();
  });

  test('what a line’s output cannot carry denies it', async () => {
    typist.type(`printf limited${enter}`);
    await typist.sees(/goes to the terminal of a shell/);
  });

  test('the marks between shell and gateway are on no screen and in no recording', async () => {
    await settles();
    expect(typist.output).not.toContain('5379');
    typist.type(`exit${enter}`);
    await typist.exit;
    const lines = await linesOf(world, await newestOf(world, 'ben'));
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) expect(line).not.toContain('5379;');
  });

  test('without a terminal there are no lines to judge, and so no shell', async () => {
    const ran = await world.ssh('ben', ['-T', 'web1@127.0.0.1'], 'true\n');
    expect(ran.code).toBe(126);
  });
});
