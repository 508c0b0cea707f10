import { open } from 'node:fs/promises';
import { SallyportError } from '../contract/errors.ts';

const maxBytes = 64 * 1024;

/**
 * Reads a file that holds a secret. The open file is what is checked and read, so nothing can be swapped in between.
 * @throws SallyportError `credential-missing` when it cannot be read, is too long, or everybody on the machine could read it
 */
export async function readPrivateFile(path: string): Promise<string> {
  try {
    await using file = await open(path, 'r');
    const { mode, size } = await file.stat();
    if (mode & 0o007)
      throw missing(`${path} is open to everybody (mode ${(mode & 0o777).toString(8)}); run: chmod 600 ${path}`);
    if (size > maxBytes) throw missing(`${path} is longer than ${maxBytes} bytes`);
    return await file.readFile('utf8');
  } catch (cause) {
    throw cause instanceof SallyportError ? cause : missing(`${path} cannot be read`, cause);
  }
}

function missing(message: string, cause?: unknown): SallyportError {
  return new SallyportError('credential-missing', message, { cause });
}
