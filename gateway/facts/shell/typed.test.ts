import { expect, test } from 'vitest';
import { typedLine } from './index.ts';

// What would change the shell that reads the next lines, by ways that the rows of gateway/testing/ssh/lines.test.ts do not go.
test.each([
  // `jobs -x` and `command` run what follows in the shell itself.
  ['jobs -x set -o vi', 'changing'],
  ['jobs -x trap x DEBUG', 'changing'],
  [`jobs -x bind '"\\C-m": accept-line'`, 'changing'],
  ['jobs -x -- bind -p', 'changing'],
  ['jobs -x $x', 'changing'],
  ['command $x', 'changing'],
  ['command -p -- "$x" y', 'changing'],
  ['command -p . x', 'changing'],
  // A descriptor with a name of its own stays open.
  ['{x}>f', 'changing'],
  ['true {x}<>/dev/tcp/h/1', 'changing'],
  ['[[ a ]] {x}>f', 'changing'],
  ['for i in a; do :; done {x}>f', 'changing'],
  ['history -d 1', 'changing'],
  ['wait -p x', 'changing'],
  ['cat <<X', 'incomplete'],
  ['echo $(cat <<-X)', 'incomplete'],
  ['echo `cat <<X`', 'incomplete'],
  // What is drawn as nothing, or as a blank.
  ['rm a\u00a0b', 'unseen'],
  ['rm a\u3000b', 'unseen'],
  ['rm a\u2800b', 'unseen'],
  ['rm a\u3164b', 'unseen'],
  ['rm a\u115fb', 'unseen'],
  ['rm a\u034fb', 'unseen'],
  ['rm a\ufe0fb', 'unseen'],
  ['rm a\u{e0101}b', 'unseen'],
  ['rm a\u{e0041}b', 'unseen'],
  ['rm a\u00adb', 'unseen'],
])('%j is refused: %s', (line, why) => {
  const read = typedLine(line);
  expect(read.ok ? 'read' : read.why).toMatch(new RegExp(`^${why}: `));
});

test.each([
  'git log --oneline | head',
  `grep -n '<<<<<<< HEAD' file`,
  'echo $((1 << 2))',
  'echo "a << b"',
  'cat <<< text',
  'type -a ls',
  'history 20',
  'wait -n',
  'wait %1',
  'command -v ls',
  'jobs -l',
  'nohup set -o vi',
  'echo wörld 名 🙂',
  'for f in *.log; do gzip "$f"; done',
  'if [ -f x ]; then echo y; fi # a note',
])('%j is a line like others', (line) => {
  expect(typedLine(line)).toMatchObject({ ok: true });
});
