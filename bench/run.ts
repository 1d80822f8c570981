/** `npm run bench`: how many durable operations per second the whole product does on this machine, and what they cost. */
import { setTimeout as delay } from 'node:timers/promises';
import { Command, Option } from 'commander';
import pg from 'pg';
import { wholeNumber } from '../src/commands/command-line.ts';
import { exitWithParent } from '../src/local/parent.ts';
import { describeJump, jump } from './clock-jump.ts';
import {
  describeScenario,
  describeStart,
  type Figures,
  type ProcessFigures,
  type ProcessName,
  processNames,
  type Sanity,
  type ScenarioFigures,
} from './figures.ts';
import { Interrupted, onInterrupt } from './interrupt.ts';
import { type LoadPlan, type Scenario, scenarios } from './load-plan.ts';
import { runLoad } from './load-process.ts';
import { describeMachine } from './machine.ts';
import { isLoadMerchant, writeMerchants } from './merchants.ts';
import { type Pgbench, pgbenchShape, preparePgbench } from './pgbench.ts';
import { writeReport } from './report.ts';
import type { MerchantAccess } from './requests.ts';
import { type Stack, startStack } from './stack.ts';
import { type MachineUsage, type Usage, usageOf, usageOfFamily, usageOfMachine } from './usage.ts';

interface Options {
  readonly seconds: number;
  readonly warmup: number;
  readonly connections: number;
  readonly merchants: number;
  readonly scenario: Scenario | 'clock' | 'all';
  readonly payments: number;
  readonly seed: number;
  readonly pgbench: boolean;
  readonly report: boolean;
  readonly profile?: string;
}

const idleMs = 5_000;

exitWithParent();
const options = readOptions();
const { signal } = onInterrupt();
try {
  await run(options, signal);
  process.exit();
} catch (error) {
  if (error instanceof Interrupted || signal.aborted) process.stderr.write('bench: stopped; everything that was started has ended.\n');
  else process.stderr.write(`bench: ${explain(error)}\n`);
  process.exit(signal.aborted ? 130 : 1);
}

function readOptions(): Options {
  return new Command('bench')
    .description('Starts the product in a temporary folder, puts load on it and prints what it did. Figures are printed, never judged.')
    .option('--seconds <n>', 'measured time of each scenario, and of each pgbench run', wholeNumber({ min: 1, max: 86_400 }), 30)
    .option(
      '--warmup <n>',
      'seconds of load before the measured time: V8 compiles what is hot for half a minute',
      wholeNumber({ min: 0, max: 86_400 }),
      30,
    )
    .option('--connections <n>', 'connections, each with one request at a time', wholeNumber({ min: 1, max: 4_000 }), 64)
    .option('--merchants <n>', 'merchants over which the load is spread', wholeNumber({ min: 1, max: 10_000 }), 200)
    .addOption(new Option('--scenario <name>', 'what is measured').choices([...scenarios, 'clock', 'all']).default('all'))
    .option(
      '--payments <n>',
      'of the scenario clock: payments that a jump of a year passes over',
      wholeNumber({ min: 1, max: 1_000_000 }),
      1_000,
    )
    .option(
      '--seed <n>',
      'of the card numbers and of the choices',
      wholeNumber({ min: 0, max: 999_999_999 }),
      Math.floor(Math.random() * 1e9),
    )
    .option('--no-pgbench', 'leave out the comparison with pgbench')
    .option('--no-report', 'write nothing into bench/results')
    .option('--profile <folder>', "write the gateway's CPU profile there (which slows it down)")
    .showHelpAfterError('(npm needs two dashes before options, as in npm run bench -- --seconds 10; --help lists them)')
    .parse()
    .opts<Options>();
}

