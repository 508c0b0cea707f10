import type { DynamicReason } from '../../../contract/command-ssh.ts';
import { readOptions } from '../options.ts';
import { nothing, onlyTells, opaque, unclear, type Reader, type Reading } from './reading.ts';

/** Programs of another language: as an option's value, a file, or from standard input. */
const interpreter: Reader = (args) => {
  if (onlyTells(args) || (args.length === 1 && ['-V', '-v'].includes(args[0]?.value ?? ''))) return nothing;
  const [first] = args;
  if (first === undefined || first.value === '-') return opaque('stdin', 'its standard input');
  return opaque(first.value?.startsWith('-') === false ? 'script' : 'code', first.text);
};

function always(why: DynamicReason): Reader {
  return (args, name) => (onlyTells(args) ? nothing : opaque(why, [name, ...args.map((word) => word.text)].join(' ')));
}

/**
 * awk runs others by `system`, by a pipe to or from a command, and by `@load` and indirect calls; it writes by `>`. A program in which none of
 * these characters occurs, in strings or otherwise, does not.
 */
const awk: Reader = (args) => {
  if (onlyTells(args)) return nothing;
  const read = readOptions(args, { short: 'F:v:' });
  if (!read.ok) return unclear(read);
  const [program] = read.operands;
  if (program === undefined) return nothing;
  if (program.value === null) return opaque('code', program.text);
  const rest = program.value.replaceAll('||', '');
  return /system|getline|[|@>]/.test(rest) ? opaque('code', program.text) : nothing;
};

const address = String.raw`(?:\d+(?:~\d+)?|\$|/(?:[^/\\\n]|\\[^\n])*/I?)`;
const substitution = ['/', '|', '#', ',', ':', '@', '_']
  .map((c) => {
    const not = `(?:[^${c === '|' ? String.raw`\|` : c}\\\\\\n]|\\\\[^\\n])*`;
    const mark = c === '|' ? String.raw`\|` : c;
    return `s${mark}${not}${mark}${not}${mark}[gpiIM0-9]*`;
  })
  .join('|');
const sedCommand = `(?:${address}(?:,(?:${address}|[+~]\\d+))?)? ?!? ?(?:${substitution}|[pdPDgGhHxnNl=]|[qQ] ?\\d*)`;
const plainSed = new RegExp(`^(?:${sedCommand})(?: ?[;\\n] ?(?:${sedCommand}))*;?$`);
/** Characters of a script that is matched against it. */
const maxSed = 1_000;

/** GNU sed runs others by `e` and by the flag `e`, and opens files by `r`, `w`. Only scripts without them are read here. */
const sed: Reader = (args) => {
  if (onlyTells(args)) return nothing;
  const read = readOptions(args, {
    short: 'nrEsuzi::l:e:',
    long: [
      'quiet',
      'silent',
      'regexp-extended',
      'separate',
      'unbuffered',
      'null-data',
      'in-place::',
      'expression:',
      'posix',
      'sandbox',
    ],
  });
  if (!read.ok) return unclear(read);
  // Options may come after the script as well.
  const late = read.operands.find((word) => word.value === null || word.value.startsWith('-'));
  const given = read.given.flatMap(([name, value]) => (['e', 'expression'].includes(name) && value ? [value] : []));
  const scripts = given.length > 0 ? given : read.operands.slice(0, 1);
  const effects: Reading['effects'] = read.given.some(([name]) => ['i', 'in-place'].includes(name)) ? ['write'] : [];
  const strange =
    scripts.find((word) => word.value === null || word.value.length > maxSed || !plainSed.test(word.value)) ?? late;
  return strange ? opaque('code', strange.text, effects) : { ...nothing, effects };
};

const packageLooks =
  'list search show policy info depends rdepends madison -l -L -S -s -q -qa -qi -ql -qf --list --listfiles --search'.split(
    ' ',
  );

