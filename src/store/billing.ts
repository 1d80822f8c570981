/** Billing templates and their subscribers as rows, and the leases under which exactly one node bills a subscriber. */
import type { BillingStore, BillingTemplate, Subscriber, SubscriberStatus } from '../core/subscription/billing.ts';
import { jsonText, plainArray, timeOrNull, timeText } from '../postgres/columns.ts';
import type { Database, Row, Statement } from '../postgres/connection.ts';
import { createLeases } from './leases.ts';
import { reading } from './unavailable.ts';

const epochMs = (column: string, name: string): string => `(extract(epoch from ${column}) * 1000)::bigint as ${name}`;

const templateColumns = `merchant_id, template_id, channel_id, plan, active, document, input_hash, ${epochMs('created_at', 'created_ms')},
  ${epochMs('updated_at', 'updated_ms')}`;

const insertTemplate: Statement = {
  name: 'add_billing_template',
  text: `insert into polygate.billing_template (merchant_id, template_id, channel_id, plan, active, document, input_hash, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $8) on conflict do nothing returning template_id`,
};

const selectTemplate: Statement = {
  name: 'find_billing_template',
  text: `select ${templateColumns} from polygate.billing_template where merchant_id = $1 and template_id = $2 and removed_at is null`,
};

const listTemplates: Statement = {
  name: 'list_billing_templates',
  text: `select ${templateColumns} from polygate.billing_template t
where merchant_id = $1 and removed_at is null
  and ($2::uuid is null or (t.created_at, t.template_id) > (
    select a.created_at, a.template_id from polygate.billing_template a where a.merchant_id = $1 and a.template_id = $2
  ))
order by created_at, template_id limit $3`,
};

const changeTemplate: Statement = {
  name: 'change_billing_template',
  text: `update polygate.billing_template set plan = $3, active = $4, document = $5, updated_at = $6
where merchant_id = $1 and template_id = $2 and removed_at is null returning template_id`,
};

const removeTemplate: Statement = {
  name: 'remove_billing_template',
  text: `update polygate.billing_template set removed_at = $3 where merchant_id = $1 and template_id = $2 and removed_at is null returning template_id`,
};

const subscriberColumns = `s.merchant_id, s.subscriber_id, s.template_id, s.customer_id, s.channel_id, s.status, s.next_cycle, s.cycles_billed, s.order_id,
  s.tries, s.attempt, s.mails_on_failure, s.settings, s.input_hash, ${epochMs('s.starts_at', 'starts_ms')}, ${epochMs('s.due_at', 'due_ms')},
  ${epochMs('s.created_at', 'created_ms')}, ${epochMs('s.updated_at', 'updated_ms')}`;

const insertSubscriber: Statement = {
  name: 'add_subscriber',
  text: `insert into polygate.subscriber (merchant_id, subscriber_id, template_id, customer_id, channel_id, status, starts_at, next_cycle, cycles_billed,
  order_id, tries, attempt, mails_on_failure, settings, due_at, leased_until, input_hash, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, now(), $16, $17, $17) on conflict do nothing returning subscriber_id`,
};

const selectSubscriber: Statement = {
  name: 'find_subscriber',
  text: `select ${subscriberColumns} from polygate.subscriber s
where s.merchant_id = $1 and s.template_id = $2 and s.customer_id = $3 order by s.created_at desc, s.status = 'ended', s.subscriber_id desc limit 1`,
};

const selectById: Statement = {
  name: 'find_subscriber_by_id',
  text: `select ${subscriberColumns} from polygate.subscriber s where s.merchant_id = $1 and s.subscriber_id = $2`,
};

const listSubscribers: Statement = {
  name: 'list_subscribers',
  text: `select ${subscriberColumns} from polygate.subscriber s
where s.merchant_id = $1 and s.template_id = $2
  and ($3::uuid is null or (s.created_at, s.subscriber_id) > (
    select a.created_at, a.subscriber_id from polygate.subscriber a where a.merchant_id = $1 and a.subscriber_id = $3
  ))
  and (s.status <> 'ended' or not exists (
    select from polygate.subscriber n where n.merchant_id = s.merchant_id and n.template_id = s.template_id and n.customer_id = s.customer_id
      and (n.created_at, n.subscriber_id) > (s.created_at, s.subscriber_id)
  ))
order by s.created_at, s.subscriber_id limit $4`,
};

const anySubscriber: Statement = {
  name: 'any_subscriber',
  text: `select from polygate.subscriber where merchant_id = $1 and template_id = $2 and status <> 'ended' limit 1`,
};

const setStatus: Statement = {
  name: 'set_subscriber_status',
  text: `update polygate.subscriber set status = $3, updated_at = $4, due_at = case when $3 = 'ended' then null else due_at end
where merchant_id = $1 and subscriber_id = $2 and status = any ($5::text[]) and leased_until <= now() returning subscriber_id`,
};