async function run({ seconds, warmup, connections, merchants: count, seed, ...choice }: Options, interrupted: AbortSignal): Promise<void> {
  const stack = await startStack({ signal: interrupted, ...(choice.profile === undefined ? {} : { profileDirectory: choice.profile }) });
  const stop = AbortSignal.any([interrupted, stack.ended]);
  try {
    const firstPaymentMs = await payOnce(stack);
    if (choice.scenario === 'clock') {
      tell(describeJump(await jump(stack, { payments: choice.payments, days: 365, signal: stop })));
      return;
    }
    const { databaseUrl } = stack;
    const machine = await describeMachine(stack);
    await delay(idleMs, undefined, { signal: stop });
    const idle = usageOf(stack.pids.gateway);
    const merchants = await writeMerchants({ databaseUrl, count });
    const start = { firstPaymentMs, ...(idle === undefined ? {} : { idleRssBytes: idle.rssBytes }) };
    const figures = { machine, options: { seconds, warmupSeconds: warmup, connections, merchants: count, seed }, ...start };
    tell(`${describeStart({ ...figures, scenarios: [] })}\n`);
    const pgbench = choice.pgbench ? await preparePgbench({ databaseUrl, signal: stop }) : undefined;
    if (choice.pgbench && pgbench === undefined) tell('There is no pgbench on this machine: the comparison is left out.\n');
    const found: ScenarioFigures[] = [];
    for (const scenario of choice.scenario === 'all' ? scenarios : [choice.scenario]) {
      const plan = {
        scenario,
        port: stack.port,
        connections,
        warmupMs: warmup * 1000,
        measureMs: seconds * 1000,
        seed: seed + found.length,
      };
      const one = await measure({ stack, plan: { ...plan, merchants }, stop, ...(pgbench === undefined ? {} : { pgbench }) });
      found.push(one);
      tell(`${describeScenario(one)}\n`);
    }
    if (choice.report) await report({ ...figures, scenarios: found });
  } finally {
    tell('Stopping ...');
    await stack.stop();
  }
}

async function report(figures: Figures): Promise<void> {
  tell(`Wrote ${await writeReport(figures)}.`);
}

interface Measurement {
  readonly stack: Stack;
  readonly plan: LoadPlan;
  readonly pgbench?: Pgbench;
  readonly stop: AbortSignal;
}

/** Only `sale` is compared with pgbench: it is the one whose every operation is one new payment. */
async function measure({ stack, plan, pgbench, stop }: Measurement): Promise<ScenarioFigures> {
  const compare = plan.scenario === 'sale' ? pgbench : undefined;
  const seconds = plan.measureMs / 1000;
  const { scale, clients } = pgbenchShape;
  if (compare !== undefined) tell(`pgbench, scale ${scale}, ${clients} clients, for ${seconds} s ...`);
  const before = await compare?.run({ seconds, signal: stop });
  const capturedBefore = await countCaptured(stack.databaseUrl);
  tell(`${plan.scenario}, ${plan.connections} connections, for ${seconds} s after ${plan.warmupMs / 1000} s ...`);
  let atStart: Usages = { processes: {} };
  let atEnd: Usages = { processes: {} };
  const load = await runLoad({
    plan,
    signal: stop,
    onMeasuring: (pid) => {
      atStart = readUsages(stack, pid);
    },
    onMeasured: (pid) => {
      atEnd = readUsages(stack, pid);
    },
  });
  const captured = (await countCaptured(stack.databaseUrl)) - capturedBefore;
  if (compare !== undefined) tell(`pgbench again, for ${seconds} s ...`);
  const after = await compare?.run({ seconds, signal: stop });
  return {
    scenario: plan.scenario,
    load,
    operationsPerSecond: load.succeeded / (load.elapsedMs / 1000),
    ...processFigures({ atStart, atEnd, elapsedMs: load.elapsedMs, operations: load.succeeded }),
    sanity: compareWithDatabase(captured, load.acknowledged),
    ...(before === undefined || after === undefined ? {} : { pgbench: [before, after] as const }),
  };
}

