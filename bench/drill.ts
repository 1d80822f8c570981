/** `npm run drill`: kill -9 at random moments while merchants pay, and then the question whether anything was lost, doubled or forgotten. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { wholeNumber } from '../src/commands/command-line.ts';
import { exitWithParent } from '../src/local/parent.ts';
import { seededRandom } from './cards.ts';
import { audit } from './drill/audit.ts';
import { readBankEntries } from './drill/bank-books.ts';
import { openBankShop } from './drill/bank-shop.ts';
import { countOpen, withClient } from './drill/books.ts';
import { writeDialectEndpoints, writeDialectMerchant } from './drill/dialect-merchants.ts';
import { openDialectShop } from './drill/dialect-shop.ts';
import { isAnswered, orderDisputes, readHostDisputes } from './drill/disputes.ts';
import { letDaysPass, writeSchedules } from './drill/due.ts';
import { startFaults } from './drill/faults.ts';
import { type Killer, startKiller } from './drill/killer.ts';
import { openMerchantClient } from './drill/merchant.ts';
import { type DrillFigures, describeDrill, isClean } from './drill/outcome.ts';
import { describeRolling, startRolling } from './drill/rolling.ts';
import { type RoundRobin, startRoundRobin } from './drill/round-robin.ts';
import { openShop } from './drill/shop.ts';
import { createShopper } from './drill/shopper.ts';
import { openStand, type Stand } from './drill/stand.ts';
import { writeSubscribers } from './drill/subscriptions.ts';
import { auditWebhooks, compareToldHandles, countUntold, startWebhookTaker, writeEndpoints } from './drill/webhooks.ts';
import { onInterrupt } from './interrupt.ts';
import { isLoadMerchant, writeMerchants } from './merchants.ts';

interface Options {
  readonly minutes: number;
  readonly kills: number;
  readonly faults: number;
  readonly rate: number;
  readonly connections: number;
  readonly merchants: number;
  readonly days: number;
  readonly nodes: number;
  readonly seed: number;
  readonly rolling?: true;
}

/** How long everything may take to come to rest after the last kill and the last order; a lease on a delivery ends after 75 seconds. */
const restPatienceMs = 150_000;
const detailsShown = 20;
/** Payments at a bank, of all orders. */
const bankShare = 0.02;
const schedulesAtMost = 12;
const subscriptionsAtMost = 6;
/** What issuers charge back while days pass, of each day; with one node, since another may book it by the time before the clock was moved. */
const disputesADay = 2;
/** Of a day that passes: its share of the time in which things are killed. */
const dayOfKillsMs = 500;
/** For one day with all that is due in it, and what was killed meanwhile; it takes a second or so. */
const dayPatienceMs = 5_000;
/** Payments in the other protocols, of all orders; each has one or two acts. */
const dialectShare = 0.02;

