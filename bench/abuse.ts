/** `npm run abuse`: how honest merchants fare while somebody floods the gateway. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { wholeNumber } from '../src/commands/command-line.ts';
import { limitSettings } from '../src/config-limits.ts';
import { settings } from '../src/config-table.ts';
import { exitWithParent } from '../src/local/parent.ts';
import { describeFlood, describeNormal, type FloodFigures, ratioOf, writeAbuseReport } from './abuse/figures.ts';
import { type FloodName, type FloodPlan, type FloodResult, floodNames, floodTitles } from './abuse/flood.ts';
import { type HonestResult, openHonest } from './abuse/honest.ts';
import { seededRandom } from './cards.ts';
import { onInterrupt } from './interrupt.ts';
import { describeMachine } from './machine.ts';
import { writeMerchants } from './merchants.ts';
import { type Stack, startStack } from './stack.ts';

interface Options {
  readonly seconds: number;
  readonly rate: number;
  readonly connections: number;
  readonly merchants: number;
  readonly seed: number;
  readonly flood: FloodName | 'all';
  readonly report: boolean;
  readonly profile?: string;
}

/** What a flood has left must be over before the next one: connections that are cut off in their time. */
const pauseMs = 3_000;

exitWithParent();
const options = readOptions();
const { signal: interrupted } = onInterrupt();
try {
  process.exitCode = (await run(options)) ? 0 : 1;
  process.exit();
} catch (error) {
  if (interrupted.aborted) process.stderr.write('abuse: stopped; everything that was started has ended.\n');
  else process.stderr.write(`abuse: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(interrupted.aborted ? 130 : 1);
}

function readOptions(): Options {
  return new Command('abuse')
    .description(
      'Sells honestly at a steady rate, without and with a flood of each kind, with the limits of live mode, and prints how long honest sales take. Ends with 1 when an honest sale was not answered with success.',
    )
    .option('--seconds <n>', 'how long each flood lasts, and the quiet time before it', wholeNumber({ min: 1, max: 86_400 }), 20)
    .option('--rate <n>', 'honest sales per second', wholeNumber({ min: 1, max: 100_000 }), 60)
    .option('--connections <n>', 'connections of the attacker', wholeNumber({ min: 1, max: 100_000 }), 300)
    .option('--merchants <n>', 'honest merchants', wholeNumber({ min: 1, max: 10_000 }), 20)
    .addOption(new Option('--flood <name>', 'one kind only').choices(['all', ...floodNames]).default('all'))
    .option('--seed <n>', 'of cards, amounts and merchants', wholeNumber({ min: 0, max: 999_999_999 }), Math.floor(Math.random() * 1e9))
    .option('--no-report', 'write nothing into bench/results')
    .option('--profile <folder>', "write the gateway's CPU profile there (which slows it down)")
    .showHelpAfterError('(npm needs two dashes before options, as in npm run abuse -- --seconds 10; --help lists them)')
    .parse()
    .opts<Options>();
}

/** The limits as live mode has them, where a sandbox has others. */
function liveLimits(): Record<string, string> {
  return Object.fromEntries(Object.values(limitSettings).map(({ name, defaults }) => [name, String(defaults.live)]));
}

/** True when all honest sales succeeded. */
async function run({ profile: profileDirectory, ...given }: Options): Promise<boolean> {
  const { seconds, rate, connections, merchants: count, seed, flood, report } = given;
  const stack = await startStack({
    signal: interrupted,
    ...(profileDirectory === undefined ? {} : { profileDirectory }),
    env: { ...liveLimits(), [settings.requestsPerMinute.name]: '6000' },
  });
  const signal = AbortSignal.any([interrupted, stack.ended]);
  try {
    const machine = await describeMachine(stack);
    const [accomplice, ...merchants] = await writeMerchants({ databaseUrl: stack.databaseUrl, count: count + 1 });
    if (accomplice === undefined) throw new Error('there are no merchants');
    const honest = openHonest({ port: stack.port, merchants, rate, random: seededRandom(seed), signal });
    tell(`Honest sales, ${rate} a second, ${seconds} s before each flood and ${seconds} s during it.`);
    await honest.sell(5_000);
    const quiet: HonestResult[] = [];
    const found: FloodFigures[] = [];
    for (const name of flood === 'all' ? floodNames : [flood]) {
      quiet.push(await honest.sell(seconds * 1_000));
      tell(`${floodTitles[name]} ...`);
      const plan = { flood: name, port: stack.port, connections, victims: merchants, accomplice, ...elsewhere(name) };
      found.push(await measure(stack, plan, () => honest.sell(seconds * 1_000)));
      await delay(pauseMs, undefined, { signal });
    }
    honest.close();
    const normal = joined(quiet);
    tell(`\n${describeNormal({ normal })}`);
    for (const one of found) tell(`\n${describeFlood({ normal }, one)}`);
    tell(`\nThe largest multiple of the normal p99 is ${Math.max(...found.map((one) => ratioOf({ normal }, one))).toFixed(2)}.`);
    const figures = { machine, options: { seconds, rate, connections, merchants: count, seed }, normal, floods: found };
    if (report) tell(`Wrote ${await writeAbuseReport(figures)}.`);
    return [normal, ...found.map(({ honest: sold }) => sold)].every(({ failures }) => Object.keys(failures).length === 0);
  } finally {
    tell('Stopping ...');
    await stack.stop();
  }
}

/** The attacker is another machine, as far as this one can play it; each flood comes from one that the gateway has not seen before. */
function elsewhere(flood: FloodName): Pick<FloodPlan, 'localAddress'> {
  return process.platform === 'linux' ? { localAddress: `127.0.0.${10 + floodNames.indexOf(flood)}` } : {};
}

function joined(results: readonly HonestResult[]): HonestResult {
  const failures: Record<string, number> = {};
  for (const [code, count] of results.flatMap((result) => Object.entries(result.failures))) failures[code] = (failures[code] ?? 0) + count;
  return { latenciesMs: results.flatMap(({ latenciesMs }) => latenciesMs), failures };
}

/** Another machine would take none of this one's time. */
function yieldToGateway(pid: number | undefined): void {
  if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_LOW);
}

async function measure(stack: Stack, plan: FloodPlan, sell: () => Promise<HonestResult>): Promise<FloodFigures> {
  const before = await readRefused(stack);
  const attacker = fork(join(import.meta.dirname, 'abuse', 'attacker.ts'), {
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  yieldToGateway(attacker.pid);
  try {
    attacker.send(plan);
    const honest = await sell();
    const telling = once(attacker, 'message') as Promise<[FloodResult]>;
    attacker.send('end');
    const [result] = await telling;
    const after = await readRefused(stack);
    const refused = Object.fromEntries(
      [...after].map(([cause, count]) => [cause, count - (before.get(cause) ?? 0)] as const).filter(([, count]) => count > 0),
    );
    return { flood: plan.flood, honest, attacker: result, refused };
  } finally {
    attacker.kill('SIGKILL');
  }
}

/** The gateway's own counts. */
async function readRefused({ port }: Stack): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const lines = text.matchAll(/^polygate_(refused_requests|cut_connections)_total\{cause="(\w+)"\} (\d+)/gm);
  return new Map(
    [...lines].map(([, kind, cause, count]) => [`${kind === 'refused_requests' ? 'requests' : 'connections'}: ${cause}`, Number(count)]),
  );
}

function tell(text: string): void {
  process.stdout.write(`${text}\n`);
}
