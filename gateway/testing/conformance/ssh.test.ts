import { afterAll, beforeAll, describe, test } from 'vitest';
import { conform } from '../../protocols/conformance.ts';
import { noSshd, sftpServer, sshdPath, startSshd, type TestSshd } from '../sshd.ts';
import { openSftpSubject } from './sftp.ts';
import { openSshSubject } from './ssh.ts';

describe.skipIf(sshdPath === undefined)(sshdPath === undefined ? `SSH (skipped: ${noSshd})` : 'SSH', () => {
  let sshd: TestSshd;
  beforeAll(async () => {
    sshd = await startSshd({ recordLines: true });
  });
  afterAll(() => sshd[Symbol.asyncDispose]());

  conform({
    open: () => openSshSubject(sshd),
    skips: {},
    test,
  });
});

const noServer = sshdPath === undefined ? noSshd : 'no sftp-server beside sshd: install openssh-sftp-server';
const hasServer = sshdPath !== undefined && sftpServer !== undefined;
describe.skipIf(!hasServer)(hasServer ? 'files over SSH' : `files over SSH (skipped: ${noServer})`, () => {
  let sshd: TestSshd;
  beforeAll(async () => {
    sshd = await startSshd({ recordFiles: true });
  });
  afterAll(() => sshd[Symbol.asyncDispose]());

  conform({
    open: () => openSftpSubject(sshd),
    skips: {
      'a masked value is absent from client, errors, notices and recording':
        'sftp has no notices, and no error of it quotes a file: testing/ssh/downloads.test.ts has masked files',
    },
    test,
  });
});
