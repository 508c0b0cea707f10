import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { hostBuiltins } from '../engine/builtins.ts';
import { neededBuiltins } from '../engine/module.ts';
import { readTar } from '../bundle/tar.ts';
import { gunzipCapped } from '../bundle/read.ts';
import { runOpa } from './opa.ts';

const builtin = z.looseObject({
  name: z.string(),
  decl: z.looseObject({ args: z.array(z.unknown()).optional(), result: z.unknown().optional() }),
  relation: z.boolean().optional(),
  deprecated: z.boolean().optional(),
  nondeterministic: z.boolean().optional(),
});
const capabilities = z.looseObject({ builtins: z.array(builtin) });
type OpaBuiltin = z.infer<typeof builtin>;

/** Compiled away by OPA, so nobody has to implement them. */
const erased = ['assign', 'eq', 'rego.metadata.chain', 'rego.metadata.rule'];
/** Debugging and test scaffolding: no place in a policy that ships. */
const unwanted = new Set(['print', 'internal.print', 'trace', 'rego.parse_module']);

/**
 * What a rule may call: OPA's own list, less what is deprecated, answers differently each time, or exists neither inside the wasm
 * module nor in our host. OPA compiles a call of anything; only the module says what it lacks, so a probe that calls
 * everything is compiled and asked.
 */
export async function deriveCapabilities(opa: string): Promise<string> {
  const all = capabilities.parse(JSON.parse(await runOpa(opa, ['capabilities', '--current'])));
  const usable = all.builtins.filter((b) => !b.deprecated && !b.nondeterministic && !unwanted.has(b.name));
  const foreign = await foreignBuiltins(
    opa,
    usable.filter((b) => !erased.includes(b.name) && b.name !== 'internal.test_case'),
  );
  const kept = usable.filter((b) => !foreign.has(b.name) || hostBuiltins.has(b.name));
  return `${JSON.stringify({ ...all, builtins: kept }, null, 2)}\n`;
}

async function foreignBuiltins(opa: string, called: readonly OpaBuiltin[]): Promise<ReadonlySet<string>> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-probe-'));
  try {
    await writeFile(join(folder, 'probe.rego'), probe(called));
    const out = join(folder, 'probe.tar.gz');
    await runOpa(opa, ['build', '-t', 'wasm', '-e', 'probe/calls', '-o', out, join(folder, 'probe.rego')]);
    const wasm = readTar(gunzipCapped(await readFile(out), 64 << 20), 100).get('policy.wasm');
    if (wasm === undefined) throw new TypeError('opa build wrote no policy.wasm');
    return new Set(neededBuiltins(new WebAssembly.Module(new Uint8Array(wasm))));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function probe(called: readonly OpaBuiltin[]): string {
  return `package probe\n\ncalls := {\n${called.map((b) => `\t${JSON.stringify(b.name)}: ${probeCall(b)},`).join('\n')}\n}\n`;
}

function probeCall(b: OpaBuiltin): string {
  const operands = (b.decl.args ?? []).map((_, i) => `input.operand${i}`);
  if (b.relation) return `[x | ${b.name}(${[...operands, 'x'].join(', ')})]`;
  return `[x | x := ${b.name}(${operands.join(', ')})]`;
}
