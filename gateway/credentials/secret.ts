import { inspect } from 'node:util';

/**
 * A value that nobody prints by accident: text, JSON, console, logger and error messages all show `[secret]`.
 * The value lives in a private field, so no serializer that walks properties finds it.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself, for the one place that presents it. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return shown;
  }

  toJSON(): string {
    return shown;
  }

  [Symbol.toPrimitive](): string {
    return shown;
  }

  [inspect.custom](): string {
    return shown;
  }
}

const shown = '[secret]';
