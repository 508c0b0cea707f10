import { known, type Argument } from '../words.ts';
import { readOptions } from '../options.ts';
import { nothing, onlyTells, opaque, runs, together, unclear, type Reader, type Reading } from './reading.ts';

const globals = {
  short: 'C:c:pPhv',
  long: [
    ...'git-dir: work-tree: namespace: no-pager paginate bare no-replace-objects literal-pathspecs glob-pathspecs'.split(
      ' ',
    ),
    ...'noglob-pathspecs icase-pathspecs no-optional-locks version help html-path man-path info-path'.split(' '),
  ],
};

/** Settings whose value git gives to a shell. */
const commandKeys = new Set(
  [
    'core.pager core.editor core.sshcommand core.askpass core.fsmonitor core.gitproxy core.alternaterefscommand sequence.editor',
    'diff.external credential.helper gpg.program gpg.ssh.program gpg.ssh.defaultkeycommand interactive.difffilter',
    'uploadpack.packobjectshook sendemail.smtpserver browser.cmd man.viewer trailer.command',
  ].flatMap((names) => names.split(' ')),
);
const harmlessKeys =
  /^(?:user\.(?:name|email)|color\.[\w.]+|advice\.\w+|init\.defaultbranch|core\.(?:quotepath|abbrev|autocrlf)|log\.\w+|protocol\.version|http\.\w*timeout)$/i;

/** Subcommands that only look, and run what the repository's own configuration names at most. */
const looks = new Set(
  [
    'status log diff show branch tag rev-parse rev-list ls-files ls-tree cat-file describe shortlog blame reflog',
    'name-rev merge-base diff-tree diff-index diff-files for-each-ref show-ref symbolic-ref count-objects fsck version whatchanged',
    'cherry check-ignore check-attr get-tar-commit-id verify-pack show-branch var',
  ].flatMap((names) => names.split(' ')),
);
const hooks = /^--(?:ext-diff|textconv|filters|open-files|ex|up|rec|edit|exec)/;
const moves = new Set(['upload-pack', 'receive-pack', 'upload-archive']);

/** git: options of its own, `-c` settings that are commands, and subcommands that run hooks. */
export const git: Reader = (args) => {
  if (onlyTells(args)) return nothing;
  const read = readOptions(args, globals);
  if (!read.ok) return unclear(read);
  const settings = read.given.flatMap(([name, value]) => (name === 'c' && value ? [setting(value)] : []));
  const [sub, ...rest] = read.operands;
  return together(...settings, sub === undefined ? nothing : subcommand(sub, rest));
};

function setting(given: Argument): Reading {
  const [key = '', ...value] = (given.value ?? '').split('=');
  const text = value.join('=');
  if (given.value === null) return opaque('argument', given.text);
  if (/^alias\./i.test(key)) {
    return text.startsWith('!') ? line(text.slice(1), given) : opaque('option', given.text);
  }
  if (commandKeys.has(key.toLowerCase()) || /^(?:pager|difftool|mergetool|diff|merge|filter)\./i.test(key)) {
    return /^(?:true|false|yes|no|on|off|0|1|)$/i.test(text) ? nothing : line(text.replace(/^!/, ''), given);
  }
  return harmlessKeys.test(key) ? nothing : opaque('option', given.text);
}

function line(text: string, given: Argument): Reading {
  return runs({ line: known(text, given.text), shell: 'unknown' });
}

function subcommand(sub: Argument, rest: readonly Argument[]): Reading {
  if (sub.value === null) return opaque('argument', sub.text);
  const loose = rest.find((word) => word.value === null);
  const hook = rest.find((word) => hooks.test(word.value ?? ''));
  if (moves.has(sub.value)) return loose ? opaque('argument', loose.text) : nothing;
  if (!looks.has(sub.value)) return opaque('configuration', `git ${sub.value}`);
  if (loose) return opaque('argument', loose.text);
  if (hook) return opaque('option', hook.text);
  const writes = rest.some((word) => word.value?.startsWith('--out') === true);
  return writes ? { ...nothing, effects: ['write'] } : nothing;
}