// One that is being billed ends when that is over; the caller asks again.
const endAll: Statement = {
  name: 'end_subscribers',
  text: `with ended as (
  update polygate.subscriber set status = 'ended', due_at = null, updated_at = $4
  where merchant_id = $1 and ($2::uuid is null or template_id = $2) and ($3::uuid is null or customer_id = $3) and status <> 'ended' and leased_until <= now()
  returning merchant_id, subscriber_id
)
insert into polygate.subscriber_event (merchant_id, subscriber_id, sequence, name, happened_at)
select merchant_id, subscriber_id, 1, 'ended', $4 from ended`,
};

const leftToEnd: Statement = {
  name: 'subscribers_left_to_end',
  text: `select count(*)::int as count from polygate.subscriber
where merchant_id = $1 and ($2::uuid is null or template_id = $2) and ($3::uuid is null or customer_id = $3) and status <> 'ended'`,
};

// Guarded by the due time: a node that was away longer than its lease changes nothing, and tells nothing.
const record: Statement = {
  name: 'record_bill',
  text: `with billed as (
  update polygate.subscriber set status = $4, next_cycle = $5, cycles_billed = $6, order_id = $7, tries = $8, attempt = $9, due_at = $10, updated_at = $11,
    leased_until = now()
  where merchant_id = $1 and subscriber_id = $2 and due_at = $3 and status <> 'ended'
  returning merchant_id
), failed as (
  update polygate.checkout c set events = c.events + 1 from billed
  where c.merchant_id = billed.merchant_id and c.checkout_id = $12::uuid
  returning c.merchant_id, c.checkout_id, c.events
)
insert into polygate.checkout_event (merchant_id, checkout_id, sequence, name, happened_at)
select merchant_id, checkout_id, events, 'charge_failed', $11 from failed`,
};

const putOff: Statement = {
  name: 'put_off_subscriber',
  text: `update polygate.subscriber set leased_until = now() + $4 * interval '1 millisecond'
where merchant_id = $1 and subscriber_id = $2 and due_at = $3`,
};

interface TemplateRow extends Row {
  readonly merchant_id: string;
  readonly template_id: string;
  readonly channel_id: string;
  readonly plan: BillingTemplate['plan'] | null;
  readonly active: boolean;
  readonly document: unknown;
  readonly input_hash: Buffer | null;
  readonly created_ms: number;
  readonly updated_ms: number;
}

interface SubscriberRow extends Row {
  readonly merchant_id: string;
  readonly subscriber_id: string;
  readonly template_id: string;
  readonly customer_id: string;
  readonly channel_id: string;
  readonly status: SubscriberStatus;
  readonly starts_ms: number;
  readonly next_cycle: number;
  readonly cycles_billed: number;
  readonly order_id: string | null;
  readonly tries: number;
  readonly attempt: number;
  readonly mails_on_failure: boolean;
  readonly settings: unknown;
  readonly due_ms: number | null;
  readonly input_hash: Buffer | null;
  readonly created_ms: number;
  readonly updated_ms: number;
}

const bytesOf = (hash: Uint8Array | undefined): Buffer | null => (hash === undefined ? null : Buffer.from(hash));

