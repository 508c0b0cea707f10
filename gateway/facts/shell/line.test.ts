import { describe, expect, test } from 'vitest';
import { lines } from './fixtures/lines.ts';
import { commandKey, readLine, shellLimits, sshRequest } from './index.ts';

function commandsOf(line: string, shell: 'bash' | 'unknown' = 'bash') {
  const read = readLine(line, { shell });
  if (!read.ok) throw new TypeError(read.why);
  return read.commands;
}
const sorted = (all: readonly unknown[]) => all.map((one) => JSON.stringify(one)).sort();

describe('the simple commands of a line', () => {
  test.each(lines)('%j', (line, expected) => {
    const commands = commandsOf(line);
    expect(commands[0].parse_error !== null).toBe(expected === undefined);
    if (expected === undefined) return;
    // What programs run in their turn, and constructs, are commands beside those that stand in the line.
    const own = commands.filter(({ wrapped_by: by, kind }) => by.length === 0 && kind !== 'construct');
    expect(sorted(own.map(({ argv }) => argv).filter((argv) => argv.length > 0))).toEqual(sorted(expected));
  });
});

describe('what is around a command', () => {
  test('programs through which it is run, outermost first', () => {
    const [, , , , rm] = commandsOf("sudo -u bob env A=1 nice -n 5 sh -c 'rm -rf /'");
    expect(rm).toMatchObject({ name: 'rm', argv: ['rm', '-rf', '/'], wrapped_by: ['sudo', 'env', 'nice', 'sh'] });
  });
  test('its place in the line and in its pipeline', () => {
    const [cd, ps, grep] = commandsOf('cd / && ps aux | grep x');
    expect([cd, ps, grep].map((one) => one?.position)).toEqual([0, 1, 2].map((index) => ({ index, count: 3 })));
    expect(grep?.pipeline).toEqual({ index: 1, names: ['ps', 'grep'] });
    expect(cd?.pipeline).toEqual({ index: 0, names: ['cd'] });
  });
  test('redirects of its own, and of what it stands in', () => {
    const [ls] = commandsOf('{ ls 2>&1; } >> /var/log/x');
    expect(ls).toMatchObject({
      action: 'write',
      redirects: [
        { fd: 1, operation: 'append', path: '/var/log/x' },
        { fd: 2, operation: 'duplicate', path: '1' },
      ],
    });
  });
  test('a file that keeps nothing is not written', () => {
    expect(commandsOf('ls > /dev/null 2>&1')[0].effects).toEqual(['run']);
    expect(commandsOf('ls > /dev/nulls')[0].effects).toEqual(['write', 'run']);
  });
  test('variables that are set for it, by whatever', () => {
    const [, ls] = commandsOf('A=1 env B=2 ls');
    expect(ls?.env).toEqual([
      { name: 'A', value: '1' },
      { name: 'B', value: '2' },
    ]);
  });
  test('whether its output becomes part of another command', () => {
    const uses = commandsOf('diff <(ls) $(pwd)').map(({ name, substitution }) => [name, substitution]);
    expect(uses).toEqual([
      ['diff', null],
      ['ls', 'process'],
      ['pwd', 'command'],
    ]);
  });
});

describe('names', () => {
  test.each([
    ['/usr/bin/ls', 'ls'],
    ['/bin/ls', 'ls'],
    ['/usr/local/sbin/ls', 'ls'],
    ['./ls', './ls'],
    ['/tmp/ls', '/tmp/ls'],
    ['/usr/bin/../../tmp/ls', '/usr/bin/../../tmp/ls'],
    ['/opt/bin/ls', '/opt/bin/ls'],
  ])('%s is %s', (written, name) => {
    expect(commandsOf(written)[0]).toMatchObject({ name, argv: [written] });
  });
});

describe('transfers', () => {
  test.each([
    ['scp -t /srv/in', { tool: 'scp', direction: 'in', paths: ['/srv/in'] }],
    ['scp -r -p -f /srv/out', { tool: 'scp', direction: 'out', paths: ['/srv/out'] }],
    ['rsync --server -vlogDtpre.iLsfxCIvu --delete . /srv/x', { tool: 'rsync', direction: 'in', paths: ['/srv/x'] }],
    ['rsync --server --sender -vlogDtpre.iLsfxCIvu . /a /b', { tool: 'rsync', direction: 'out', paths: ['/a', '/b'] }],
    ["git-upload-pack '/srv/x.git'", { tool: 'git', direction: 'out', paths: ['/srv/x.git'] }],
    ["git receive-pack '/srv/x.git'", { tool: 'git', direction: 'in', paths: ['/srv/x.git'] }],
    ['rsync -a /a /b', null],
    ['scp a h:b', null],
  ])('%s', (line, transfer) => {
    expect(commandsOf(line)[0].transfer).toEqual(transfer);
    expect(commandsOf(line)[0].dynamic).toEqual([]);
  });
});

