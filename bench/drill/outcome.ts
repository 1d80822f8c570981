/** The drill's outcome as text: zeros, and beside them what else a reader wants to know. */
import { table } from '../figures.ts';
import type { Audit } from './audit.ts';
import type { Kill } from './killer.ts';
import { describeOrder, type OrderRecord } from './order.ts';
import { victims } from './stand.ts';

export interface DrillFigures {
  readonly audit: Audit;
  /** Payments whose events did not all arrive at the merchant, or not in their order. */
  readonly untold: readonly string[];
  /** Webhooks taken by the merchants, and those that they refused or dropped. */
  readonly webhooks: { readonly taken: number; readonly disturbed: number };
  readonly seed: number;
  readonly orders: readonly OrderRecord[];
  readonly otherAnswers: readonly { readonly order: OrderRecord; readonly answer: string }[];
  readonly kills: readonly Kill[];
  /** Disturbances that the host carried out, or was to. */
  readonly faults: number;
  readonly loadMs: number;
  /** From the end of the load until nothing was open. */
  readonly restMs: number;
  readonly due: { readonly days: number; readonly schedules: number; readonly subscriptions: number; readonly tookMs: number };
}

export function isClean({ audit, untold, otherAnswers }: DrillFigures): boolean {
  const { lost, chargedTwice, stillUnknown, booksApart, totals } = audit;
  const totalsAgree = totals.every((total) => total.gatewayCount === total.hostCount && total.gatewayMinor === total.hostMinor);
  return totalsAgree && [lost, chargedTwice, stillUnknown, booksApart, untold, otherAnswers].every(({ length }) => length === 0);
}

/** `details`: a line for each finding. */
export function describeDrill(figures: DrillFigures): { readonly summary: string; readonly details: readonly string[] } {
  const { audit, untold, otherAnswers } = figures;
  const refusals = figures.orders.filter(({ final }) => final?.outcome === 'refused');
  const zeros = table(
    ['must be zero', ''],
    [
      ['acknowledged payments lost', String(audit.lost.length)],
      ['charged twice', String(audit.chargedTwice.length)],
      ['still unknown', String(audit.stillUnknown.length)],
      ['books apart', String(audit.booksApart.length)],
      ['events not told, or not in order', String(untold.length)],
      ['repeats under the same key answered otherwise', String(otherAnswers.length)],
    ],
  );
  const details = [
    ...audit.lost.map((line) => `LOST ${line}`),
    ...audit.chargedTwice.map((line) => `TWICE ${line}`),
    ...audit.stillUnknown.map((line) => `UNKNOWN ${line}`),
    ...audit.booksApart.map((line) => `APART ${line}`),
    ...untold.map((line) => `UNTOLD ${line}`),
    ...otherAnswers.map(({ order, answer }) => `OTHER ANSWER ${answer}: ${describeOrder(order)}`),
    ...refusals.map((order) => `REFUSED ${describeOrder(order)}`),
  ];
  return {
    summary: [zeros, describeRun(figures, refusals), describeKills(figures.kills), describeTotals(audit.totals)].join('\n\n'),
    details,
  };
}

