import type { Command } from '../../contract/command.ts';
import type { JudgedCommand } from '../../contract/judged.ts';
import type { LineProtocol } from '../../policy/lines/protocol.ts';
import { readSuite, type FixtureTarget } from '../../policy/lines/read.ts';
import { mistakeLine } from '../../policy/lines/yaml-file.ts';
import type { Labels } from '../../policy/labels.ts';
import { openLineProtocols } from '../lines/protocols.ts';

/** A command read anew from its recorded text, or why the recorded facts have to do. */
export type Reparsed = { readonly ok: true; readonly command: Command } | { readonly ok: false; readonly why: string };

const kept = (why: string): Reparsed => ({ ok: false, why });

/** Reads recorded texts as production reads them: today's parser, the catalog of a fixture, and the labels of one bundle. */
export class Reparser implements AsyncDisposable {
  readonly #protocols = openLineProtocols();
  readonly #labels: Labels;
  #targets: ReadonlyMap<string, FixtureTarget> = new Map();
  /** Facts by target and text: most commands repeat. */
  readonly #known = new Map<string, Promise<Reparsed>>();

  private constructor(labels: Labels) {
    this.#labels = labels;
  }

  /** @param tests directories with `fixtures/<target>.yaml` @throws Error naming what is wrong with one */
  static async open(labels: Labels, tests: readonly string[]): Promise<Reparser> {
    const reparser = new Reparser(labels);
    const { targets, mistakes } = await readSuite(tests, reparser.#protocols.all);
    if (mistakes.length > 0) throw new Error(mistakes.map(mistakeLine).join('\n'));
    reparser.#targets = targets;
    return reparser;
  }

  /** The command with facts of today, in its old place. */
  async read(judged: JudgedCommand): Promise<Reparsed> {
    const { frame, text, params, place, erased } = judged;
    if (erased.includes('text')) return kept('the recording blanks their text');
    const target = this.#targets.get(frame.target.name);
    if (!target) return kept(`no fixture describes ${frame.target.name}`);
    const key = `${frame.target.name}\0${text}`;
    let reading = this.#known.get(key);
    if (!reading) {
      reading = this.#factsOf(text, target.protocol, target);
      this.#known.set(key, reading);
      if (this.#known.size > maxKnown) this.#known.delete(this.#known.keys().next().value ?? key);
    }
    const read = await reading;
    return read.ok ? { ok: true, command: { ...read.command, params, ...place } as Command } : read; // its place is of the same protocol
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#protocols[Symbol.asyncDispose]();
  }

  async #factsOf(text: string, protocol: LineProtocol, { target, section }: FixtureTarget): Promise<Reparsed> {
    const labels = this.#labels.columnsOf(target.name);
    const read = await protocol.commandsOf({ text, params: [] }, { target, section, labels });
    if (!read.ok) return kept('they mean nothing by themselves, such as EXECUTE of what was prepared before');
    const [one, ...more] = read.commands;
    return one && more.length === 0
      ? { ok: true, command: one.command }
      : kept('they are read as more than one statement today');
  }
}

const maxKnown = 50_000;
