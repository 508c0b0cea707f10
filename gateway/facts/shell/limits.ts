/** Over any of these a line is refused: what is not looked at is not run. */
export const limits = {
  /** Characters of an exec line. */
  line: 16_384,
  /** Simple commands of a line, those inside of others included. */
  commands: 256,
  /** Lines within lines (`sh -c`), and constructs within constructs. */
  depth: 32,
  /** Characters of what a dynamic fact quotes. */
  quoted: 200,
} as const;

/** A line that is refused before policy is asked. Never leaves this room: `readLine` answers with its message. */
export class OverLimit extends Error {}
