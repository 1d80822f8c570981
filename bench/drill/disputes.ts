/** What issuers charge back, and then partly give up, while things are killed: the host tells the gateway until it is answered, and each counts once. */
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { type HostEntry, readHostEntries } from './books.ts';

/** As the host has it. Amounts in minor units. */
export interface HostDispute {
  readonly id: string;
  readonly amount: number;
  readonly state: 'raised' | 'reversed';
  /** DE39 of the gateway's answers; absent while there is none. */
  readonly chargebackAnswer?: string;
  readonly reversalAnswer?: string;
}

/** As the gateway has it, with what it has booked for it. Amounts in minor units. */
export interface GatewayDispute {
  readonly id: string;
  readonly amount: number;
  readonly isReversed: boolean;
  readonly chargedBack: readonly number[];
  readonly givenBack: readonly number[];
}

export interface DisputesOptions {
  readonly hostUrl: string;
  readonly count: number;
  readonly durationMs: number;
  readonly random: () => number;
  readonly signal: AbortSignal;
}

/** Whole ones, and parts of what is left of the charge. */
const wholeShare = 0.6;
const givenUpShare = 0.4;
const pauseMs = 200;

/** Resolves when all of them were ordered. */
export async function orderDisputes({ hostUrl, count, durationMs, random, signal }: DisputesOptions): Promise<void> {
  const untilReached = async <Result>(act: () => Promise<Result>): Promise<Result | undefined> => {
    while (!signal.aborted) {
      const done = await act().catch(() => undefined);
      if (done !== undefined) return done;
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    }
    return undefined;
  };
  const order = (path: string, body: object) =>
    untilReached(() => fetch(`${hostUrl}/control/disputes${path}`, { method: 'POST', body: JSON.stringify(body), signal }));
  const charges = ((await untilReached(() => readHostEntries(hostUrl))) ?? []).filter((entry) => leftOf(entry) > 2);
  for (let made = 0; made < count && charges.length > 0 && !signal.aborted; made += 1) {
    const [charge] = charges.splice(Math.floor(random() * charges.length), 1);
    if (charge === undefined) return;
    const amount = random() < wholeShare ? leftOf(charge) : Math.ceil(leftOf(charge) / 3);
    const raised = await order('', { rrn: charge.rrn, amount, reason: '10.4' });
    const { id } = ((await raised?.json()) ?? {}) as { readonly id?: string };
    await delay(durationMs / count, undefined, { signal }).catch(() => undefined);
    if (id !== undefined && random() < givenUpShare) await order(`/${id}/reverse`, {});
  }
}

function leftOf({ kind, amount, refundedAmount, reversedAmount }: HostEntry): number {
  return kind === 'debit' || kind === 'capture' ? amount - refundedAmount - reversedAmount : 0;
}

export async function readHostDisputes(hostUrl: string): Promise<readonly HostDispute[]> {
  const answer = await fetch(`${hostUrl}/control/disputes`);
  if (!answer.ok) throw new Error(`the host's disputes cannot be read: ${answer.status} ${await answer.text()}`);
  return ((await answer.json()) as { readonly disputes: readonly HostDispute[] }).disputes;
}

/** Whether the gateway has answered all that it was told of it. */
export function isAnswered({ state, chargebackAnswer, reversalAnswer }: HostDispute): boolean {
  return chargebackAnswer !== undefined && (state === 'raised' || reversalAnswer !== undefined);
}

const disputesText = `select d.case_number as id, d.amount::float8 as amount, d.reversal_confirmed_at is not null as "isReversed",
  coalesce(array_agg(o.amount::float8) filter (where o.kind = 'chargeback'), '{}') as "chargedBack",
  coalesce(array_agg(o.amount::float8) filter (where o.kind = 'chargeback_reversal'), '{}') as "givenBack"
from polygate.dispute d
  left join polygate.operation o on o.merchant_id = d.merchant_id and o.dispute_id = d.dispute_id and o.state = 'approved'
where d.case_number is not null
group by d.merchant_id, d.dispute_id`;

export async function readGatewayDisputes(client: pg.Client): Promise<readonly GatewayDispute[]> {
  return (await client.query<GatewayDispute>(disputesText)).rows;
}

/** Each dispute of the host is the gateway's, with one chargeback and, when it was given up, one that gives it back; pure. */
export function compareDisputes(here: readonly GatewayDispute[], there: readonly HostDispute[]): readonly string[] {
  const known = Map.groupBy(here, ({ id }) => id);
  const told = new Set(there.map(({ id }) => id));
  return [
    ...there.flatMap((dispute) => {
      const found = known.get(dispute.id) ?? [];
      const differing = found.length === 1 ? differenceOf(found[0] as GatewayDispute, dispute) : `the gateway has ${found.length} of it`;
      return differing === undefined ? [] : [`the dispute ${dispute.id} of ${dispute.amount} ${dispute.state}: ${differing}`];
    }),
    ...here.filter(({ id }) => !told.has(id)).map(({ id }) => `the gateway has the dispute ${id}, of which the host knows nothing`),
  ];
}

function differenceOf(here: GatewayDispute, { amount, state, chargebackAnswer, reversalAnswer }: HostDispute): string | undefined {
  const isReversed = state === 'reversed';
  const isWhole = (amounts: readonly number[], times: number) => amounts.length === times && amounts.every((one) => one === amount);
  const isAlike = here.amount === amount && here.isReversed === isReversed;
  const isBooked = isWhole(here.chargedBack, 1) && isWhole(here.givenBack, isReversed ? 1 : 0);
  const isTaken = chargebackAnswer === '00' && (reversalAnswer ?? '00') === '00';
  if (isAlike && isBooked && isTaken) return undefined;
  const booked = `charged back [${here.chargedBack}], given back [${here.givenBack}]`;
  return `answered ${chargebackAnswer} ${reversalAnswer ?? ''}; the gateway has ${here.amount}${here.isReversed ? ' reversed' : ''}, ${booked}`;
}
