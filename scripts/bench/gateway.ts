import { createWriteStream } from 'node:fs';
import { argv } from 'node:process';
import { boundBuffers } from '../../gateway/cli/heap.ts';
import { formatConfigError, loadConfig } from '../../gateway/config/index.ts';
import { startGateway } from '../../gateway/main.ts';
import { answerParent } from './child.ts';

/** The whole gateway as `sallyport serve` starts it. `gateway.ts CONFIG LOG` */
const [, , configFile = '', logFile = ''] = argv;
const read = await loadConfig(configFile);
if (!read.ok) throw new Error(read.errors.map(formatConfigError).join('\n'));
boundBuffers();
const log = createWriteStream(logFile);
const gateway = await startGateway(read.config, { sink: { write: (line) => void log.write(line) } });
answerParent(gateway.addresses.postgres.port, () => gateway.close());
