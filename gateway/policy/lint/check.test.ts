import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findOpa } from '../build/opa.ts';
import { defaultSources, temporaryFolder } from '../fixtures.ts';
import { checkPolicies } from './check.ts';
import { lintChecks, type Problem } from './problem.ts';
import { regalProblems } from './regal.ts';
import { sarifOf } from './sarif.ts';

let opa: string;
let home: Awaited<ReturnType<typeof temporaryFolder>>;
let turn = 0;
beforeAll(async () => {
  home = await temporaryFolder();
  opa = await findOpa(process.env);
});
afterAll(() => home[Symbol.asyncDispose]());

/** The default pack with these files beside it. */
async function checked(files: Readonly<Record<string, string>>): Promise<readonly Problem[]> {
  const folder = join(home.path, String(turn++));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return checkPolicies({ ...defaultSources, policies: [...defaultSources.policies, folder] }, opa);
}

const inBrief = (problems: readonly Problem[]) => problems.map((p) => `${p.line}:${p.column} ${p.check}: ${p.message}`);
const rule = (body: string, head = 'deny contains {"id": "T-1", "msg": "no"}') =>
  `package rules.postgres\n\n${head} if {\n\t${body.replaceAll('\n', '\n\t')}\n}\n`;

test('the default pack has nothing wrong', async () => {
  const problems = await checkPolicies(defaultSources, opa);
  expect(problems).toEqual([]);
});

describe('a literal outside an enum is found', () => {
  test.each<readonly [string, string, string, string]>([
    ['with ==', 'input.command.action == "dddl"', '4:26', 'ddl'],
    ['the other way round', '"dddl" == input.command.action', '4:2', 'ddl'],
    ['with !=', 'input.command.action != "seleted"', '4:26', 'delete'],
    ['with =', 'input.command.action = "dddl"', '4:25', 'ddl'],
    ['in a list', '"dddl" in input.command.effects', '4:2', 'ddl'],
    ['in a set', 'input.command.action in {"ddl", "dddl"}', '4:34', 'ddl'],
    ['in an array', 'input.command.action in ["dddl"]', '4:27', 'ddl'],
    ['behind not', 'not input.command.action == "dddl"', '4:30', 'ddl'],
    ['by index', 'input.command.effects[_] == "dddl"', '4:30', 'ddl'],
    ['in a variable of some', 'some e in input.command.effects\ne == "dddl"', '5:7', 'ddl'],
    [
      'in a variable of some of some',
      'some f in input.command.functions\nsome c in f.categories\nc == "fille"',
      '6:7',
      'file',
    ],
    ['in a variable of :=', 'a := input.command.action\na == "dddl"', '5:7', 'ddl'],
    ['in a list that a variable goes through', 'some e in ["ddl", "dddl"]\ne in input.command.effects', '4:20', 'ddl'],
    ['in a set that a variable goes through', 'some e in {"dddl"}\ninput.command.action == e', '4:13', 'ddl'],
    ['in a comprehension', 'count({e | some e in input.command.effects; e == "dddl"}) > 0', '4:51', 'ddl'],
    ['within every', 'every e in input.command.effects { e != "dddl" }', '4:42', 'ddl'],
    ['in a part that may be null', 'input.command.copy.direction == "outt"', '4:34', 'out'],
    ['of another protocol', 'input.target.protocol == "postgress"', '4:27', 'postgres'],
    ['of the principal', 'input.principal.kind == "robot"', '4:26', 'One of human, agent.'],
  ])('%s', async (_how, body, at, instead) => {
    const [problem, ...more] = await checked({ 'x.rego': rule(body) });
    expect(problem).toMatchObject({ check: 'enum-literal', severity: 'error' });
    expect(`${problem?.line}:${problem?.column}`).toBe(at);
    expect(problem?.instead).toContain(instead);
    expect(more).toEqual([]);
  });

  test('in a constant of the file, in a head, in an else and in a helper', async () => {
    const text = `package rules.session

odd := {"robot", "agent"}

deny contains {"id": "T-1", "msg": "no", "hint": h} if {
	h := hint
	input.principal.kind in odd
}

hint := "a" if {
	input.principal.kind == "humann"
} else := "b" if {
	input.principal.kind == "agnet"
} else := "c"
`;
    const problems = await checked({ 'x.rego': text });
    expect(inBrief(problems)).toEqual([
      '3:9 enum-literal: input.principal.kind is never "robot"',
      '11:26 enum-literal: input.principal.kind is never "humann"',
      '13:26 enum-literal: input.principal.kind is never "agnet"',
    ]);
  });

  test('a function has arguments of its own, and a variable of another body is another', async () => {
    const text = `package rules.postgres

deny contains {"id": "T-1", "msg": "no"} if {
	some e in input.command.effects
	known(e)
	some f in input.command.functions
	count([n | n := f.name; n == "anything"]) > 0
}

known(e) if e == "anything"
`;
    expect(await checked({ 'x.rego': text })).toEqual([]);
  });
});

