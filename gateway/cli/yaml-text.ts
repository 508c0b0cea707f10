/** A YAML scalar that stays text, whatever it looks like. JSON's strings are YAML's. */
export function yamlText(text: string): string {
  return /^[A-Za-z][A-Za-z0-9_./-]*$/.test(text) && !/^(y|n|yes|no|on|off|true|false|null)$/i.test(text)
    ? text
    : JSON.stringify(text);
}
