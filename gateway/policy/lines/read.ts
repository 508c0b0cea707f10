import { readdir } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';
import type { z } from 'zod';
import type { Target } from '../../contract/principal.ts';
import {
  fixtureFile,
  freshSession,
  lineFile,
  peopleFile,
  principalOf,
  somewhere,
  type LineCase,
  type LineFile,
  type Person,
} from './case.ts';
import type { LineProtocol } from './protocol.ts';
import { readYaml, type Mistake, type YamlFile } from './yaml-file.ts';

/** Everything that line tests are made of, read from `policy-tests/`. */
export interface LineSuite {
  readonly cases: readonly LineCase[];
  readonly targets: ReadonlyMap<string, FixtureTarget>;
  readonly people: ReadonlyMap<string, Person>;
  readonly mistakes: readonly Mistake[];
}

/** A target that a fixture describes, and who reads its lines. */
export interface FixtureTarget {
  readonly target: Target;
  readonly section: unknown;
  readonly protocol: LineProtocol;
}

/** Not cases: what the cases stand on, and what a bundle takes along for the gateway to try. */
const fixtures = 'fixtures';
const notCases: ReadonlySet<string> = new Set(['canaries.yaml', 'data.yaml']);

/** Reads every case below these directories, and the fixtures beside them. A mistake anywhere is listed, and none of that file's cases runs. */
export async function readSuite(folders: readonly string[], protocols: readonly LineProtocol[]): Promise<LineSuite> {
  const files = (await Promise.all(folders.map(yamlFiles))).flat().sort();
  const mistakes: Mistake[] = [];
  const keep = <T>(file: YamlFile<T>): Extract<YamlFile<T>, { ok: true }> | undefined => {
    if (file.ok) return file;
    mistakes.push(...file.mistakes);
    return undefined;
  };
  const people = new Map<string, Person>();
  const targets = new Map<string, FixtureTarget>();
  for (const file of files.filter(isFixture)) {
    if (basename(file) === 'people.yaml') {
      for (const [name, one] of Object.entries(keep(await readYaml(file, peopleFile))?.value ?? {}))
        people.set(name, one);
      continue;
    }
    const read = keep(await readYaml(file, fixtureFile));
    const target = read && targetOf(file, read, protocols, mistakes);
    if (target !== undefined) targets.set(target.target.name, target);
  }
  const cases: LineCase[] = [];
  for (const file of files.filter((path) => !isFixture(path) && !notCases.has(basename(path)))) {
    const read = keep(await readYaml(file, lineFile));
    if (read !== undefined) cases.push(...casesOf(file, read, people, targets, mistakes));
  }
  return { cases, targets, people, mistakes };
}

function targetOf(
  file: string,
  { value, placeOf }: Extract<YamlFile<z.infer<typeof fixtureFile>>, { ok: true }>,
  protocols: readonly LineProtocol[],
  mistakes: Mistake[],
): FixtureTarget | undefined {
  const protocol = protocols.find(({ name }) => name === value.protocol);
  if (protocol === undefined) {
    const known = protocols.map(({ name }) => name).join(', ');
    mistakes.push({ ...placeOf(['protocol']), message: `protocol: expected one of ${known}, got ${value.protocol}` });
    return undefined;
  }
  const { name } = protocol;
  const section = protocol.fixture.safeParse(value[name] ?? {});
  const unknown = Object.keys(value).find((key) => ![name, 'protocol', 'labels'].includes(key));
  if (unknown !== undefined) mistakes.push({ ...placeOf([unknown]), message: `unknown key ${unknown}` });
  for (const { path, message } of section.error?.issues ?? []) {
    mistakes.push({ ...placeOf([name, ...path]), message: `${[name, ...path].map(String).join('.')}: ${message}` });
  }
  if (!section.success) return undefined;
  const target = { name: basename(file).replace(/\.ya?ml$/, ''), protocol: name, labels: value.labels };
  return { target, section: section.data, protocol };
}

function casesOf(
  file: string,
  { value, placeOf }: Extract<YamlFile<LineFile>, { ok: true }>,
  people: ReadonlyMap<string, Person>,
  targets: ReadonlyMap<string, FixtureTarget>,
  mistakes: Mistake[],
): readonly LineCase[] {
  const target = targets.get(value.target);
  if (!target) {
    const message = `target: no fixture describes ${value.target}; write ${fixtures}/${value.target}.yaml`;
    mistakes.push({ ...placeOf(['target']), message });
    return [];
  }
  const { protocol } = target.target;
  return value.cases.flatMap((one, i) => {
    const as = one.as ?? value.as;
    const person = typeof as === 'string' ? people.get(as) : as;
    if (person === undefined) {
      const known = [...people.keys()].join(', ');
      const stranger = `as: nobody is called ${typeof as === 'string' ? as : ''}; known are ${known}`;
      const message = as === undefined ? 'as: nobody is named, here or for the file' : stranger;
      mistakes.push({ ...placeOf(one.as === undefined && as !== undefined ? ['as'] : ['cases', i, 'as']), message });
      return [];
    }
    const { run, note, params, approved, session = freshSession, expect } = one;
    const client = one.client ?? value.client ?? somewhere;
    const principal = principalOf(typeof as === 'string' ? as : 'somebody', person, protocol);
    const nowMs = Date.parse(one.now ?? value.now);
    const { line } = placeOf(['cases', i]);
    const around = { principal, client, params, approved, nowMs, session };
    return [{ file, line, run, note, target: value.target, ...around, expect }];
  });
}

async function yamlFiles(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((e) => e.isFile() && /\.ya?ml$/.test(e.name)).map((e) => join(e.parentPath, e.name));
}

function isFixture(path: string): boolean {
  return path.split(sep).at(-2) === fixtures;
}