test.each<readonly [string, string, string]>([
  [
    'a misspelt set',
    'package rules.postgres\n\ndenny contains {"id": "T-1", "msg": "no"}\n',
    '3:1 unknown-set: nobody reads the findings in denny',
  ],
  [
    'findings in a set of another name',
    'package rules.postgres\n\nforbid contains {"id": "T-1", "msg": "no"}\n',
    '3:1 unknown-set: nobody reads the findings in forbid',
  ],
  ['no id', 'package rules.postgres\n\ndeny contains {"msg": "no"}\n', '3:1 finding-field: this deny has no id'],
  ['no msg', 'package rules.postgres\n\ndeny contains {"id": "T-1"}\n', '3:1 finding-field: this deny has no msg'],
  [
    'a field that no deny has',
    'package rules.postgres\n\ndeny contains {"id": "T-1", "msg": "no", "hnt": "x"}\n',
    '3:42 finding-field: deny has no field hnt',
  ],
  [
    'a finding that is a text',
    'package rules.postgres\n\ndeny contains "no"\n',
    '3:15 finding-field: a finding is an object, not a string',
  ],
  [
    'an empty msg',
    'package rules.postgres\n\ndeny contains {"id": "T-1", "msg": ""}\n',
    '3:36 finding-field: msg is a text that is not empty',
  ],
  [
    'a severity of its own',
    'package rules.postgres\n\ndeny contains {"id": "T-1", "msg": "no", "severity": "hihg"}\n',
    '3:54 finding-field: severity is never "hihg"',
  ],
  [
    'an approval by nobody',
    'package rules.postgres\n\napprove contains {"id": "T-1", "msg": "?", "groups": []}\n',
    '3:54 finding-field: groups names nobody',
  ],
  [
    'an approval without groups',
    'package rules.postgres\n\napprove contains {"id": "T-1", "msg": "?"}\n',
    '3:1 finding-field: this approve has no groups',
  ],
  [
    'a quorum of none',
    'package rules.postgres\n\napprove contains {"id": "T-1", "msg": "?", "groups": ["dba"], "quorum": 0}\n',
    '3:73 finding-field: quorum is a whole number',
  ],
  [
    'a limit of nothing',
    'package rules.postgres\n\nlimit contains {"id": "T-1", "msg": "few"}\n',
    '3:1 finding-field: this limit limits nothing',
  ],
  [
    'a notification to nobody',
    'package rules.postgres\n\nnotify contains {"id": "T-1", "msg": "hey"}\n',
    '3:1 finding-field: this notify has no channel',
  ],
  [
    'a finding that a variable names',
    rule('f := {"id": "T-1"}', 'deny contains f'),
    '3:1 finding-field: this deny has no msg',
  ],
  [
    'another id in the METADATA',
    'package rules.postgres\n\n# METADATA\n# custom: {id: T-2}\ndeny contains {"id": "T-1", "msg": "no"}\n',
    '5:22 duplicate-id: the METADATA calls this rule T-2, its finding T-1',
  ],
  [
    'an unknown method',
    'package rules.postgres\n\nmask contains {"id": "T-1", "msg": "m", "label": "pii.ssn", "method": "partail"}\n',
    '3:71 unknown-method: method is never "partail"',
  ],
  [
    'a mask of an undefined label',
    'package rules.postgres\n\nmask contains {"id": "T-1", "msg": "m", "label": "pii.snn", "method": "partial"}\n',
    '3:50 undefined-label: no data defines the label "pii.snn"',
  ],
  [
    'a mask by a detector that there is not',
    'package rules.postgres\n\nmask contains {"id": "T-1", "msg": "m", "label": "detector:carrd", "method": "redact"}\n',
    '3:50 undefined-label: no data defines the label "detector:carrd"',
  ],
  [
    'a question for an undefined label',
    rule('"pii.snn" in input.command.labels'),
    '4:2 undefined-label: no data defines the label "pii.snn"',
  ],
  [
    'a label of a column',
    rule('some c in input.command.output\n"pii.snn" in c.labels'),
    '5:2 undefined-label: no data defines the label "pii.snn"',
  ],
  [
    'a label that the session read',
    rule('input.session.labels_read[_] == "pii.snn"'),
    '4:34 undefined-label: no data defines the label "pii.snn"',
  ],
  ['a clock', rule('time.now_ns() > 0'), '4:2 non-deterministic: time.now_ns answers differently each time'],
  [
    'a call to somebody',
    rule('http.send({"url": "x", "method": "get"}).status_code == 200'),
    '4:2 non-deterministic: http.send answers differently each time',
  ],
  [
    'sprintf in a message',
    rule('true', 'deny contains {"id": "T-1", "msg": sprintf("%s", ["x"])}'),
    '3:36 sprintf: WebAssembly has no sprintf',
  ],
  [
    'two actions at once',
    rule('input.command.action == "delete"\ninput.command.action == "update"'),
    '5:2 never-fires: input.command.action cannot be update here: it is delete already',
  ],
  [
    'one of two and neither',
    rule('input.command.kind in {"a", "b"}\n"c" == input.command.kind'),
    '5:2 never-fires: input.command.kind cannot be c here: it is a or b already',
  ],
  [
    'nothing that is left of an enum',
    rule('input.principal.kind != "agent"\ninput.principal.kind != "human"'),
    '5:2 never-fires: nothing is left that input.principal.kind could be here',
  ],
  [
    'a thing and not it',
    rule('input.command.kind in {"a", "b"}\nnot input.command.kind == "a"\ninput.command.kind != "b"'),
    '6:2 never-fires: nothing is left that input.command.kind could be here',
  ],
  [
    'a minute that no day has',
    rule('input.now.minute_of_day >= 1440'),
    '4:2 never-fires: input.now.minute_of_day is 0 to 1439, so this is never true',
  ],
  [
    'a number out of range, the other way round',
    rule('0 > input.session.denials'),
    '4:2 never-fires: input.session.denials is 0 or more, so this is never true',
  ],
  [
    'fewer rows than none',
    rule('input.command.limit <= 1000'),
    '4:2 null-order: input.command.limit may be null, and null is less than every number',
  ],
  [
    'none that is fewer',
    rule('some most in [10, 20]\nmost >= input.command.limit'),
    '5:2 null-order: input.command.limit may be null, and null is less than every number',
  ],
  ['false', rule('false'), '4:2 never-fires: false is never true'],
  [
    'a package that nobody asks',
    'package rules.postgress\n\ndeny contains {"id": "T-1", "msg": "no"}\n',
    '1:1 never-fires: no command is judged by package rules.postgress',
  ],
  ['a syntax error', rule('input.command.action =='), '5:1 opa: unexpected } token'],
  ['a misspelt path', rule('input.command.actoin == "read"'), '4:2 opa: undefined ref: input.command.actoin'],
  ['an unused variable', rule('x := input.command.kind'), '4:2 opa: assigned var x unused'],
])('%s is found', async (_what, text, expected) => {
  const problems = await checked({ 'x.rego': text });
  expect(inBrief(problems).map((line) => line.split('\n')[0])).toContain(expected);
  for (const { instead, file } of problems) {
    expect(instead).not.toBe('');
    expect(file).toMatch(/\/x\.rego$/);
  }
});

