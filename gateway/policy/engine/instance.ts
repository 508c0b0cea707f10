import { SallyportError } from '../../contract/errors.ts';
import type { Json } from '../../contract/principal.ts';
import { hostBuiltins } from './builtins.ts';
import { exportsOf, textAt, type OpaExports, type PolicyModule } from './module.ts';

const pageBytes = 65_536;

/**
 * Memory of one instance, all of it from the start: growing stops the process for a garbage collection each time.
 * Pages that nobody touches cost address space only.
 */
export const memoryBudget = {
  /** Parsed JSON takes up to 90 times its text (an array of digits); 256 KiB of input fits. */
  evaluationBytes: 32 << 20,
  /** Parsed principals, targets and clients of open sessions. */
  partsBytes: 64 << 20,
  /** Parsed data takes about 16 times its text. */
  perDataByte: 16,
} as const;

/** A value that lies parsed in the instance, and the path value that says where in the input it belongs. */
export interface Attachment {
  readonly path: number;
  readonly value: number;
}

/**
 * One instance of the policy's wasm module, spoken to by its exports.
 *
 * The heap is a stack of three: the data, then values parsed once and kept (`keep`), then what one evaluation needs.
 * `#stable` is the border; each evaluation starts there by setting the heap pointer back, which frees everything above.
 * Nothing below the border is ever changed: an evaluation attaches kept values to an input of its own.
 *
 * Whoever catches an error from an instance throws the instance away: a trap leaves its stack pointer where it was.
 */
export class PolicyInstance {
  readonly #exports: OpaExports;
  readonly #memory: Buffer;
  readonly #data: number;
  #stable: number;

  /** @throws SallyportError `engine-failed` */
  constructor(module: PolicyModule, data: string) {
    const bytes = memoryBudget.evaluationBytes + memoryBudget.partsBytes + data.length * memoryBudget.perDataByte;
    const pages = Math.ceil(bytes / pageBytes);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const instance = new WebAssembly.Instance(module.wasm, { env: this.#imports(module, memory) });
    this.#exports = exportsOf(instance);
    // Only now: starting up, the module grows its memory by nothing, and that detaches every earlier view.
    this.#memory = Buffer.from(memory.buffer);
    this.#stable = this.#exports.opa_heap_ptr_get();
    this.#data = this.keep(data);
  }

  /** Bytes below the border: data and everything kept. */
  get keptBytes(): number {
    return this.#stable;
  }

  /** Parses JSON to stay. @returns its address */
  keep(json: string): number {
    const value = this.#parse(json);
    this.#stable = aligned(this.#exports.opa_heap_ptr_get());
    return value;
  }

  /** Evaluates one entrypoint, with `input` undefined for the policy when it is here. @returns the result set as JSON: `[{"result": ...}]`, or `[]` when it is undefined */
  evaluate(entrypoint: number, input: string | undefined, attachments: readonly Attachment[]): string {
    const x = this.#exports;
    const value = this.#parse(input ?? 'null'); // this also frees what the evaluation before left
    for (const { path, value: kept } of attachments) {
      if (x.opa_value_add_path(value, path, kept) !== 0) throw failed('cannot attach to the input');
    }
    const context = x.opa_eval_ctx_new();
    if (input !== undefined) x.opa_eval_ctx_set_input(context, value);
    x.opa_eval_ctx_set_data(context, this.#data);
    x.opa_eval_ctx_set_entrypoint(context, entrypoint);
    if (x.eval(context) !== 0) throw failed('evaluation failed');
    return textAt(this.#memory, x.opa_json_dump(x.opa_eval_ctx_get_result(context)));
  }

  /** Parses at the border. OPA's own `opa_eval` takes unparsable input for undefined input; here it is an error. */
  #parse(json: string): number {
    const x = this.#exports;
    // Three bytes for each UTF-16 unit at most. What does not fit would be cut without a word.
    if (this.#stable + json.length * 3 + pageBytes > this.#memory.length) throw failed('memory is used up');
    const bytes = this.#memory.write(json, this.#stable, 'utf8');
    x.opa_heap_ptr_set(aligned(this.#stable + bytes));
    const value = x.opa_json_parse(this.#stable, bytes);
    if (value === 0) throw failed('input is not JSON');
    return value;
  }

  #imports(module: PolicyModule, memory: WebAssembly.Memory): Readonly<Record<string, unknown>> {
    const call = (id: number, _context: number, ...operands: readonly number[]) => this.#builtin(module, id, operands);
    return {
      memory,
      opa_abort: (address: number): never => {
        throw failed(textAt(Buffer.from(memory.buffer), address));
      },
      opa_println: () => undefined,
      opa_builtin0: call,
      opa_builtin1: call,
      opa_builtin2: call,
      opa_builtin3: call,
      opa_builtin4: call,
    };
  }

  /** @returns the address of the answer, or 0 for undefined */
  #builtin(module: PolicyModule, id: number, operands: readonly number[]): number {
    const name = module.builtins.get(id);
    const builtin = name === undefined ? undefined : hostBuiltins.get(name);
    if (builtin === undefined) throw failed(`no built-in ${name ?? id}`); // compileModule lets none through
    const x = this.#exports;
    // JSON.parse gives nothing but Json.
    const values = operands.map((address) => JSON.parse(textAt(this.#memory, x.opa_json_dump(address))) as Json);
    const answer = builtin(...values);
    if (answer === undefined) return 0;
    const text = JSON.stringify(answer);
    const address = x.opa_malloc(text.length * 3);
    return x.opa_json_parse(address, this.#memory.write(text, address, 'utf8'));
  }
}

function aligned(address: number): number {
  return (address + 15) & ~15;
}

function failed(what: string): SallyportError {
  return new SallyportError('engine-failed', `policy engine: ${what}`);
}
