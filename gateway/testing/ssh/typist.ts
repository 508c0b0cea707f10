import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import ssh2, { type ClientChannel } from 'ssh2';
import type { SshRig } from './rig.ts';

export interface Size {
  readonly cols: number;
  readonly rows: number;
}

/** What bash tells a terminal before and after each line that is edited: nobody sees it. */
// oxlint-disable-next-line no-control-regex -- a control character is what it begins with
const pasteModes = /\u001b\[\?2004[hl]\r?/g;

/** Somebody at a terminal with a shell behind the gateway: types, and waits for what there is to see. */
export class Typist {
  readonly exit: Promise<{ readonly code: number | undefined; readonly signal: string | undefined }>;
  readonly #client: ssh2.Client;
  readonly #channel: ClientChannel;
  #output = '';
  /** What nobody has waited for yet. */
  #fresh = '';
  #isOver = false;
  #more = Promise.withResolvers<void>();

  static async open(world: SshRig, principal: string, { cols, rows }: Size): Promise<Typist> {
    const client = new ssh2.Client();
    const privateKey = readFileSync(await world.login(principal));
    client.connect({ host: '127.0.0.1', port: world.port, username: 'web1', privateKey });
    await once(client, 'ready');
    const channel = await new Promise<ClientChannel>((resolve, reject) => {
      client.shell({ cols, rows, term: 'xterm-256color' }, (error, opened) =>
        error ? reject(error) : resolve(opened),
      );
    });
    return new Typist(client, channel);
  }

  private constructor(client: ssh2.Client, channel: ClientChannel) {
    this.#client = client;
    this.#channel = channel;
    const decoder = new TextDecoder();
    const see = (bytes: Buffer) => {
      const text = decoder.decode(bytes, { stream: true });
      this.#output += text;
      this.#fresh = (this.#fresh + text).replaceAll(pasteModes, '');
      this.#wake();
    };
    channel.on('data', see);
    channel.stderr.on('data', see);
    client.on('error', () => undefined);
    this.exit = new Promise((resolve) => {
      let how: { code: number | undefined; signal: string | undefined } = { code: undefined, signal: undefined };
      channel.on('exit', (code: number | null, signal?: string) => (how = { code: code ?? undefined, signal }));
      const end = () => {
        this.#isOver = true;
        this.#wake();
        resolve(how);
        client.end();
      };
      channel.on('close', end);
      client.on('close', end);
    });
  }

  /** All that there was to see. */
  get output(): string {
    return this.#output;
  }

  type(keys: string | Buffer): void {
    this.#channel.write(keys);
  }

  /** Waits for it behind what was waited for before. @throws when the shell ends without it */
  async sees(what: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = what.exec(this.#fresh);
      if (found) {
        this.#fresh = this.#fresh.slice(found.index + found[0].length);
        return found;
      }
      if (this.#isOver) throw new Error(`never saw ${what}: ${JSON.stringify(this.#output)}`);
      await this.#more.promise;
    }
  }

  /** Types a line, and waits for what it prints and for the next prompt. @returns all of it */
  async runs(line: string, printed: RegExp): Promise<string> {
    this.type(`${line}\r`);
    const [before] = await this.sees(new RegExp(`[^]*(?:${printed.source})`));
    const [after] = await this.sees(/[^]*ready> $/);
    return before + after;
  }

  resize({ cols, rows }: Size): void {
    this.#channel.setWindow(rows, cols, 0, 0);
  }

  pause(): void {
    this.#channel.pause();
  }

  resume(): void {
    this.#channel.resume();
  }

  hangUp(): void {
    this.#client.destroy();
  }

  #wake(): void {
    this.#more.resolve();
    this.#more = Promise.withResolvers<void>();
  }
}
