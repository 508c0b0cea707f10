/** Configuration: the only room that reads it. YAML in, plain values out, every mistake with its line and column. */
export { loadConfig } from './load.ts';
export { formatConfigError, parseConfig, type ConfigError } from './parse.ts';
export { watchConfig, type ConfigListener } from './watch.ts';
export type { Remark } from './agreement.ts';
export type { ConfigChange } from './change.ts';
export { maskingKeys } from './masking-section.ts';
export type { KeyReference } from './fields.ts';
export type { Config, PostgresTargetConfig, SshTargetConfig, TargetConfig } from './schema.ts';
