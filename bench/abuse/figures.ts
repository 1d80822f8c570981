/** What a run finds out, as data and as text. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { table } from '../figures.ts';
import type { Machine } from '../machine.ts';
import { type FloodName, type FloodResult, floodTitles } from './flood.ts';
import type { HonestResult } from './honest.ts';

export interface FloodFigures {
  readonly flood: FloodName;
  readonly honest: HonestResult;
  readonly attacker: FloodResult;
  /** What the gateway counted meanwhile, by cause. */
  readonly refused: Readonly<Record<string, number>>;
}

export interface AbuseFigures {
  readonly machine: Machine;
  readonly options: Readonly<Record<string, number>>;
  /** Without any flood, before and between them. */
  readonly normal: HonestResult;
  readonly floods: readonly FloodFigures[];
}

/** Of sorted or unsorted numbers; 0 of none. `share`: 0.99 for p99. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

const ms = (value: number): string => `${value.toFixed(1)} ms`;
const listed = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ') || 'none';

/** How many times the normal p99 the one under the flood is. */
export function ratioOf({ normal }: Pick<AbuseFigures, 'normal'>, { honest }: FloodFigures): number {
  return percentile(honest.latenciesMs, 0.99) / percentile(normal.latenciesMs, 0.99);
}

export function describeFlood(figures: Pick<AbuseFigures, 'normal'>, one: FloodFigures): string {
  const { flood, honest, attacker, refused } = one;
  return table(
    [floodTitles[flood], ''],
    [
      ['honest p50 / p99', `${ms(percentile(honest.latenciesMs, 0.5))} / ${ms(percentile(honest.latenciesMs, 0.99))}`],
      ['p99 as a multiple of the normal one', ratioOf(figures, one).toFixed(2)],
      ['honest sales, and what was not answered with success', `${honest.latenciesMs.length}, ${listed(honest.failures)}`],
      ['connections opened by the attacker, closed', `${attacker.opened}, ${attacker.closed}`],
      ['answers to the attacker, by status', listed(attacker.answers)],
      ['refused or cut off, by cause', listed(refused)],
    ],
  );
}

export function describeNormal({ normal: { latenciesMs, failures } }: Pick<AbuseFigures, 'normal'>): string {
  return table(
    ['without a flood', ''],
    [
      ['honest p50 / p99', `${ms(percentile(latenciesMs, 0.5))} / ${ms(percentile(latenciesMs, 0.99))}`],
      ['honest sales, and what was not answered with success', `${latenciesMs.length}, ${listed(failures)}`],
    ],
  );
}

/** Returns the path of the report. One of the same day and commit is replaced. */
export async function writeAbuseReport(figures: AbuseFigures): Promise<string> {
  const folder = join(import.meta.dirname, '..', 'results');
  const date = new Date().toISOString().slice(0, 10);
  const { commit, processor, cores, memoryGib, system, node, postgres, durability, fileSystem } = figures.machine;
  const facts = table(
    ['measured on', ''],
    [
      ['commit', commit],
      ['processor', `${processor}, ${cores} cores, shared by everything that ran, also by the attacker`],
      ['memory', `${memoryGib} GiB`],
      ['system', `${system}, database on ${fileSystem}`],
      ['Node.js, PostgreSQL', `${node}, ${postgres} (${durability})`],
      [
        'options',
        Object.entries(figures.options)
          .map(([name, value]) => `${name} ${value}`)
          .join(', '),
      ],
    ],
  );
  const sections = [`# Abuse of ${date}`, facts, describeNormal(figures), ...figures.floods.map((one) => describeFlood(figures, one))];
  const path = join(folder, `abuse-${date}-${commit.replace('+', '-changed')}.md`);
  await mkdir(folder, { recursive: true });
  await writeFile(path, `${sections.join('\n\n')}\n`);
  return path;
}
