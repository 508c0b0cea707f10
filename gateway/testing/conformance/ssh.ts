import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { Answer, Samples, Subject, Wire } from '../../protocols/conformance-subject.ts';
import type { TestSshd } from '../sshd.ts';
import { openFront } from '../ssh/front.ts';
import { openRecordingProxy } from './recording-proxy.ts';
import { frame, SshWire } from './ssh-wire.ts';

const large = 64_000_000;
/** A card number, which the suite's mask looks for. */
const secret = '4242 4242 4242 4242';

function samplesIn(dir: string): Samples {
  const mark = 'must_not_be';
  const file = join(dir, 'customers');
  writeFileSync(file, `ana ${secret}\n`);
  const unknown = (name: string, payload: Buffer) => ({ name, bytes: frame('payload', payload), mark });
  return {
    plain: { text: 'echo fine', answer: 'fine' },
    others: ['pwd', 'uname'],
    denied: { text: `touch ${join(dir, mark)}`, mark },
    masked: { secret, value: `cat ${file}`, error: `cat ${file} >&2; exit 3`, notice: `cat ${file} >&2` },
    large: { text: `head -c ${large} /dev/zero`, bytes: large },
    // It notices that nobody reads any more. A host goes on with what does not, and until that has ended the gateway does not leave the host.
    endless: 'while echo on; do sleep 0.1; done',
    unknown: [
      unknown('a message type that does not exist', Buffer.from(`\xC8${mark}`, 'latin1')),
      unknown('a message that only servers send', Buffer.concat([Buffer.from([51]), Buffer.from(mark)])),
      unknown('a message without a type', Buffer.alloc(0)),
      unknown(
        'a channel whose type lies about its length',
        Buffer.concat([Buffer.from([90, 255, 255, 255, 255]), Buffer.from(mark)]),
      ),
      unknown('a request without a name', Buffer.from([80, 0])),
    ],
    // With AES-GCM the length stands in the clear before each packet.
    tooLong: frame('bytes', Buffer.from([0x40, 0, 0, 0, 1, 2, 3, 4])),
  };
}

/** What is said over a connection to the subject. */
export interface Talk {
  samples(dir: string): Samples;
  /** What the host was asked for, as it noted itself. */
  received(sshd: TestSshd): Buffer;
  open(port: number, user: string, key: string): Promise<Wire>;
  native(options: readonly string[], dir: string, text: string): Promise<Answer>;
}

const lines: Talk = {
  samples: samplesIn,
  received: (sshd) => sshd.lines(),
  open: (port, user, key) => SshWire.open(port, user, key),
  native: (options, _dir, text) => ask('ssh', [...options, 'web1@127.0.0.1', text]),
};

/** The adapter, enforcement and a real sshd behind a proxy; what the host was asked to run is what it noted itself. */
export async function openSshSubject(sshd: TestSshd, talk: Talk = lines): Promise<Subject> {
  await using opening = new AsyncDisposableStack();
  const proxy = opening.use(await openRecordingProxy(sshd.port));
  const samples = talk.samples(sshd.dir);
  const file = join(sshd.dir, samples.denied.mark);
  rmSync(file, { force: true, recursive: true });
  for (const noted of ['lines', 'asked']) writeFileSync(join(sshd.dir, noted), '');
  const { port: hostPort } = proxy;
  const front = opening.use(await openFront({ ...sshd, port: hostPort }));
  const { world, userKey, listener } = front;
  const { port } = listener;
  const opened = opening.move();
  return {
    world,
    samples,
    target: {
      received: () => talk.received(sshd),
      hasRun: async () => existsSync(file),
      get sentBytes() {
        return proxy.sentBytes;
      },
      crash: () => proxy.crash(),
      idle: () => proxy.idle(),
    },
    async connect() {
      const before = front.sessions;
      const wire = await talk.open(port, 'web1', userKey);
      // The login is over before the gateway has reached the host: what the suite does to the host has to reach this session too.
      while (front.sessions === before) await turn();
      return wire;
    },
    native: (texts) => askByOpenssh(port, sshd.dir, userKey, texts, talk),
    encryptions: encryptions(port),
    drain: () => void listener.drain(1_000),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** OpenSSH's own client, with one connection for all commands. */
async function askByOpenssh(
  port: number,
  dir: string,
  key: string,
  texts: readonly string[],
  talk: Talk,
): Promise<readonly Answer[]> {
  const keyFile = join(dir, 'native');
  writeFileSync(keyFile, key, { mode: 0o600 });
  const options = [
    ...['-i', keyFile, '-o', `Port=${port}`, '-F', 'none', '-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes'],
    ...['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR'],
    ...['-o', 'ControlMaster=auto', '-o', `ControlPath=${join(dir, 'control')}`, '-o', 'ControlPersist=yes'],
  ];
  const answers: Answer[] = [];
  for (const text of texts) answers.push(await talk.native(options, dir, text));
  await ask('ssh', [...options, '-O', 'exit', 'web1@127.0.0.1']);
  return answers;
}

/** Runs one of OpenSSH's clients to its end. */
export async function ask(program: 'ssh' | 'sftp', args: readonly string[]): Promise<Answer> {
  // Not a pipe for standard error of the master, which outlives the command.
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const [code] = (await once(child, 'exit')) as [number | null]; // what `exit` carries
  return { ok: code === 0, text };
}

// --- encryption inside of the encryption, and none at all -------------------------------------------------------------------------

/** How a TLS ClientHello begins. */
const hello = Buffer.from([0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0]);

function encryptions(port: number): Subject['encryptions'] {
  const openings: readonly (readonly [name: string, bytes: Buffer])[] = [
    ['a ClientHello before the version', hello],
    ['SSH 1', Buffer.from('SSH-1.5-old\r\n')],
    ['a version without end', Buffer.from(`SSH-2.0-${'x'.repeat(10_000)}`)],
  ];
  return openings.map(([name, bytes]) => ({ name, bytes, attempt: () => hungUpOn(port, bytes) }));
}

/** `refused` when nothing but the gateway's own version comes back before the connection is closed. */
async function hungUpOn(port: number, bytes: Buffer): Promise<'refused' | 'passed'> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  socket.on('error', () => undefined);
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  await once(socket, 'connect');
  socket.write(bytes);
  await once(socket, 'close');
  return /^SSH-2\.0-Sallyport [ -~]*\r\n$/.test(text) ? 'refused' : 'passed';
}
