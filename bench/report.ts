/** Writes a run's report and its chart into bench/results. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { drawChart } from './chart.ts';
import { describeScenario, describeStart, type Figures, table } from './figures.ts';

/** Returns the path of the report. One of the same day and commit is replaced. */
export async function writeReport(figures: Figures): Promise<string> {
  const folder = join(import.meta.dirname, 'results');
  const date = new Date().toISOString().slice(0, 10);
  const name = `${date}-${figures.machine.commit.replace('+', '-changed')}`;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${name}.svg`), drawChart(figures));
  const path = join(folder, `${name}.md`);
  await writeFile(path, `${describeReport(figures, { date, chart: `${name}.svg` })}\n`);
  return path;
}

function describeReport(figures: Figures, { date, chart }: { readonly date: string; readonly chart: string }): string {
  const { machine, options } = figures;
  const facts = table(
    ['measured on', ''],
    [
      ['commit', machine.commit],
      ['processor', `${machine.processor}, ${machine.cores} cores, shared by everything that ran`],
      ['memory', `${machine.memoryGib} GiB`],
      ['system', `${machine.system}, database on ${machine.fileSystem}`],
      ['Node.js', machine.node],
      ['PostgreSQL', `${machine.postgres} (${machine.durability})`],
      [
        'load',
        `${options.connections} connections, closed loop, ${options.merchants} merchants, ${options.seconds} s after ${options.warmupSeconds} s of warm-up, seed ${options.seed}`,
      ],
    ],
  );
  const sections = [`# Bench of ${date}`, facts, `![chart](${chart})`, describeStart(figures), ...figures.scenarios.map(describeScenario)];
  return sections.join('\n\n');
}
