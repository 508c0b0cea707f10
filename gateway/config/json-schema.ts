import { z } from 'zod';
import { configSchema } from './schema.ts';

/** The published schema: editors complete and check the file by it. It is written for no file in particular. */
export function configJsonSchema(): string {
  const schema = configSchema({ file: 'sallyport.yaml', env: () => undefined, isFile: () => false });
  const published = {
    ...z.toJSONSchema(schema, { io: 'input' }),
    $id: 'urn:sallyport:config',
    title: 'Sallyport configuration',
  };
  return `${JSON.stringify(published, null, 2)}\n`;
}
