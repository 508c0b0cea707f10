import { closeSync, fdatasync, fsync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';

/** The few things that the journal asks of a file system; a port so that a full or a broken disk can be played. */
export interface Disk {
  /** Opens for writing at the end; creates. @returns a descriptor */
  open(path: string): number;
  /** @returns bytes written, which may be fewer */
  write(fd: number, bytes: Buffer, from: number, to: number): number;
  truncate(fd: number, length: number): void;
  /** Resolves when what was written to the file is on the medium. */
  flush(fd: number): Promise<void>;
  /** The same for the names in a directory. */
  flushDirectory(path: string): Promise<void>;
  close(fd: number): void;
}

export const realDisk: Disk = {
  open: (path) => openSync(path, 'a', 0o600),
  write: (fd, bytes, from, to) => writeSync(fd, bytes, from, to - from),
  truncate: (fd, length) => ftruncateSync(fd, length),
  flush: (fd) => settle((done) => fdatasync(fd, done)),
  async flushDirectory(path) {
    const fd = openSync(path, 'r');
    try {
      await settle((done) => fsync(fd, done));
    } finally {
      closeSync(fd);
    }
  },
  close: (fd) => closeSync(fd),
};

/** For rooms that may block: the writer of tiles. */
export function flushPathSync(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function settle(start: (done: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => (error ? reject(error) : resolve()));
  });
}
