/**
 * The gateway of the drill: the product's own, with the settings of its sandbox, since its directory server and its shoppers come over plain HTTP,
 * and with nothing else: database and simulators are the drill's.
 */
import { readConfig } from '../../src/config.ts';
import { startGateway } from '../../src/gateway.ts';
import { exitWithParent } from '../../src/local/parent.ts';
import { waitForDatabase } from '../../src/postgres/connection.ts';

exitWithParent();
const config = readConfig({ mode: 'sandbox', file: undefined, env: process.env });
if (config.databaseUrl === undefined) throw new Error('DATABASE_URL must be given.');
await waitForDatabase({
  ...{ url: config.databaseUrl, setting: 'DATABASE_URL' },
  ...{ patienceMs: 60_000, onWait: () => undefined, signal: new AbortController().signal },
});
const gateway = await startGateway(config);
let isStopping = false;
process.on('SIGTERM', () => {
  if (isStopping) return;
  isStopping = true;
  gateway.stop().then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`the gateway did not stop cleanly: ${String(error)}\n`);
      process.exit(1);
    },
  );
});
process.stdout.write('Polygate is ready.\n');
