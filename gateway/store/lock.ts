import { DatabaseSync } from 'node:sqlite';
import { SallyportError } from '../contract/errors.ts';

/**
 * Holds a file for this process until disposed of. The kernel lets go when the process dies, however it dies,
 * which a file with a process id in it cannot say. Node has no lock of its own, but SQLite's is one.
 * @throws SallyportError `store-unavailable` when somebody else holds it
 */
export function holdLock(path: string): Disposable {
  const sqlite = open(path);
  try {
    sqlite.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    sqlite.close();
    throw new SallyportError('store-unavailable', `${path} is in use by another process`, { cause: error });
  }
  return { [Symbol.dispose]: () => sqlite.close() };
}

function open(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path);
  } catch (error) {
    throw new SallyportError('store-unavailable', `cannot open ${path}`, { cause: error });
  }
}
