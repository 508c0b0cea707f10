import { execFileSync } from 'node:child_process';
import { closeSync, constants, existsSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Samples, Subject } from '../../protocols/conformance-subject.ts';
import { encodePacket, requestTypes as types } from '../../protocols/ssh/sftp/wire.ts';
import type { TestSshd } from '../sshd.ts';
import { SftpWire } from './sftp-wire.ts';
import { ask, openSshSubject, type Talk } from './ssh.ts';
import { frame } from './ssh-wire.ts';

const large = 64_000_000;

function samplesIn(dir: string): Samples {
  const mark = 'must_not_be';
  const path = (name: string) => join(dir, name);
  writeFileSync(path('plain'), 'fine\n');
  writeFileSync(path('large'), '');
  truncateSync(path('large'), large);
  if (!existsSync(path('pipe'))) execFileSync('mkfifo', [path('pipe')]);
  const unknown = (name: string, payload: Buffer) => ({ name, bytes: frame('payload', payload), mark });
  return {
    plain: { text: `open read ${path('plain')}`, answer: 'fine' },
    others: [`stat ${path('id')}`, `stat ${path('host')}`],
    denied: { text: `mkdir ${path(mark)}`, mark },
    // No test of it: see where the suite is called.
    masked: { secret: mark, value: mark, error: mark, notice: mark },
    large: { text: `open read ${path('large')}`, bytes: large },
    // A pipe that nobody writes to. The path alone, which is what the host sees of it.
    endless: path('pipe'),
    unknown: [
      unknown('a type that does not exist', encodePacket(77, 7, mark)),
      unknown('a type that only servers send', encodePacket(101, 7, 0, mark, 'en')),
      unknown('an extension that nobody knows', encodePacket(types.extended, 7, 'shell@example.com', mark)),
      unknown(
        'a path that lies about its length',
        encodePacket(types.remove, 7, { raw: Buffer.from(`\0\0\xFF\xFF${mark}`) }),
      ),
      unknown('a path with a NUL', encodePacket(types.remove, 7, `/tmp/${mark}\0`)),
      unknown('flags that an open does not have', encodePacket(types.open, 7, `/tmp/${mark}`, 0x100, 0)),
      unknown('more than belongs to it', encodePacket(types.stat, 7, '/', mark)),
      unknown('a packet without an id', encodePacket(77, undefined)),
    ],
    tooLong: frame('bytes', Buffer.from([0x40, 0, 0, 0])),
  };
}

const files: Talk = {
  samples: samplesIn,
  received: (sshd) => sshd.asked(),
  open: (port, user, key) => SftpWire.open(port, user, key),
  async native(options, dir, text) {
    const [operation = '', path = ''] = [text.split(' ')[0], text.split(' ').at(-1)];
    const local = join(dir, 'got');
    rmSync(local, { force: true });
    writeFileSync(join(dir, 'batch'), operation === 'open' ? `get ${path} ${local}\n` : `${text}\n`);
    const { ok, text: said } = await ask('sftp', [...options, '-b', join(dir, 'batch'), 'web1@127.0.0.1']);
    return { ok, text: `${said}${existsSync(local) ? readFileSync(local, 'utf8') : ''}` };
  },
};

/** The same adapter as for command lines, and an sshd whose sftp notes what it is sent. Texts are operations as the log writes them. */
export async function openSftpSubject(sshd: TestSshd): Promise<Subject> {
  const subject = await openSshSubject(sshd, files);
  return {
    ...subject,
    target: {
      ...subject.target,
      get sentBytes() {
        return subject.target.sentBytes;
      },
      // A server that waits for the pipe does not notice that its client is gone, and until it has ended the gateway does not leave the host.
      idle() {
        releaseReaders(join(sshd.dir, 'pipe'));
        return subject.target.idle();
      },
    },
    [Symbol.asyncDispose]: async () => {
      await subject[Symbol.asyncDispose]();
      releaseReaders(join(sshd.dir, 'pipe'));
    },
  };
}

/** Whoever still waits for the pipe to be opened goes on, and finds that nobody is there any more. */
function releaseReaders(pipe: string): void {
  try {
    closeSync(openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENXIO')) throw error; // ENXIO: nobody waits
  }
}
