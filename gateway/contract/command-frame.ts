/** What every command says of itself, whatever its protocol. */
export interface CommandFrame {
  /** The strongest effect in the protocol's published order, whatever the outer keyword. */
  readonly action: string;
  /** All effects, strongest first. */
  readonly effects: readonly string[];
  /** The command as it was sent. Policy may read it; logs and recordings get `CommandTexts`. */
  readonly text: string;
  /** Labels of everything the command could bring out or write. */
  readonly labels: readonly string[];
  readonly analysis: Analysis;
}

/** Whether the parser could account for all of the command. What it could not is a reason to refuse for anyone under masks. */
export interface Analysis {
  readonly complete: boolean;
  readonly reasons: readonly string[];
}