test.each([
  'input.command.limit > 1000',
  'is_number(input.command.limit)\n\tinput.command.limit <= 1000',
  'input.command.limit != null\n\tinput.command.limit < 1000',
  'input.now.minute_of_day >= 1439',
  'input.session.denials == 0',
  'input.principal.kind != "agent"',
  'not input.principal.kind == "agent"\n\tnot input.principal.kind == "human"\n\tinput.command.unfiltered',
  'input.command.kind != "a"\n\tinput.command.kind in {"a", "b"}',
])('%s may be true', async (body) => {
  expect(await checked({ 'x.rego': rule(body) })).toEqual([]);
});

test('every check says file, line, column and what to write instead', async () => {
  const problems = await checked({
    'labels/more/data.yaml': '{}\n',
    'bad.rego': `package rules.postgres

deny contains {"id": "T-1", "msg": sprintf("%s", [input.command.kind])} if input.command.action == "dddl"

denny contains {"id": "T-2", "msg": "no"} if "pii.snn" in input.command.labels

mask contains {"id": "T-1", "msg": "m", "label": "pii.ssn", "method": "blur"} if time.now_ns() > 5

deny contains {"id": "T-3"} if input.now.minute_of_day > 1439

limited if input.command.limit < count(data.lables)
`,
    'worse.rego': 'package rules.session\n\ndeny contains {"id": "T-4"\n',
  });
  expect([...new Set(problems.map(({ check }) => check))].sort()).toEqual(Object.keys(lintChecks).sort());
  for (const { file, line, column, message, instead } of problems) {
    expect(file).toMatch(/\.rego$/);
    expect(Math.min(line, column)).toBeGreaterThan(0);
    expect([message, instead]).not.toContain('');
  }
});

