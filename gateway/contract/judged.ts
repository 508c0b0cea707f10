import type { RecordedCommand, SessionFrame } from './ports.ts';

/** A decision of the past with all that it was made of, as a recording has it. What came from a file is not proven by this type. */
export interface JudgedCommand extends RecordedCommand {
  readonly frame: SessionFrame;
  /** When it was recorded, milliseconds since the epoch: right after it was made. */
  readonly atMs: number;
}
