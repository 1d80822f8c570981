/** What a bench run finds out, as data, and as the text that is printed. */
import type { LoadResult, Scenario } from './load-plan.ts';
import type { Machine } from './machine.ts';

export const processNames = ['gateway', 'postgres', 'host', 'load'] as const;
export type ProcessName = (typeof processNames)[number];

/** One process (PostgreSQL: all of its processes) over the measured time. */
export interface ProcessFigures {
  /** Of one core: 100 is one core busy all the time. */
  readonly cpuPercent: number;
  /** CPU time per successful operation, in µs. */
  readonly cpuMicrosPerOperation: number;
  readonly rssBytes: number;
}

export interface ScenarioFigures {
  readonly scenario: Scenario;
  readonly load: LoadResult;
  readonly operationsPerSecond: number;
  /** Absent where the system does not tell. */
  readonly processes: Partial<Readonly<Record<ProcessName, ProcessFigures>>>;
  /** All processes of the machine, also those that have nothing to do with the bench; in percent of one core. */
  readonly machine?: { readonly busyPercent: number; readonly diskWaitPercent: number; readonly stolenPercent: number };
  /** pgbench right before and right after, in transactions per second. */
  readonly pgbench?: readonly [before: number, after: number];
  readonly sanity: Sanity;
}

/** Payments that the database has as captured, against what was acknowledged in this scenario. */
export interface Sanity {
  readonly captured: number;
  readonly acknowledged: number;
  /** Without a certain answer: these may be captured or not. */
  readonly open: number;
  readonly holds: boolean;
}

export interface Figures {
  readonly machine: Machine;
  readonly options: {
    readonly seconds: number;
    readonly warmupSeconds: number;
    readonly connections: number;
    readonly merchants: number;
    readonly seed: number;
  };
  /** From starting the launcher on an empty folder to the answer of the first payment, in ms. */
  readonly firstPaymentMs: number;
  /** Of the gateway, idle after its first payment; undefined where the system does not tell. */
  readonly idleRssBytes?: number;
  readonly scenarios: readonly ScenarioFigures[];
}

const scenarioTitles: Readonly<Record<Scenario, string>> = {
  sale: 'sale: debits with cards never seen before',
  mix: 'mix: 60 % new cards, 30 % stored cards, 7 % captures, 3 % refunds',
};

export const processTitles: Readonly<Record<ProcessName, string>> = {
  gateway: 'gateway',
  postgres: 'PostgreSQL',
  host: 'sandbox host',
  load: 'load',
};

/** The start, as Markdown. */
export function describeStart({ firstPaymentMs, idleRssBytes }: Figures): string {
  const idle = idleRssBytes === undefined ? 'not known on this system' : mebibytes(idleRssBytes);
  return table(
    ['start', ''],
    [
      ['empty folder to first payment', `${Math.round(firstPaymentMs)} ms`],
      ['gateway, idle for 5 s after it (RSS)', idle],
    ],
  );
}

/** One scenario, as Markdown. */
export function describeScenario(figures: ScenarioFigures): string {
  const { load, operationsPerSecond, pgbench } = figures;
  const ms = (value: number): string => `${value.toFixed(1)} ms`;
  const rows = [
    ['durable operations per second', `**${Math.round(operationsPerSecond)}**`],
    ['latency p50 / p95 / p99 / max', [load.p50Ms, load.p95Ms, load.p99Ms, load.maxMs].map(ms).join(' / ')],
    ...(pgbench === undefined ? [] : [pgbenchRow(operationsPerSecond, pgbench)]),
    ['answers that were no success', describeErrors(figures)],
    ['captured in the database / acknowledged', describeSanity(figures.sanity)],
  ];
  return [`## ${scenarioTitles[figures.scenario]}`, table(['', ''], rows), describeProcesses(figures)].join('\n\n');
}

function pgbenchRow(operationsPerSecond: number, [before, after]: readonly [number, number]): readonly string[] {
  const ratio = (operationsPerSecond / ((before + after) / 2)).toFixed(2);
  return ['pgbench TPC-B before / after, tps', `${Math.round(before)} / ${Math.round(after)}: this scenario is ${ratio} × their mean`];
}

function describeErrors({ load }: ScenarioFigures): string {
  const counts = Object.entries(load.errors).map(([name, count]) => `${count} × ${name}`);
  if (load.brokenConnections > 0) counts.push(`${load.brokenConnections} × connection broke`);
  return counts.length === 0 ? 'none' : counts.join(', ');
}

function describeSanity({ captured, acknowledged, open, holds }: Sanity): string {
  return `${captured} / ${acknowledged}${open > 0 ? ` (and ${open} without a certain answer)` : ''}: ${holds ? 'agrees' : '**DOES NOT AGREE**'}`;
}

function describeProcesses({ processes, machine }: ScenarioFigures): string {
  const rows = processNames.flatMap((name) => {
    const found = processes[name];
    if (found === undefined) return [];
    const { cpuPercent, cpuMicrosPerOperation, rssBytes } = found;
    return [[processTitles[name], `${Math.round(cpuPercent)} %`, `${Math.round(cpuMicrosPerOperation)} µs`, mebibytes(rssBytes)]];
  });
  if (rows.length === 0) return 'CPU and memory of each process are only known on Linux.';
  return table(['process', 'CPU (of one core)', 'CPU per operation', 'memory'], [...rows, ...machineRows(processes, machine)]);
}

/** What ran beside the bench, and what the machine did not get: without it nobody can tell a slow product from a busy machine. */
function machineRows(processes: ScenarioFigures['processes'], machine: ScenarioFigures['machine']): readonly (readonly string[])[] {
  if (machine === undefined) return [];
  const { busyPercent, diskWaitPercent, stolenPercent } = machine;
  const own = Object.values(processes).reduce((sum, { cpuPercent }) => sum + cpuPercent, 0);
  const percent = (value: number): string => `${Math.round(Math.max(value, 0))} %`;
  return [
    ['all else on the machine', percent(busyPercent - own), '', ''],
    ['idle, waiting for the disk', percent(diskWaitPercent), '', ''],
    ['taken by the hypervisor', percent(stolenPercent), '', ''],
  ];
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 ** 2)} MiB`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