/** Runs nothing with one of these as its first word and no option behind it. */
function except(first: readonly string[], why: DynamicReason): Reader {
  return (args, name) => {
    const [word, ...rest] = args;
    const isPlain = rest.every(({ value }) => value !== null && !value.startsWith('-'));
    return isPlain && first.includes(word?.value ?? '') ? nothing : always(why)(args, name);
  };
}

const lists: Readonly<Partial<Record<DynamicReason, string>>> = {
  code: `vim vi view nvim ex ed red rvim rview vimdiff nano pico emacs emacsclient joe mcedit mc gdb lldb dc m4 gnuplot octave maxima
    mysql mariadb psql sqlite3 mongo mongosh sqlplus clickhouse-client duckdb bpftrace stap dtrace perf latex pdflatex xelatex lualatex tex
    gs ghostscript R Rscript ffmpeg convert magick inkscape gimp socat websocat parallel sem pee run-parts start-stop-daemon daemonize daemon
    rlwrap expect entr fzf xterm gnome-terminal xdg-open sensible-editor sensible-pager sensible-browser editor pager run-mailcap
    firejail bwrap proot capsh prlimit numactl setarch valgrind ltrace gvisor runsc cgexec cpulimit dsh pdsh pssh clusterssh fab
    jshell jrunscript scala groovy msfconsole nmap-nse update-alternatives dpkg-reconfigure logrotate keepalived ssh-copy-id`,
  interactive: `less more most man info pg screen tmux byobu zellij ftp lftp tftp telnet rlogin rsh smbclient cu minicom picocom
    visudo vipw vigr sudoedit chsh top htop mail mailx mutt nail ipython irb pry`,
  configuration: `make gmake bmake cmake ninja meson scons bazel rake mvn gradle ant sbt lein cargo npm npx pnpm yarn bunx corepack pip pip3 pipx
    uv poetry tox nox gem bundle bundler composer cpan cpanm luarocks go dotnet stack cabal rebar3 mix ansible ansible-playbook
    ansible-pull terraform tofu vagrant puppet chef-client salt salt-call helm hg svn cvs bzr darcs fossil easy_install conda mamba brew snap
    flatpak docker-compose podman-compose buildah skopeo packer direnv just task watchman nodemon pm2 supervisord foreman at batch
    virsh qemu-system-x86_64 multipass lxd incus ld.so ldd ltrace strace-log-merge autoconf automake configure debuild dpkg-buildpackage rpmbuild`,
};

export const interpreterReaders: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ...`python pypy perl ruby node nodejs deno bun php lua luajit tclsh wish java guile sbcl clisp elixir iex erl escript ghci runghc swift julia
    gawk-nse racket scheme ocaml crystal raku`
    .split(/\s+/)
    .map((name) => [name, interpreter] as const),
  ...Object.entries(lists).flatMap(([why, names]) =>
    // The keys of the table above.
    names.split(/\s+/).map((name) => [name, always(why as DynamicReason)] as const),
  ),
  ...['awk', 'gawk', 'mawk', 'nawk', 'original-awk'].map((name) => [name, awk] as const),
  ['sed', sed],
  ['gsed', sed],
  ['crontab', except(['-l'], 'configuration')],
  // Packages bring scripts of their own.
  ...[
    'apt',
    'apt-get',
    'apt-cache',
    'aptitude',
    'yum',
    'dnf',
    'microdnf',
    'apk',
    'pacman',
    'zypper',
    'dpkg',
    'rpm',
  ].map((name) => [name, except(packageLooks, 'configuration')] as const),
  ['systemctl', systemctl()],
]);

/** Starts what the host's units say; `edit` runs an editor, and a unit file may be anywhere. */
function systemctl(): Reader {
  return (args): Reading => {
    const bad = args.find(
      ({ value }) =>
        value === null || /^(?:edit|link|-H|-M|--host\b.*|--machine\b.*|--root\b.*|--image\b.*)$|\//.test(value),
    );
    return bad ? opaque(bad.value === null ? 'argument' : 'option', bad.text) : nothing;
  };
}
