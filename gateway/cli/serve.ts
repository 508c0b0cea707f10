import type { Command } from 'commander';
import { formatConfigError, watchConfig, type ConfigListener } from '../config/index.ts';
import type { Gateway } from '../main.ts';
import { defaultConfig, startableOrExit } from './config.ts';
import { boundBuffers } from './heap.ts';
import { say } from './output.ts';

export function addServe(program: Command): void {
  program
    .command('serve')
    .description(
      'run the gateway until SIGTERM or Ctrl-C. SIGHUP, or a change of the file, reads the configuration again',
    )
    .option('-c, --config <file>', 'configuration file', defaultConfig)
    .addHelpText('after', '\nExample:\n  sallyport serve --config /etc/sallyport/sallyport.yaml\n')
    .action(serve);
}

async function serve({ config: file }: { readonly config: string }): Promise<void> {
  const config = await startableOrExit(file);
  boundBuffers();
  const { startGateway } = await import('../main.ts');
  const stopped = stopSignal(); // one that comes while the gateway starts is not lost
  const gateway = await startGateway(config);
  using watch = watchConfig(file, config, reloadInto(gateway));
  process.on('SIGHUP', () => void Promise.all([watch.refresh(), gateway.refreshPolicy()]));
  const { postgres, ssh, admin } = gateway.addresses;
  say(
    `sallyport: PostgreSQL on ${postgres.host}:${String(postgres.port)}, ${ssh ? `SSH on ${ssh.host}:${String(ssh.port)}, ` : ''}admin API on ${admin.host}:${String(admin.port)}`,
  );
  await stopped;
  say('sallyport: stopping; a second signal ends it at once');
  await gateway.close();
}

function reloadInto(gateway: Gateway): ConfigListener {
  return {
    onChange: (change) => {
      gateway.reload(change).catch((error: unknown) => {
        say(
          `sallyport: the changed configuration was not taken over: ${error instanceof Error ? error.message : String(error)}`,
        );
      });
    },
    onRefused: (errors) =>
      say(['sallyport: the changed configuration is wrong and not used', ...errors.map(formatConfigError)].join('\n')),
  };
}

/** The second signal finds no listener of ours: it takes the default way and ends the process. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
