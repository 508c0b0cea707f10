import { pino, type BaseLogger } from 'pino';
import { allowedFields, safeText, type LogFields } from './fields.ts';
import { scrubLine } from './scrub.ts';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/**
 * The gateway's log: one line of JSON for each event. What happened to commands is in the audit log; this one is for whoever runs the gateway.
 * Secrets cannot be logged by construction: only listed fields are written (fields.ts), errors lose all but name, code, message and frames,
 * and every text and every finished line is scrubbed.
 */
export interface Log extends PinoLog {
  /** The same with fields that every line of it gets. */
  child(fields: LogFields): Log;
  /** Fields are checked by the compiler here. */
  say(level: LogLevel, fields: LogFields, message: string): void;
}

/** For rooms that take pino's own type. The list of fields holds at run time. Values for `%s` in a message are not taken. */
export type PinoLog = Pick<BaseLogger, LogLevel>;

export interface LogOptions {
  readonly level: LogLevel;
  /** Gets each line, newline included. Default: standard error, in the background; 16 MiB behind, it drops lines rather than memory. */
  readonly sink?: { write(line: string): void };
}

export function openLog(options: LogOptions): Log {
  const sink = options.sink ?? standardError();
  const logger = pino(
    {
      level: options.level,
      base: null,
      // Errors are described already: pino's own serializer would describe the description.
      serializers: { err: (described: unknown) => described },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => sink.write(scrubLine(line)) },
  );
  return overFields(logger, {});
}

export type { LogFields };

type Writer = Pick<BaseLogger, LogLevel>;

function overFields(logger: Writer, own: LogFields): Log {
  const write = (level: LogLevel, fields: unknown, message: string): void => {
    // One argument for the fields and one for the message: pino never gets to format anything.
    logger[level]({ ...allowedFields(own), ...allowedFields(fields) }, safeText(message));
  };
  const loose =
    (level: LogLevel) =>
    (first: unknown, second?: unknown): void => {
      if (typeof first === 'string') write(level, {}, first);
      else write(level, first, typeof second === 'string' ? second : '');
    };
  return {
    debug: loose('debug'),
    info: loose('info'),
    warn: loose('warn'),
    error: loose('error'),
    say: write,
    child: (fields) => overFields(logger, { ...own, ...fields }),
  };
}

function standardError(): { write(line: string): void } {
  const destination = pino.destination({ fd: 2, sync: false, maxLength: 16 * 1024 * 1024 });
  // A log that cannot be written is no reason to stop: what must not be lost is in the audit log.
  destination.on('error', () => undefined);
  return { write: (line) => void destination.write(line) };
}