export function createBillingStore(database: Database): BillingStore {
  const run = <R extends Row>(statement: Statement, values: readonly unknown[]) => reading(database.query<R>(statement, values));
  const leases = createLeases<SubscriberRow>(database, {
    ...{ name: 'subscribers', table: 'polygate.subscriber', key: { merchant_id: 'uuid', subscriber_id: 'uuid' }, dueAt: 'd.due_at' },
    isWaiting: 'd.due_at is not null',
    columns: subscriberColumns.replaceAll(/\bs\./g, 'd.'),
  });
  return {
    async addTemplate({ merchantId, templateId, channelId, plan, isActive, document, inputHash, createdAtMs }) {
      const said = [plan === undefined ? null : jsonText(plan), isActive, jsonText(document), bytesOf(inputHash)];
      return (await run(insertTemplate, [merchantId, templateId, channelId, ...said, timeText(createdAtMs)])).length === 1;
    },
    async findTemplate({ merchantId, templateId }) {
      const [row] = await run<TemplateRow>(selectTemplate, [merchantId, templateId]);
      return row === undefined ? undefined : templateOf(row);
    },
    async listTemplates({ merchantId, after, limit }) {
      return (await run<TemplateRow>(listTemplates, [merchantId, after ?? null, limit])).map(templateOf);
    },
    async changeTemplate({ merchantId, templateId, plan, isActive, document, updatedAtMs }) {
      const said = [plan === undefined ? null : jsonText(plan), isActive, jsonText(document)];
      return (await run(changeTemplate, [merchantId, templateId, ...said, timeText(updatedAtMs)])).length === 1;
    },
    async removeTemplate({ merchantId, templateId, nowMs }) {
      return (await run(removeTemplate, [merchantId, templateId, timeText(nowMs)])).length === 1;
    },
    async addSubscriber(one) {
      const { merchantId, subscriberId, templateId, customerId, channelId, status } = one;
      const rows = await run(insertSubscriber, [
        ...[merchantId, subscriberId, templateId, customerId, channelId, status],
        ...[timeOrNull(one.startsAtMs), one.nextCycle, one.cyclesBilled],
        ...[one.orderId ?? null, one.tries, one.attempt, one.mailsOnFailure, jsonText(one.settings), timeOrNull(one.dueAtMs)],
        ...[bytesOf(one.inputHash), timeText(one.createdAtMs)],
      ]);
      return rows.length === 1;
    },
    async findSubscriber({ merchantId, templateId, customerId }) {
      const [row] = await run<SubscriberRow>(selectSubscriber, [merchantId, templateId, customerId]);
      return row === undefined ? undefined : subscriberOf(row);
    },
    async findSubscriberById({ merchantId, subscriberId }) {
      const [row] = await run<SubscriberRow>(selectById, [merchantId, subscriberId]);
      return row === undefined ? undefined : subscriberOf(row);
    },
    async listSubscribers({ merchantId, templateId, after, limit }) {
      return (await run<SubscriberRow>(listSubscribers, [merchantId, templateId, after ?? null, limit])).map(subscriberOf);
    },
    async hasSubscribers({ merchantId, templateId }) {
      return (await run(anySubscriber, [merchantId, templateId])).length > 0;
    },
    async setStatus({ merchantId, subscriberId, from, to, nowMs }) {
      if ((await run(setStatus, [merchantId, subscriberId, to, timeText(nowMs), plainArray(from)])).length === 1) return 'done';
      const [row] = await run<SubscriberRow>(selectById, [merchantId, subscriberId]);
      return row !== undefined && from.includes(row.status) ? 'busy' : 'other';
    },
    async endAll({ merchantId, nowMs, ...which }) {
      const [templateId, customerId] = 'templateId' in which ? [which.templateId, null] : [null, which.customerId];
      await run(endAll, [merchantId, templateId, customerId, timeText(nowMs)]);
      const [left] = await run<{ count: number }>(leftToEnd, [merchantId, templateId, customerId]);
      return left?.count ?? 0;
    },
    async claimDue(request) {
      return (await leases.claim(request)).map((row) => ({ ...subscriberOf(row), dueAtMs: row.due_ms ?? 0 }));
    },
    nextDueAtMs: leases.nextDueAtMs,
    async record({ merchantId, subscriberId, dueAtMs }, { status, nextCycle, cyclesBilled, orderId, tries, attempt, chargeFailed, ...to }) {
      await database.query(record, [
        ...[merchantId, subscriberId, timeText(dueAtMs), status, nextCycle, cyclesBilled, orderId ?? null, tries, attempt],
        ...[timeOrNull(to.dueAtMs), timeText(to.nowMs), chargeFailed ?? null],
      ]);
    },
    async putOff({ merchantId, subscriberId, dueAtMs }, { afterMs }) {
      await database.query(putOff, [merchantId, subscriberId, timeText(dueAtMs), afterMs]);
    },
  };
}

function templateOf(row: TemplateRow): BillingTemplate {
  return {
    ...{
      merchantId: row.merchant_id,
      templateId: row.template_id,
      channelId: row.channel_id,
      isActive: row.active,
      document: row.document,
    },
    ...{ createdAtMs: row.created_ms, updatedAtMs: row.updated_ms },
    ...(row.plan === null || row.plan === undefined ? {} : { plan: row.plan }),
    ...(row.input_hash === null ? {} : { inputHash: row.input_hash }),
  };
}

function subscriberOf(row: SubscriberRow): Subscriber {
  return {
    ...{ merchantId: row.merchant_id, subscriberId: row.subscriber_id, templateId: row.template_id, customerId: row.customer_id },
    ...{
      channelId: row.channel_id,
      status: row.status,
      startsAtMs: row.starts_ms,
      nextCycle: row.next_cycle,
      cyclesBilled: row.cycles_billed,
    },
    ...{ tries: row.tries, attempt: row.attempt, mailsOnFailure: row.mails_on_failure, settings: row.settings },
    ...{ createdAtMs: row.created_ms, updatedAtMs: row.updated_ms },
    ...(row.order_id === null ? {} : { orderId: row.order_id }),
    ...(row.due_ms === null ? {} : { dueAtMs: row.due_ms }),
    ...(row.input_hash === null ? {} : { inputHash: row.input_hash }),
  };
}
