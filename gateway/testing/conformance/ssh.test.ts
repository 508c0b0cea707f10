import { afterAll, beforeAll, describe, test } from 'vitest';
import { conform } from '../../protocols/conformance.ts';
import { noSshd, sshdPath, startSshd, type TestSshd } from '../sshd.ts';
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
