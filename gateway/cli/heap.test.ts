import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { canBoundBuffers } from './heap.ts';
import { gatewayFlags } from '../../scripts/bench/world.ts';

// In a process of its own: flags of V8 stay for ever.
const script = `
import { boundBuffers } from ${JSON.stringify(join(import.meta.dirname, 'heap.ts'))};
boundBuffers();
let most = 0;
for (let i = 0; i < 8_000; i++) {
  Buffer.allocUnsafeSlow(65_536);
  if (i % 100 === 0) {
    most = Math.max(most, process.memoryUsage().arrayBuffers);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
process.stdout.write(String(most / 2 ** 20));
`;

test('of half a gigabyte of buffers that nobody holds on to only a small part is there at once', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  expect(Number(stdout)).toBeGreaterThan(0);
  expect(Number(stdout)).toBeLessThan(canBoundBuffers ? 48 : 160);
  expect(stderr).toBe('');
});

test('the benchmark starts the gateway with the flags that the command starts it with', async () => {
  const launcher = await readFile(join(import.meta.dirname, '../../scripts/sallyport'), 'utf8');
  expect(launcher).toContain(`exec node ${gatewayFlags.join(' ')} "$sallyport_root/gateway/cli/main.ts"`);
});
