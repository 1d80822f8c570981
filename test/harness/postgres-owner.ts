/** A process that owns an embedded PostgreSQL: prints one line of JSON when it is up, and stops it on SIGTERM. For tests that kill it. */
import { exitWithParent } from '../../src/local/parent.ts';
import { startPostgres } from '../../src/local/postgres.ts';
import { testSettings } from './database.ts';

exitWithParent(() => process.exit(1));
const [directory = '', port = '0'] = process.argv.slice(2);
const log = (message: string): boolean => process.stderr.write(`${message}\n`);
const postgres = await startPostgres({ directory, port: Number(port), settings: testSettings, log });
// PostgreSQL does not keep the process alive; this does.
const alive = setInterval(() => undefined, 60_000);
process.once('SIGTERM', () => {
  clearInterval(alive);
  void postgres.stop();
});
process.stdout.write(`${JSON.stringify({ url: postgres.url, port: postgres.port, pid: postgres.pid })}\n`);