test('an id means one thing: not in another file, not in another set', async () => {
  const problems = await checked({
    'z/a.rego': 'package rules.postgres\n\ndeny contains {"id": "PG-002", "msg": "no"}\n',
    'z/b.rego':
      'package rules.postgres\n\ndeny contains {"id": "T-1", "msg": "no"}\n\nallow contains {"id": "T-1", "msg": "yes"} if false_\n\nfalse_ if input.command.unfiltered\n',
  });
  const messages = problems.filter((p) => p.check === 'duplicate-id').map((p) => p.message);
  expect(messages).toEqual([
    expect.stringMatching(/^the id PG-002 is taken by deny in .*writes\.rego:9$/),
    expect.stringMatching(/^the id T-1 is taken by deny in .*b\.rego:3$/),
  ]);
});

test('a helper means one thing: two files of a package do not define the same', async () => {
  const uses = 'deny contains {"id": "T-1", "msg": "no"} if not limited\n';
  const problems = await checked({
    'z/a.rego': `package rules.postgres\n\n${uses}\nlimited if input.command.limit != null\n\nlimited if input.command.kind == "show"\n`,
    'z/b.rego': 'package rules.session\n\nlimited if input.principal.kind == "agent"\n',
    'z/c.rego': 'package rules.postgres\n\nmasked_labels contains "pii.ssn" if input.command.unfiltered\n',
  });
  expect(inBrief(problems)).toEqual([
    expect.stringMatching(/^5:1 shared-name: limited is also defined in .*masking\.rego:\d+, and both count as one$/),
  ]);
});

test('data that nothing defines is found, and what files and packages define is not', async () => {
  const problems = await checked({
    'limits/data.yaml': 'night: 7\n',
    'data.yaml': 'freezes: []\n',
    'x.rego': `package rules.postgres

import data.sallyport.resolver
import data.sallyprot.postgres

deny contains {"id": "T-1", "msg": "no"} if {
	some freeze in data.freezes
	data.limits.night > freeze
	count(data.lables) > 0
	some reader in data.labels["pii.snn"].readers
	resolver.known(reader) == postgres.decision
}
`,
  });
  expect(problems.map((p) => `${p.line}:${p.column} ${p.check}: ${p.message}. ${p.instead}`)).toEqual([
    '4:8 unknown-data: no data and no package defines data.sallyprot. Write data.sallyport.',
    '9:8 unknown-data: no data and no package defines data.lables. Write data.labels.',
    '10:29 undefined-label: no data defines the label "pii.snn". Write "pii.ssn".',
  ]);
});

test('data is checked where it lies', async () => {
  const problems = await checked({
    'labels/extra/data.yaml': '{}\n',
    'data.yaml':
      'labels:\n  x.y:\n    mask: shred\n    readers: []\ncolumns:\n  erp:\n    public.t.c: [x.y, x.z]\n    public.t.d: []\n    public.u.*: []\n    public.t.*: [x.y]\n',
  });
  expect(inBrief(problems)).toEqual([
    '3:11 unknown-method: no masker has the method shred',
    '7:23 undefined-label: no data defines the label x.z',
    '10:18 undefined-label: public.t.* is no column: no column would carry x.y',
  ]);
});

test('SARIF names each check once and each place', async () => {
  const problems = await checked({ 'x.rego': rule('input.command.action == "dddl"') });
  const sarif = sarifOf(problems, '1.2.3', '/');
  const [run] = sarif.runs;
  expect(run?.tool.driver.rules?.map(({ id }) => id)).toEqual(expect.arrayContaining(Object.keys(lintChecks)));
  expect(run?.results).toMatchObject([
    {
      ruleId: 'enum-literal',
      level: 'error',
      locations: [{ physicalLocation: { region: { startLine: 4, startColumn: 26 } } }],
    },
  ]);
  expect(run?.results?.[0]?.locations?.[0]?.physicalLocation?.artifactLocation?.uri).not.toMatch(/^\//);
});

test('what Regal says comes as warnings, and one that fails is said aloud', async () => {
  const regal = join(home.path, 'regal');
  const report = {
    violations: [
      {
        title: 'line-length',
        description: 'Line too long',
        level: 'error',
        location: { file: 'p/a.rego', row: 3, col: 121 },
        related_resources: [{ ref: 'https://docs.example/line-length' }],
      },
    ],
  };
  await writeFile(regal, `#!/bin/sh\necho '${JSON.stringify(report)}'\nexit 3\n`);
  await chmod(regal, 0o755);
  expect(await regalProblems(regal, ['p'])).toEqual([
    {
      file: 'p/a.rego',
      line: 3,
      column: 121,
      check: 'regal/line-length',
      severity: 'warning',
      message: 'Line too long',
      instead: 'https://docs.example/line-length',
    },
  ]);
  await writeFile(regal, '#!/bin/sh\necho broken >&2\nexit 1\n');
  const [broken] = await regalProblems(regal, ['p']);
  expect(broken).toMatchObject({ check: 'regal/failed', severity: 'warning', message: 'regal: broken' });
});
