/** The chart beside a report: throughput, latency and where the CPU time went, as one SVG. */
import * as echarts from 'echarts';
import { type Figures, processNames, processTitles } from './figures.ts';

const size = { width: 1200, height: 420 };
const grids = [
  { left: 60, width: 280, top: 70, bottom: 60 },
  { left: 440, width: 300, top: 70, bottom: 60 },
  { left: 850, width: 320, top: 70, bottom: 60 },
];

/** Draws the figures. The colors are told apart in gray as well. */
export function drawChart({ scenarios, machine }: Figures): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, ...size });
  const throughput = throughputBars(scenarios);
  const percentiles = ['p50', 'p95', 'p99'];
  const axis = (gridIndex: number, data: readonly string[]) => ({ type: 'category' as const, gridIndex, data: [...data] });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    color: ['#1b4f72', '#d68910', '#7d8b99', '#a3c4bc'],
    title: [
      { text: 'Durable operations per second', left: 50, top: 10, textStyle: { fontSize: 14 } },
      { text: 'Latency, ms', left: 430, top: 10, textStyle: { fontSize: 14 } },
      { text: 'CPU per operation, µs', left: 840, top: 10, textStyle: { fontSize: 14 } },
      { text: `${machine.processor}, ${machine.cores} cores; commit ${machine.commit}`, left: 50, bottom: 8, textStyle: { fontSize: 11 } },
    ],
    legend: { top: 34, left: 840, data: processNames.map((name) => processTitles[name]), itemWidth: 14 },
    grid: grids,
    xAxis: [
      axis(
        0,
        throughput.map(([name]) => name),
      ),
      axis(1, percentiles),
      axis(
        2,
        scenarios.map(({ scenario }) => scenario),
      ),
    ],
    yAxis: grids.map((_, gridIndex) => ({ type: 'value' as const, gridIndex })),
    series: [
      { type: 'bar', xAxisIndex: 0, yAxisIndex: 0, data: throughput.map(([, value]) => value), label: { show: true, position: 'top' } },
      ...scenarios.map(({ scenario, load }) => ({
        type: 'bar' as const,
        name: scenario,
        xAxisIndex: 1,
        yAxisIndex: 1,
        data: [load.p50Ms, load.p95Ms, load.p99Ms].map((value) => Number(value.toFixed(1))),
        label: { show: true, position: 'top' as const, formatter: '{a}: {c}', fontSize: 10 },
      })),
      ...processNames.map((name) => ({
        type: 'bar' as const,
        name: processTitles[name],
        stack: 'cpu',
        xAxisIndex: 2,
        yAxisIndex: 2,
        data: scenarios.map(({ processes }) => Math.round(processes[name]?.cpuMicrosPerOperation ?? 0)),
        label: { show: true },
      })),
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

function throughputBars(scenarios: Figures['scenarios']): readonly (readonly [string, number])[] {
  return scenarios.flatMap(({ scenario, operationsPerSecond, pgbench }) => [
    ...(pgbench === undefined ? [] : [['pgbench', Math.round((pgbench[0] + pgbench[1]) / 2)] as const]),
    [scenario, Math.round(operationsPerSecond)] as const,
  ]);
}
