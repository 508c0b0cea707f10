import { expect, test } from 'vitest';
import type { Denial, Exchange } from '../../../contract/exchange.ts';
import type { Gate } from '../../../contract/gate.ts';
import { asId } from '../../../contract/ids.ts';
import { reservedByte } from './judging-shell.ts';
import { LineShell } from './line-shell.ts';

const secret = '01234567-89ab-cdef-0123-456789abcdef';
const interrupt = '\u0003';
const mark = String.fromCharCode(reservedByte);
const cancelled: Denial = {
  code: 'approval_cancelled',
  message: 'approval cancelled',
  requestId: asId('R1'),
  revision: asId('v1'),
};

const hex = (text: string) => Array.from(text, (letter) => `${letter.codePointAt(0)?.toString(16)},`).join('');
const asks = (text: string, isWhole = true) => `\u001b]5379;line;${secret};${isWhole ? 1 : 0};${hex(text)}\u0007`;
const heard = (keys = '') => `\u001b]5379;done;${secret};${hex(keys)}\u0007`;

/** A shell before a gate that holds each line until it is given up, and answers with `given`. */
function setUp(given: (x: Exchange) => void = (x) => void x.deny(cancelled)) {
  const sent: string[] = [];
  const offer = (x: Exchange) => x.signal.addEventListener('abort', () => given(x));
  const gate = { offer, refused: () => undefined } as Partial<Gate> as Gate; // what a shell asks of it
  const shell = new LineShell({
    gate,
    maxLineBytes: 1_000,
    send: (bytes) => void sent.push(bytes.toString('latin1')),
    show: () => undefined,
    fail: (why) => sent.push(`failed: ${why}`),
    failed: (error) => sent.push(`failed: ${String(error)}`),
  });
  const host = (text: string) => void shell.output(Buffer.from(text));
  const client = (keys: string) => void shell.keys(Buffer.from(keys));
  host('\u001b]5379;ready\u0007');
  return { sent, host, client };
}

test('Ctrl-C gives up the line that waits, and bash, on its way back to its prompt, is not interrupted in the next one', async () => {
  const { sent, host, client } = setUp();
  client('touch x\r');
  host(asks('touch x'));
  client(`forgotten${interrupt}true\r`);
  host(heard('too'));
  expect(sent).toEqual(['touch x\r', `${mark}${secret} no ${mark}`, 'true\r']);
});

test('Ctrl-C reaches what runs', async () => {
  const { sent, host, client } = setUp();
  client('\r');
  host(asks(''));
  client(interrupt);
  host(heard());
  expect(sent).toEqual(['\r', `${mark}${secret} run ${mark}`, interrupt]);
});

test('Ctrl-C reaches a bash that goes on reading a line', async () => {
  const { sent, host, client } = setUp();
  client('done\r');
  host(asks('done', false));
  await Promise.resolve();
  client(interrupt);
  host(heard());
  expect(sent).toEqual(['done\r', `${mark}${secret} no ${mark}`, interrupt]);
});
