import type { DynamicReason } from '../../../contract/command-ssh.ts';
import { readOptions } from '../options.ts';
import type { Argument } from '../words.ts';
import { nothing, onlyTells, opaque, unclear, type Reader, type Reading } from './reading.ts';

/** Programs of another language: as an option's value, a file, or from standard input. */
const interpreter: Reader = (args) => {
  if (onlyTells(args) || (args.length === 1 && ['-V', '-v', '-version'].includes(args[0]?.value ?? ''))) return nothing;
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
  // What comes before the first action is a pattern: > compares there.
  const [pattern = '', ...actions] = rest.split('{');
  const isNetwork = args.some(({ value }) => value?.includes('/inet') === true);
  return isNetwork ||
    /system|getline|ARGV|inet|[|@]/.test(rest) ||
    actions.some((action) => action.includes('>')) ||
    /print/.test(pattern)
    ? opaque('code', program.text)
    : nothing;
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

const listsOnly = new Set(['--installed', '--upgradable', '--upgradeable', '--all-versions', '-a']);

/** Runs nothing with one of these as its first word and no option behind it but those that only say what to list. */
function except(first: readonly string[], why: DynamicReason): Reader {
  return (args, name) => {
    const [word, ...rest] = args;
    const isPlain = rest.every(({ value }) => value !== null && (!value.startsWith('-') || listsOnly.has(value)));
    return isPlain && first.includes(word?.value ?? '') ? nothing : always(why)(args, name);
  };
}

const lists: Readonly<Partial<Record<DynamicReason, string>>> = {
  code: `vim vi view nvim ex ed red rvim rview vimdiff nano pico emacs emacsclient joe mcedit mc gdb lldb dc m4 gnuplot octave maxima
    mysql mariadb psql sqlite3 mongo mongosh sqlplus clickhouse-client duckdb bpftrace stap dtrace perf latex pdflatex xelatex lualatex tex
    gs ghostscript R Rscript ffmpeg convert magick inkscape gimp socat websocat parallel sem pee run-parts start-stop-daemon daemonize daemon
    rlwrap expect entr fzf xterm gnome-terminal xdg-open sensible-editor sensible-pager sensible-browser editor pager run-mailcap
    firejail bwrap proot capsh prlimit numactl setarch valgrind ltrace gvisor runsc cgexec cpulimit dsh pdsh pssh clusterssh fab
    jshell jrunscript scala groovy msfconsole nmap-nse update-alternatives dpkg-reconfigure logrotate keepalived ssh-copy-id
    aa-exec aoss ansible-test apache2ctl apachectl apport-cli bashbug perlbug bconsole byebug pdb cdist certbot check_by_ssh check_ssl_cert cobc
    cowsay cowthink csvtool cupsfilter distcc dosbox dvips easyrsa eb enscript espeak gcore gdbserver genie ginsh grc gtester highlight jtag
    knife ksshell latexmk luatex logsave msgfilter multitime octave-cli openvpn openvt pandoc pexec pidstat redcarpet restic rtorrent runscript
    scrot setlock slsh softlimit sqlmap tshark varnishncsa volatility xdg-user-dir xdotool zathura sage micropython qjs js d8 dmd rdmd tcc
    zig nim vala dart kotlin groovysh clojure bb janet fennel moon gosh chez ecl gcl swipl gprolog factor gforth rr trace-cmd systemtap
    inotifyd inotifywait fswatch watchexec hyperfine vidir vipe lckdo mispipe zrun dumb-init tini s6-setuidgid chpst envdir envuidgid pgrphack
    fghack supervise nq tsp retry timelimit systemd-nspawn systemd-socket-activate systemd-tmpfiles fakechroot dbus-launch faketime schedtool
    cset realtime nocache trickle tsocks socksify stunnel ctest clickhouse cqlsh sendmail exim exim4 procmail maildrop fetchmail getmail msmtp
    mbsync offlineimap git-shell blender groff dhclient dhcpcd udhcpc wpa_cli pppd openconnect vpnc mdadm borg duplicity rsnapshot shar
    uux chat kermit abduco dtach dvtm catchsegv memusage sotruss xtrace svnadmin gdbus dbus-send busctl tcpsvd udpsvd inetd cttyhack telnetd
    crond ifup ifdown wp drush artisan`,
  interactive: `less more most man info pg screen tmux byobu zellij ftp lftp tftp telnet rlogin rsh smbclient cu minicom picocom
    visudo vipw vigr sudoedit chsh htop mail mailx mutt neomutt nail ipython irb pry bpython ptpython sash tasksh tmate ncdu ncftp psftp
    w3m links lynx ranger nnn lf vifm tig lazygit gitk pgcli mycli litecli calife ksu run0`,
  configuration: `make gmake bmake cmake ninja meson scons bazel rake mvn gradle ant sbt lein cargo npm npx pnpm yarn bunx corepack pip pip3 pipx
    uv poetry tox nox gem bundle bundler composer cpan cpanm luarocks dotnet stack cabal rebar3 mix ansible ansible-playbook
    ansible-pull terraform tofu vagrant puppet chef-client salt salt-call helm hg svn cvs bzr darcs fossil easy_install conda mamba brew snap
    flatpak docker-compose podman-compose buildah skopeo packer direnv just task watchman nodemon pm2 supervisord foreman at batch
    virsh qemu-system-x86_64 multipass lxd incus ld.so ldd ltrace strace-log-merge autoconf automake configure debuild dpkg-buildpackage rpmbuild
    opkg rpmdb rpmquery rpmverify pre-commit invoke gulp grunt vite webpack ts-node tsx babel-node phpunit jekyll mkdocs sphinx-build tup redo
    xmake waf pants buck doit jake incrontab tmuxinator logwatch`,
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
  ['service', service],
  ['go', except(['version', 'env'], 'configuration')],
  ['top', top],
  ['sysctl', sysctl],
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

/** Starts what the host has under that name; a path leads to anything. */
function service(args: readonly Argument[]): Reading {
  const bad = args.find(({ value }) => value === null || value.includes('/'));
  return bad ? opaque(bad.value === null ? 'argument' : 'option', bad.text) : nothing;
}

/** With `-b` it prints, and takes no keys. */
function top(args: readonly Argument[], name: string): Reading {
  return args.some(({ value }) => /^-b[ceEHiknosSuUw12\d]*$/.test(value ?? ''))
    ? nothing
    : always('interactive')(args, name);
}

/** Some settings of the kernel are programs that it starts. */
function sysctl(args: readonly Argument[]): Reading {
  const bad = args.find(
    ({ value }) =>
      value === null ||
      /^(?:-\w*[pf]|--(?:load|system))|(?:core_pattern|modprobe|hotplug|uevent_helper|poweroff_cmd|binfmt_misc)/.test(
        value,
      ),
  );
  if (bad) return opaque(bad.value === null ? 'argument' : 'configuration', bad.text, ['write']);
  return args.some(({ value }) => value?.includes('=') === true) ? { ...nothing, effects: ['write'] } : nothing;
}