exitWithParent();
const options = readOptions();
const { signal } = onInterrupt();
try {
  process.exitCode = (await run(options)) ? 0 : 1;
  process.exit();
} catch (error) {
  if (signal.aborted) process.stderr.write('drill: stopped; everything that was started has ended.\n');
  else process.stderr.write(`drill: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(signal.aborted ? 130 : 1);
}

function readOptions(): Options {
  const decimal = (text: string): number => {
    if (!/^\d{1,4}(\.\d{1,9})?$/.test(text) || Number(text) === 0)
      throw new InvalidArgumentError('Expected a number above zero and below 10000, as in 0.5.');
    return Number(text);
  };
  return new Command('drill')
    .description('Kills gateway, acquirer host and PostgreSQL under load, and then compares all books. Ends with 1 when they do not agree.')
    .option('--minutes <n>', 'how long there is load', decimal, 5)
    .option('--kills <n>', 'how often something is killed in that time', wholeNumber({ min: 0, max: 100_000 }), 60)
    .option('--faults <n>', 'how often the host is told to lose, delay, double or spoil answers', wholeNumber({ min: 0, max: 100_000 }), 60)
    .option('--rate <n>', 'orders per second', wholeNumber({ min: 1, max: 100_000 }), 300)
    .option('--connections <n>', 'orders under way at the same time', wholeNumber({ min: 1, max: 1_000 }), 16)
    .option('--merchants <n>', 'merchants', wholeNumber({ min: 1, max: 10_000 }), 20)
    .option(
      '--days <n>',
      'how far the business clock goes on after the load, while things are killed: what falls due is done once',
      wholeNumber({ min: 0, max: 365 }),
      32,
    )
    .option(
      '--nodes <n>',
      'gateways on the one database; several are behind a balancer, and one is killed at a time',
      wholeNumber({ min: 1, max: 16 }),
      1,
    )
    .addOption(
      new Option(
        '--rolling',
        'instead: two gateways or more behind a balancer, restarted in turn all the time; nothing is killed, and no request may fail',
      ).conflicts(['kills', 'faults', 'days']),
    )
    .option(
      '--seed <n>',
      'of all that is random; a run does not repeat exactly, since moments never do',
      wholeNumber({ min: 0, max: 999_999_999 }),
      Math.floor(Math.random() * 1e9),
    )
    .showHelpAfterError('(npm needs two dashes before options, as in npm run drill -- --minutes 1; --help lists them)')
    .parse()
    .opts<Options>();
}

/** True when all zeros are zero. */
async function run({ minutes, rate, connections, seed, rolling, nodes: wanted, ...given }: Options): Promise<boolean> {
  const durationMs = minutes * 60_000;
  const nodes = rolling === true ? Math.max(2, wanted) : wanted;
  const counts = rolling === true ? { ...given, kills: 0, faults: 0, days: 0 } : given;
  tell(
    rolling === true
      ? `Rolling drill of ${minutes} minutes, seed ${seed}.`
      : `Drill of ${minutes} minutes with ${counts.kills} kills and ${counts.faults} faults, ${nodes === 1 ? '' : `${nodes} nodes, `}seed ${seed}.`,
  );
  const stand = await openStand(seededRandom(seed), nodes);
  const taker = await startWebhookTaker(seededRandom(seed + 4));
  tell(`The logs of all processes are in ${stand.logDirectory}.`);
  let balancer: RoundRobin | undefined;
  try {
    await migrate(stand);
    const merchants = await writeMerchants({ databaseUrl: stand.databaseUrl, count: counts.merchants });
    await activateBanks(stand);
    await writeDialectMerchant(stand);
    await stand.start();
    if (nodes > 1) balancer = await startRoundRobin(() => stand.gatewayPorts);
    const port = balancer?.port ?? stand.gatewayPort;
    const url = `http://127.0.0.1:${port}`;
    await writeEndpoints(stand, taker);
    await writeDialectEndpoints(stand, taker);
    const schedules = await writeSchedules({
      ...{ url, random: seededRandom(seed + 8), merchants: merchants.slice(0, schedulesAtMost) },
    });
    const subscriptions = await writeSubscribers({
      ...{ url, random: seededRandom(seed + 10), count: subscriptionsAtMost },
    });
    const closing = new AbortController();
    const givingUp = new AbortController();
    let killer: Killer | undefined;
    const shared = {
      shopper: createShopper({ random: seededRandom(seed + 5), signal: AbortSignal.any([givingUp.signal, signal]) }),
      signal: AbortSignal.any([givingUp.signal, signal]),
      onSuccess: (sentAtMs: number) => killer?.noteSuccess(sentAtMs),
    };
    const client = openMerchantClient({ ...shared, port, connections });
    const shop = openShop({
      client,
      merchants,
      connections,
      rate,
      random: seededRandom(seed + 1),
      closing: AbortSignal.any([closing.signal, signal]),
    });
    const bankShop = openBankShop({
      ...{ client, merchants, rate: Math.max(1, rate * bankShare), hostUrl: stand.hostUrl, random: seededRandom(seed + 6) },
      closing: AbortSignal.any([closing.signal, signal]),
      signal: AbortSignal.any([givingUp.signal, signal]),
    });
    const dialectShop = openDialectShop({
      ...{ ...shared, url, rate: Math.max(1, rate * dialectShare), random: seededRandom(seed + 7) },
      closing: AbortSignal.any([closing.signal, signal]),
    });
    killer = startKiller({ stand, count: counts.kills, durationMs, random: seededRandom(seed + 2), signal });
    const faults = startFaults({ hostUrl: stand.hostUrl, count: counts.faults, durationMs, random: seededRandom(seed + 3), signal });
    const roller = balancer && rolling && startRolling({ stand, balancer, durationMs, signal });
    const startedAtMs = performance.now();
    await Promise.all([
      roller?.done,
      killer.done,
      faults.done,
      delay(durationMs, undefined, { signal }),
      tellProgress(durationMs, shop.orders, killer),
    ]);
    const loadMs = performance.now() - startedAtMs;
    tell('The load ends. Waiting until every order has its answer and nothing is open ...');
    closing.abort();
    const done = Promise.all([shop.done, bankShop.done, dialectShop.done]);
    const restMs = await rest({ stand, done });
    await dialectShop.askAgain();
    const due = await passDays(stand, {
      url,
      disputesADay: nodes === 1 ? disputesADay : 0,
      days: counts.days,
      kills: Math.ceil(counts.kills / 4),
      seed,
    });
    givingUp.abort();
    await done;
    client.close();
    signal.throwIfAborted();
    const orders = [...shop.orders, ...bankShop.orders, ...dialectShop.orders];
    const found = await audit({
      databaseUrl: stand.databaseUrl,
      hostUrl: stand.hostUrl,
      orders,
      due: { ...due, schedules, subscriptions },
    });
    const untold = [
      ...(await auditWebhooks(stand.databaseUrl, taker.taken)),
      ...compareToldHandles(dialectShop.orders, taker.takenHandles),
    ];
    const webhooks = { taken: taker.taken.length, disturbed: taker.disturbed() };
    const isCleanRun = await conclude(stand, {
      ...{ audit: found, untold, webhooks, seed, loadMs, restMs, kills: [...killer.kills, ...due.kills], faults: faults.ordered() },
      orders,
      due: { days: counts.days, schedules: schedules.length, subscriptions: subscriptions.length, tookMs: due.tookMs },
      otherAnswers: [...shop.otherAnswers, ...bankShop.otherAnswers, ...dialectShop.otherAnswers],
    });
    if (roller === undefined || balancer === undefined) return isCleanRun;
    tell(describeRolling(roller, balancer));
    return isCleanRun && balancer.failed().length === 0;
  } finally {
    tell('Stopping ...');
    await balancer?.close();
    taker.close();
    for (const complaint of await stand.stop()) tell(`Not stopped cleanly: ${complaint}`);
  }
}

