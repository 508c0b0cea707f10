import type { Entrypoint } from '../../contract/command.ts';
import { asId, type Revision } from '../../contract/ids.ts';
import type { VerifiedBundle } from '../bundle/verify.ts';
import { AnswerReader } from './answers.ts';
import { decisionEntrypoints, entrypointOf } from './entrypoints.ts';
import { PolicyInstance, type Attachment } from './instance.ts';
import { compileModule, type PolicyModule } from './module.ts';
import { partNames, Projection, type PartName } from './projection.ts';
import { Refusal } from './refusals.ts';

/** The longest input, in UTF-16 units. Beyond it parsing inside wasm takes tenths of a second, and nothing can interrupt it. */
export const maxInputLength = 256 << 10;
/** Kept values that no session uses any more: past this an instance is replaced by a fresh one. */
const maxDeadBytes = 8 << 20;

/**
 * A JSON value that sessions share as long as it reads the same: the principal's groups, the target. Parsed once for each instance.
 * Sessions of one team on one target need not even one more, however many they are.
 */
export interface Part {
  readonly name: PartName;
  readonly json: string;
  users: number;
  home: PolicyInstance | undefined;
  address: number;
  bytes: number;
}

/**
 * One activated bundle. It owns an instance, and makes another when the first one failed or holds too much that nobody needs:
 * an instance cannot free single values, so parts carry their JSON and are parsed again where they are needed next.
 */
export class Engine {
  readonly revision: Revision;
  readonly expiresAtMs: number;
  readonly answers: AnswerReader;
  readonly #module: PolicyModule;
  readonly #data: string;
  readonly #projections: ReadonlyMap<Entrypoint, { readonly id: number; readonly projection: Projection }>;
  readonly #parts = new Map<string, Part>();
  #instance: PolicyInstance | undefined;
  #paths: Readonly<Record<PartName, number>> | undefined;
  #deadBytes = 0;

  /** @throws SallyportError `bundle-invalid`, `engine-failed` */
  constructor(bundle: VerifiedBundle) {
    this.revision = asId<Revision>(bundle.manifest.revision);
    this.answers = new AnswerReader(this.revision);
    this.expiresAtMs = Date.parse(bundle.manifest.metadata.expires_at);
    this.#module = compileModule(bundle.wasm, decisionEntrypoints);
    this.#data = bundle.data.toString('utf8');
    const { reads } = bundle.manifest.metadata;
    this.#projections = new Map(
      entries(entrypointOf).map(([name, rule]) => {
        const id = this.#module.entrypoints.get(rule);
        if (id === undefined) throw new TypeError(rule); // compileModule saw that it is there
        return [name, { id, projection: new Projection(reads[rule]) }];
      }),
    );
    this.#running();
  }

  /** @throws Refusal `SP-006` */
  projection(entrypoint: Entrypoint): Projection {
    return this.#entry(entrypoint).projection;
  }

  /** A part for a session to hold until `release`. */
  retain(name: PartName, json: string): Part {
    const key = `${name}${json}`;
    const known = this.#parts.get(key);
    if (known !== undefined) {
      known.users++;
      return known;
    }
    const part: Part = { name, json, users: 1, home: undefined, address: 0, bytes: 0 };
    this.#parts.set(key, part);
    return part;
  }

  release(part: Part): void {
    part.users--;
    if (part.users > 0) return;
    this.#parts.delete(`${part.name}${part.json}`);
    if (part.home !== this.#instance) return;
    this.#deadBytes += part.bytes;
    if (this.#deadBytes > maxDeadBytes) this.#discard();
  }

  /**
   * The policy's answer as JSON text.
   * @throws Refusal `SP-004` when there is too much to judge
   * @throws SallyportError `engine-failed`; the next evaluation gets a fresh instance
   */
  evaluate(entrypoint: Entrypoint, input: string, parts: readonly Part[]): string {
    const { id } = this.#entry(entrypoint);
    let length = input.length;
    for (const part of parts) length += part.json.length;
    if (length > maxInputLength) throw new Refusal('SP-004', `${length} characters of ${maxInputLength}`);
    const { instance, paths } = this.#running();
    try {
      return instance.evaluate(
        id,
        input,
        parts.map((part) => attached(instance, paths, part)),
      );
    } catch (error) {
      this.#discard();
      throw error;
    }
  }

  #entry(entrypoint: Entrypoint): { readonly id: number; readonly projection: Projection } {
    const entry = this.#projections.get(entrypoint);
    if (entry === undefined) throw new Refusal('SP-006');
    return entry;
  }

  #running(): { readonly instance: PolicyInstance; readonly paths: Readonly<Record<PartName, number>> } {
    if (this.#instance !== undefined && this.#paths !== undefined) {
      return { instance: this.#instance, paths: this.#paths };
    }
    const instance = new PolicyInstance(this.#module, this.#data);
    const [principal, client, target] = partNames.map((name) => instance.keep(JSON.stringify([name])));
    const paths = { principal: principal ?? 0, client: client ?? 0, target: target ?? 0 };
    this.#instance = instance;
    this.#paths = paths;
    this.#deadBytes = 0;
    return { instance, paths };
  }

  #discard(): void {
    this.#instance = undefined;
    this.#paths = undefined;
  }
}

/** Where the part lies in this instance; parsed now if it does not yet. */
function attached(instance: PolicyInstance, paths: Readonly<Record<PartName, number>>, part: Part): Attachment {
  if (part.home !== instance) {
    const before = instance.keptBytes;
    part.address = instance.keep(part.json);
    part.bytes = instance.keptBytes - before;
    part.home = instance;
  }
  return { path: paths[part.name], value: part.address };
}

/** `Object.entries` with the keys' own type, which holds for a `const` object that nobody extends. */
function entries<K extends string, V>(table: Readonly<Record<K, V>>): readonly (readonly [K, V])[] {
  return Object.entries(table) as [K, V][]; // see above
}
