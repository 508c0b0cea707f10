import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { gatewayFlags } from '../../scripts/bench/world.ts';

// In a process of its own: flags of V8 stay for ever, and one that it does not know is said on standard error. How much is gathered is for
// the benchmark to measure: it hangs on when the collector runs.
test('V8 takes the bound on young buffers without complaint', async () => {
  const script = `import { boundBuffers } from ${JSON.stringify(join(import.meta.dirname, 'heap.ts'))}; boundBuffers();`;
  const { stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  expect(stderr).toBe('');
});

test('the benchmark starts the gateway with the flags that the command starts it with', async () => {
  const launcher = await readFile(join(import.meta.dirname, '../../scripts/sallyport'), 'utf8');
  expect(launcher).toContain(`exec node ${gatewayFlags.join(' ')} "$sallyport_root/gateway/cli/main.ts"`);
});
