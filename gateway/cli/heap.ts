import { setFlagsFromString } from 'node:v8';

/** V8 14 (Node 25) took the flag away and counts these buffers otherwise: it lets 64 MiB of them gather. */
const canBoundBuffers = Number.parseInt(process.versions.v8) < 14;

/**
 * Lets V8 collect young buffers after 8 MiB of them. Every read of a socket makes a buffer outside the heap, and V8 looks for dead ones only
 * when twice its largest new space has gathered, which is 128 MiB on a machine with much memory, however small the heap was told to be.
 * Collecting sooner costs nothing that could be measured: nearly all of them are dead. (`Heap::AllocateExternalBackingStore` in V8's sources;
 * the flag is in megabytes, counts double without pointer compression, and is read at each allocation.)
 * The new space itself is bounded where Node is started: `scripts/sallyport`.
 */
export function boundBuffers(): void {
  if (!canBoundBuffers) return;
  setFlagsFromString('--scavenger-max-new-space-capacity-mb=2');
}
