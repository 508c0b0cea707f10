import { SallyportError } from '../../contract/errors.ts';
import { hostBuiltins } from './builtins.ts';

/** What OPA's wasm ABI 1.3 promises and we use: openpolicyagent.org/docs/wasm. Addresses are offsets into `memory`. */
export interface OpaExports {
  opa_malloc(bytes: number): number;
  opa_heap_ptr_get(): number;
  opa_heap_ptr_set(address: number): void;
  opa_json_parse(text: number, bytes: number): number;
  opa_json_dump(value: number): number;
  opa_value_add_path(base: number, path: number, value: number): number;
  opa_eval_ctx_new(): number;
  opa_eval_ctx_set_input(context: number, value: number): void;
  opa_eval_ctx_set_data(context: number, value: number): void;
  opa_eval_ctx_set_entrypoint(context: number, id: number): void;
  opa_eval_ctx_get_result(context: number): number;
  eval(context: number): number;
  builtins(): number;
  entrypoints(): number;
}

const functionNames = [
  'opa_malloc',
  'opa_heap_ptr_get',
  'opa_heap_ptr_set',
  'opa_json_parse',
  'opa_json_dump',
  'opa_value_add_path',
  'opa_eval_ctx_new',
  'opa_eval_ctx_set_input',
  'opa_eval_ctx_set_data',
  'opa_eval_ctx_set_entrypoint',
  'opa_eval_ctx_get_result',
  'eval',
  'builtins',
  'entrypoints',
] as const satisfies readonly (keyof OpaExports)[];

const importNames = new Set([
  'memory',
  'opa_abort',
  'opa_println',
  'opa_builtin0',
  'opa_builtin1',
  'opa_builtin2',
  'opa_builtin3',
  'opa_builtin4',
]);

/** `opa_value_add_path` and what it needs came with ABI 1.3. */
const abi = { major: 1, minMinor: 3 } as const;
const probePages = 64;
const wasmPageBytes = 65_536;

/** A compiled policy whose every import, export, entrypoint and built-in is known to be there. */
export interface PolicyModule {
  readonly wasm: WebAssembly.Module;
  readonly entrypoints: ReadonlyMap<string, number>;
  readonly builtins: ReadonlyMap<number, string>;
}

/**
 * Compiles and inspects a policy. What is missing is found here, not on the path of a command.
 * @throws SallyportError `bundle-invalid`
 */
export function compileModule(bytes: Uint8Array, wanted: readonly string[]): PolicyModule {
  let wasm: WebAssembly.Module;
  try {
    // A copy: the bytes may be a slice of a shared buffer, which the WebAssembly types do not take.
    wasm = new WebAssembly.Module(new Uint8Array(bytes));
  } catch (cause) {
    throw new SallyportError('bundle-invalid', 'policy.wasm does not compile', { cause });
  }
  checkShape(wasm);
  const probe = inspect(wasm);
  const missing = [...probe.builtins.values()].filter((name) => !hostBuiltins.has(name));
  if (missing.length > 0) {
    throw new SallyportError('bundle-invalid', `policy calls what this gateway does not have: ${missing.join(', ')}`);
  }
  const absent = wanted.filter((name) => !probe.entrypoints.has(name));
  if (absent.length > 0) throw new SallyportError('bundle-invalid', `policy has no entrypoint ${absent.join(', ')}`);
  return { wasm, entrypoints: probe.entrypoints, builtins: probe.builtins };
}

/** Names of the built-ins that a module leaves to its host. */
export function neededBuiltins(wasm: WebAssembly.Module): readonly string[] {
  return [...inspect(wasm).builtins.values()];
}

/** The functions of an instance whose module passed `checkShape`. */
export function exportsOf(instance: WebAssembly.Instance): OpaExports {
  // checkShape saw each of these names exported as a function; their signatures are ABI 1.3's.
  return instance.exports as unknown as OpaExports;
}

/** Reads the NUL-terminated JSON text at `address`. */
export function textAt(memory: Buffer, address: number): string {
  const end = memory.indexOf(0, address);
  if (address <= 0 || end < 0) throw new SallyportError('engine-failed', 'policy answered outside its memory');
  return memory.toString('utf8', address, end);
}

function checkShape(wasm: WebAssembly.Module): void {
  for (const { module, name } of WebAssembly.Module.imports(wasm)) {
    if (module !== 'env' || !importNames.has(name)) {
      throw new SallyportError('bundle-invalid', `policy.wasm asks its host for ${module}.${name}`);
    }
  }
  const kinds = new Map(WebAssembly.Module.exports(wasm).map(({ name, kind }) => [name, kind]));
  for (const name of functionNames) {
    if (kinds.get(name) !== 'function') throw new SallyportError('bundle-invalid', `policy.wasm exports no ${name}`);
  }
  for (const name of ['opa_wasm_abi_version', 'opa_wasm_abi_minor_version']) {
    if (kinds.get(name) !== 'global') throw new SallyportError('bundle-invalid', `policy.wasm exports no ${name}`);
  }
}

/** Asks a throw-away instance what it offers and needs. */
function inspect(wasm: WebAssembly.Module): Pick<PolicyModule, 'entrypoints' | 'builtins'> {
  const memory = new WebAssembly.Memory({ initial: probePages, maximum: probePages });
  const silent = () => 0;
  const stop = (address: number): never => {
    throw new SallyportError('bundle-invalid', `policy.wasm aborted: ${textAt(Buffer.from(memory.buffer), address)}`);
  };
  const builtinImports = Object.fromEntries([0, 1, 2, 3, 4].map((i) => [`opa_builtin${i}`, silent]));
  let instance: WebAssembly.Instance;
  try {
    instance = new WebAssembly.Instance(wasm, {
      env: { memory, opa_abort: stop, opa_println: silent, ...builtinImports },
    });
  } catch (cause) {
    const pages = `${probePages} pages of ${wasmPageBytes} bytes`;
    throw new SallyportError('bundle-invalid', `policy.wasm does not start in ${pages}`, { cause });
  }
  checkAbi(instance);
  // Only now: starting up, the module grows its memory by nothing, and that detaches every earlier view.
  const bytes = Buffer.from(memory.buffer);
  const exports = exportsOf(instance);
  const entrypoints = idTable(textAt(bytes, exports.opa_json_dump(exports.entrypoints())));
  const builtins = idTable(textAt(bytes, exports.opa_json_dump(exports.builtins())));
  return { entrypoints, builtins: new Map([...builtins].map(([name, id]) => [id, name])) };
}

function checkAbi(instance: WebAssembly.Instance): void {
  const major = globalOf(instance, 'opa_wasm_abi_version');
  const minor = globalOf(instance, 'opa_wasm_abi_minor_version');
  if (major === abi.major && typeof minor === 'number' && minor >= abi.minMinor) return;
  throw new SallyportError('bundle-invalid', `policy.wasm speaks ABI ${String(major)}.${String(minor)}, not 1.3`);
}

function globalOf(instance: WebAssembly.Instance, name: string): unknown {
  const value = instance.exports[name];
  return value instanceof WebAssembly.Global ? value.value : undefined;
}

/** `{"a/b": 0}` as a map. */
function idTable(text: string): ReadonlyMap<string, number> {
  const table: unknown = JSON.parse(text);
  if (typeof table !== 'object' || table === null)
    throw new SallyportError('bundle-invalid', 'policy.wasm lists nothing');
  const ids = new Map<string, number>();
  for (const [name, id] of Object.entries(table)) {
    if (typeof id !== 'number') throw new SallyportError('bundle-invalid', `policy.wasm gives ${name} no number`);
    ids.set(name, id);
  }
  return ids;
}