function describeRun(
  { audit, orders, loadMs, restMs, seed, faults, webhooks, due }: DrillFigures,
  refusals: readonly OrderRecord[],
): string {
  const count = (outcome: string): number => orders.filter(({ final }) => final?.outcome === outcome).length;
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  const retried = orders.filter(({ attempts }) => attempts > 1);
  const failures = Map.groupBy(
    orders.filter(({ final }) => final?.outcome === 'failed'),
    ({ final }) => final?.code,
  );
  const countOf = (code: string): number => failures.get(code)?.length ?? 0;
  const reasons = [...failures].map(([code, failed]) => `${failed.length} × ${code}`).join(', ');
  return table(
    ['the run', `seed ${seed}`],
    [
      ['orders', `${orders.length} in ${seconds(loadMs)} (${Math.round(orders.length / (loadMs / 1000))}/s)`],
      ['approved / failed / refused', `${count('approved')} / ${count('failed')} / ${refusals.length}`],
      ['reasons of the failed', reasons],
      ['sent more than once', `${retried.length}, of them refused in the end: ${refusals.filter(({ attempts }) => attempts > 1).length}`],
      ['pending at first', String(orders.filter(({ answers }) => answers.some((answer) => answer.endsWith(' 000.200.000'))).length)],
      [
        'pending, and then unknown to the gateway',
        String(orders.filter(({ answers }) => answers.includes('query 404 700.400.580')).length),
      ],
      ['with a shopper: approved / failed', asynchronousText(orders)],
      ['at a bank: approved / failed, and receipts that merchants declared', bankText(orders)],
      ['in other protocols: approved / failed / refused', dialectsText(orders)],
      ['their failures, as expected: code lost with the database / called off', `${countOf('100.390.112')} / ${countOf('100.396.101')}`],
      ['faults ordered from the host', String(faults)],
      ['webhooks taken by merchants / refused or dropped', `${webhooks.taken} / ${webhooks.disturbed}`],
      ['at rest after', seconds(restMs)],
      [
        'days that passed then',
        `${due.days} in ${seconds(due.tookMs)}, with ${due.schedules} schedules, ${due.subscriptions} subscriptions and ${audit.disputes} disputes`,
      ],
    ],
  );
}

function asynchronousText(orders: readonly OrderRecord[]): string {
  const own = orders.filter(({ authentication }) => authentication !== undefined);
  const count = (outcome: string): number => own.filter(({ final }) => final?.outcome === outcome).length;
  return `${own.length}: ${count('approved')} / ${count('failed')}`;
}

function dialectsText(orders: readonly OrderRecord[]): string {
  const byDialect = Map.groupBy(orders, ({ dialect }) => dialect);
  const texts = [...byDialect].map(([dialect, own]) => {
    const count = (outcome: string): number => own.filter(({ final }) => final?.outcome === outcome).length;
    return dialect === undefined ? [] : [`${dialect} ${own.length}: ${count('approved')} / ${count('failed')} / ${count('refused')}`];
  });
  return texts.flat().join(', ');
}

function bankText(orders: readonly OrderRecord[]): string {
  const own = orders.filter(({ bank }) => bank !== undefined);
  const count = (outcome: string): number => own.filter(({ final }) => final?.outcome === outcome).length;
  return `${own.length}: ${count('approved')} / ${count('failed')}, ${orders.filter(({ type }) => type === 'RC').length}`;
}

function describeKills(kills: readonly Kill[]): string {
  const rows = victims.map((victim) => {
    const own = kills.filter((kill) => kill.victim === victim);
    const times = own.map(({ recoveredAfterMs }) => recoveredAfterMs ?? Number.NaN).filter((ms) => !Number.isNaN(ms));
    const longest = times.length === 0 ? '' : `${Math.round(Math.max(...times))} ms`;
    const mean = times.length === 0 ? '' : `${Math.round(times.reduce((sum, ms) => sum + ms, 0) / times.length)} ms`;
    return [victim, String(own.length), mean, longest];
  });
  return table(['killed', 'times', 'to the next success, mean', 'longest'], [...rows, ['all', String(kills.length), '', '']]);
}

function describeTotals(totals: Audit['totals']): string {
  const rows = totals.map(({ kind, currency, gatewayCount, gatewayMinor, hostCount, hostMinor }) => {
    const agree = gatewayCount === hostCount && gatewayMinor === hostMinor;
    return [kind, currency, `${gatewayCount}: ${gatewayMinor}`, `${hostCount}: ${hostMinor}`, agree ? 'agree' : '**APART**'];
  });
  return table(['approved', 'currency', 'gateway (count: minor units)', 'host', ''], rows);
}
