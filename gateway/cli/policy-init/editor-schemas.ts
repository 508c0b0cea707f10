import { z } from 'zod';
import { postgresFixture } from '../../composition/lines/postgres.ts';
import { sshFixture } from '../../composition/lines/ssh.ts';
import { fixtureFile, lineFile, peopleFile } from '../../policy/lines/case.ts';
import { definitionFile } from '../bundle-definition.ts';

/** JSON Schemas of the YAML that people write in a policy repository: what an editor completes and underlines by. */
export function editorSchemas(): ReadonlyMap<string, object> {
  const fixture = z.strictObject({
    ...fixtureFile.shape,
    postgres: postgresFixture.optional(),
    ssh: sshFixture.optional(),
  });
  const schemas = { bundle: definitionFile, fixture, lines: lineFile, people: peopleFile };
  // As people write it, before defaults are filled in.
  return new Map(Object.entries(schemas).map(([name, schema]) => [name, z.toJSONSchema(schema, { io: 'input' })]));
}
