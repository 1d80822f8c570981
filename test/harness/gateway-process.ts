/** A gateway as a process of its own, for tests that kill it: settings from the environment; prints its URL when it answers. */
import { readConfig } from '../../src/config.ts';
import { startGateway } from '../../src/gateway.ts';
import { exitWithParent } from '../../src/local/parent.ts';

exitWithParent(() => process.exit(1));
// Its standard input is a pipe of the test's: it ends with the test.
process.stdin.on('end', () => process.exit(1)).resume();
const gateway = await startGateway(readConfig({ mode: 'sandbox', file: undefined, env: process.env }));
process.stdout.write(`listening on ${gateway.url}\n`);