describe('lines that people and agents type are known to the last word', () => {
  test.each([
    'ls -la /etc',
    'git status && git log --oneline -5',
    "awk -F: '{ print $1 }' /etc/passwd | sort | uniq -c",
    "sed -n '1,10p;s/a|b/c/g' f",
    'ps aux | grep nginx | wc -l',
    'if [ -f /etc/x ]; then cat /etc/x; else echo none; fi',
    'systemctl restart nginx && systemctl status nginx',
    'kubectl get pods -o json | jq -r ".items[].metadata.name"',
    'tar xzf /tmp/a.tgz -C /srv',
    'find /var/log -name "*.log" -mtime -1',
    'df -h; free -m; uptime',
    'python3 --version',
    'echo "done: $((1 + 2))" > /dev/null',
    "timeout 10 bash -lc 'cd /srv && ls'",
    "ssh -o StrictHostKeyChecking=accept-new h 'uptime'",
    'docker exec -it web cat /etc/hosts',
  ])('%s', (line) => {
    expect(commandsOf(line, 'bash').flatMap(({ effects }) => effects)).not.toContain('opaque');
  });
});

describe('a line that is refused before policy', () => {
  test.each([
    ['too long', `ls ${'a'.repeat(shellLimits.line)}`, /longer than 16384 characters/],
    ['of too many commands', 'a;'.repeat(shellLimits.commands + 1), /more than 256 commands/],
    ['of too many lines within lines', `${'eval '.repeat(shellLimits.depth + 1)}ls`, /nested deeper than 32/],
    ['of too many programs within programs', `${'env '.repeat(shellLimits.depth + 2)}ls`, /nested deeper than 32/],
    ['of too many constructs', `echo $((${'1+'.repeat(1_000)}1))`, /nested deeper than 32 constructs/],
    ['with a NUL', 'ls\0rm', /NUL/],
    ['with half a character', 'ls \ud800', /not Unicode/],
  ])('%s', (_, line, why) => {
    expect(readLine(line)).toMatchObject({ ok: false, why: expect.stringMatching(why) as string });
  });
  test('and one that is as long as may be is read', () => {
    expect(readLine(`ls ${'a'.repeat(shellLimits.line - 3)}`).ok).toBe(true);
  });
});

test('a line with nothing in it is one command that does nothing', () => {
  for (const line of ['', '  ', '# rm /srv']) {
    expect(commandsOf(line)).toMatchObject([{ kind: 'construct', name: '', effects: ['set'], dynamic: [] }]);
  }
});

test('a key names the facts: another place, shell or terminal has another', () => {
  const [a, b] = commandsOf('ls; ls');
  if (b === undefined) throw new TypeError('two commands');
  const long = commandsOf(`ls ${'a'.repeat(1_000)}`)[0];
  const keys = [
    commandKey(a, 'bash'),
    commandKey(b, 'bash'),
    commandKey(a, 'unknown'),
    commandKey({ ...a, pty: true }, 'bash'),
  ];
  expect(new Set([...keys, commandKey(long, 'bash')]).size).toBe(5);
  expect(commandKey(long, 'bash').length).toBeLessThan(100);
});

test('an env request says whether its variable decides what runs', () => {
  const of = (name: string, value: string) => sshRequest('env', ['set'], { env: [{ name, value }] });
  expect(of('LD_PRELOAD', 'x')).toMatchObject({ action: 'opaque', dynamic: [{ why: 'environment' }] });
  expect(of('LANG', 'zh_CN.GBK')).toMatchObject({ action: 'opaque' });
  expect(of('LANG', 'de_DE.UTF-8')).toMatchObject({ action: 'set', dynamic: [] });
});

test.each([
  ['sudo -u root rm /srv', ['sudo']],
  ['env A=1 rm /srv', ['env']],
  ['nice -n 5 rm /srv', ['nice']],
  ['timeout -k 1 5 rm /srv', ['timeout']],
  ['xargs -n1 rm', ['xargs']],
  ['find /srv -exec rm {} +', ['find']],
  ["sh -c 'rm /srv'", ['sh']],
  ["bash -ec 'rm /srv'", ['bash']],
  ["su - web -c 'rm /srv'", ['su']],
  ['ssh -p 22 host rm /srv', ['ssh']],
  ['kubectl exec -it pod -c web -- rm /srv', ['kubectl']],
  ['docker exec -u root web rm /srv', ['docker']],
  [
    `sudo env A=1 nice timeout 5 su root -c "bash -c 'find /srv -exec docker exec web kubectl exec p -- ssh h xargs rm \\\\;'"`,
    ['sudo', 'env', 'nice', 'timeout', 'su', 'bash', 'find', 'docker', 'kubectl', 'ssh', 'xargs'],
  ],
])('what is wrapped in %j says by what', (line, wrappers) => {
  const read = readLine(line, { shell: 'bash' });
  const rm = read.ok ? read.commands.find(({ name }) => name === 'rm') : undefined;
  expect(rm?.wrapped_by).toEqual(wrappers);
});