interface Usages {
  readonly processes: { [Name in ProcessName]?: Usage };
  readonly machine?: MachineUsage;
}

function readUsages({ pids }: Stack, load: number): Usages {
  const found = { gateway: usageOf(pids.gateway), postgres: usageOfFamily(pids.postgres), host: usageOf(pids.host), load: usageOf(load) };
  const machine = usageOfMachine();
  return {
    processes: Object.fromEntries(Object.entries(found).filter(([, usage]) => usage !== undefined)),
    ...(machine === undefined ? {} : { machine }),
  };
}

interface Window {
  readonly atStart: Usages;
  readonly atEnd: Usages;
  readonly elapsedMs: number;
  readonly operations: number;
}

function processFigures({ atStart, atEnd, elapsedMs, operations }: Window): Pick<ScenarioFigures, 'processes' | 'machine'> {
  const figuresOf = (first: Usage, last: Usage): ProcessFigures => {
    const cpuMs = last.cpuMs - first.cpuMs;
    return {
      cpuPercent: (cpuMs / elapsedMs) * 100,
      cpuMicrosPerOperation: (cpuMs * 1000) / Math.max(operations, 1),
      rssBytes: last.rssBytes,
    };
  };
  const processes = Object.fromEntries(
    processNames.flatMap((name) => {
      const [first, last] = [atStart.processes[name], atEnd.processes[name]];
      return first === undefined || last === undefined ? [] : [[name, figuresOf(first, last)]];
    }),
  );
  if (atStart.machine === undefined || atEnd.machine === undefined) return { processes };
  const [first, last] = [atStart.machine, atEnd.machine];
  const percent = (name: keyof MachineUsage): number => ((last[name] - first[name]) / elapsedMs) * 100;
  return {
    processes,
    machine: { busyPercent: percent('busyMs'), diskWaitPercent: percent('diskWaitMs'), stolenPercent: percent('stolenMs') },
  };
}

function compareWithDatabase(captured: number, acknowledged: { readonly captured: number; readonly open: number }): Sanity {
  const beyond = captured - acknowledged.captured;
  return { captured, acknowledged: acknowledged.captured, open: acknowledged.open, holds: beyond >= 0 && beyond <= acknowledged.open };
}

async function countCaptured(databaseUrl: string): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ count: string }>(
      `select count(*) from polygate.payment where state = 'captured' and ${isLoadMerchant}`,
    );
    return Number(rows[0]?.count ?? 0);
  } finally {
    await client.end();
  }
}

/** The first payment of a fresh start; returns the time since the start, in ms. */
async function payOnce({ port, spawnedAtMs }: Stack): Promise<number> {
  // The sandbox's published merchant, on its terminals without triggers.
  const bearerToken = Buffer.from('0f0e0d0c0b0a09080706050403020100|sandbox').toString('base64');
  const demo: MerchantAccess = { entityId: '0f0e0d0c0b0a09080706050403020199', bearerToken };
  const body = new URLSearchParams({
    entityId: demo.entityId,
    ...{ paymentType: 'DB', amount: '12.50', currency: 'EUR' },
    ...{ 'card.number': '4111111111111111', 'card.holder': 'Ada Example', 'card.cvv': '123' },
    ...{ 'card.expiryMonth': '12', 'card.expiryYear': '2034' },
  });
  const answer = await fetch(`http://127.0.0.1:${port}/v1/payments`, {
    method: 'POST',
    headers: { authorization: `Bearer ${demo.bearerToken}` },
    body,
  });
  const text = await answer.text();
  const elapsedMs = performance.now() - spawnedAtMs;
  if (answer.status !== 200) throw new Error(`the first payment was answered ${answer.status}: ${text}`);
  return elapsedMs;
}

/** Of something that was broken off, why it was. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'AbortError' && error.cause instanceof Error) return error.cause.message;
  return error.stack ?? error.message;
}

function tell(text: string): void {
  process.stdout.write(`${text}\n`);
}