async function migrate({ databaseUrl }: Stand): Promise<void> {
  const { migrateUrl } = await import('../src/store/migrate.ts');
  await migrateUrl(databaseUrl);
}

/** The merchants of the drill take payments at banks, too. */
async function activateBanks({ databaseUrl }: Stand): Promise<void> {
  await withClient(databaseUrl, (client) =>
    client.query(`update polygate.channel set bank_methods = '{ideal,sofort,prepayment}' where ${isLoadMerchant}`),
  );
}

async function tellProgress(durationMs: number, orders: readonly unknown[], killer: Killer): Promise<void> {
  const until = performance.now() + durationMs;
  while (until - performance.now() > 100 && !signal.aborted) {
    await delay(Math.min(15_000, Math.max(0, until - performance.now())), undefined, { signal }).catch(() => undefined);
    tell(`${orders.length} orders, ${killer.kills.length} kills`);
  }
}

/** Waits until all orders are answered, no operation is open and all is told. Returns how long that took, in ms. */
async function rest({ stand, done }: { readonly stand: Stand; readonly done: Promise<unknown> }): Promise<number> {
  const startedAtMs = performance.now();
  let isDone = false;
  void done.then(() => {
    isDone = true;
  });
  while (performance.now() - startedAtMs < restPatienceMs && !signal.aborted) {
    // The last kill may have been the database's: then it is asked again.
    const open = await countOpen(stand.databaseUrl).catch(() => undefined);
    const untold = open === 0 && isDone ? await countUntold(stand.databaseUrl).catch(() => undefined) : undefined;
    const atBank = untold === 0 ? await readBankEntries(stand.hostUrl).catch(() => undefined) : undefined;
    const disputes =
      atBank?.every(({ isTold }) => isTold) === true ? await readHostDisputes(stand.hostUrl).catch(() => undefined) : undefined;
    if (disputes?.every(isAnswered) === true) break;
    await delay(200, undefined, { signal }).catch(() => undefined);
  }
  return performance.now() - startedAtMs;
}

interface Days {
  /** Of the gateway, or of the balancer before it. */
  readonly url: string;
  readonly disputesADay: number;
  readonly days: number;
  readonly kills: number;
  readonly seed: number;
}

/** Lets days pass while things are killed, until all that fell due is done and all that was charged back is answered. */
async function passDays(stand: Stand, { url, disputesADay: ofDay, days, kills, seed }: Days) {
  const startedAtMs = performance.now();
  if (days > 0) tell(`${days} days pass ...`);
  const passing = AbortSignal.any([signal, AbortSignal.timeout(restPatienceMs + days * dayPatienceMs)]);
  const killer = startKiller({
    stand,
    count: days === 0 ? 0 : kills,
    durationMs: days * dayOfKillsMs,
    random: seededRandom(seed + 9),
    signal,
  });
  const disputing = orderDisputes({
    ...{
      hostUrl: stand.hostUrl,
      count: days * ofDay,
      durationMs: days * dayOfKillsMs,
      random: seededRandom(seed + 11),
      signal: passing,
    },
  });
  const untilMs = await letDaysPass({ url, days, signal: passing });
  await disputing;
  await killer.done;
  await rest({ stand, done: Promise.resolve() });
  if (untilMs === undefined) throw new Error('the business clock could not be moved; the logs of the gateway say why');
  return { untilMs, kills: killer.kills, tookMs: performance.now() - startedAtMs };
}

async function conclude(stand: Stand, figures: DrillFigures): Promise<boolean> {
  const { summary, details } = describeDrill(figures);
  tell(summary);
  if (details.length > 0) {
    const path = join(stand.logDirectory, 'findings.txt');
    await writeFile(path, `${details.join('\n')}\n`);
    tell([...details.slice(0, detailsShown), ...(details.length > detailsShown ? [`… all ${details.length} in ${path}`] : [])].join('\n'));
  }
  return isClean(figures);
}

function tell(text: string): void {
  process.stdout.write(`${text}\n`);
}
