/** What operators do to merchants' risk rules, each act with its row in the trail; and the rules as the directory reads them with a channel. */
import { randomUUIDv7 } from 'node:crypto';
import { OperatorError } from '../core/operator/operator-error.ts';
import type { RiskRuleToMake } from '../core/operator/operator-store.ts';
import type { BadResult, CheckRule, CheckSubject } from '../core/risk/check-rule.ts';
import { type BlockSubject, type LimitSubject, type RiskAction, type RiskRule, rulesAtMost } from '../core/risk/rule.ts';
import type { Database, Statement } from '../postgres/connection.ts';
import { acting } from './audit.ts';

/** One of the rules in the JSON that `ruleColumn` makes. */
export interface RuleJson {
  readonly kind: RiskRule['kind'];
  readonly action: RiskRule['action'];
  readonly subject: string;
  readonly value: string | null;
  readonly attempts: number | null;
  readonly window_seconds: number | null;
  readonly of_channel: boolean;
}

/** A channel's rules as a column; null where it has none. `c`: the channel. */
export const ruleColumn = `(select json_agg(json_build_object('kind', r.kind, 'action', r.action, 'subject', r.subject, 'value', r.value, 'attempts', r.attempts,
  'window_seconds', r.window_seconds, 'of_channel', r.channel_id is not null) order by r.rule_id) from polygate.risk_rule r
  where r.merchant_id = c.merchant_id and (r.channel_id is null or r.channel_id = c.channel_id)) as risk_rules`;

export function ruleOf({ kind, action, subject, value, attempts, window_seconds, of_channel }: RuleJson): RiskRule {
  switch (kind) {
    case 'block':
      return { kind, action: action as RiskAction, subject: subject as BlockSubject, value: value ?? '' };
    case 'check':
      return { kind, action: action as CheckRule['action'], subject: subject as CheckSubject, value: value as BadResult };
    case 'limit': {
      const terms = { subject: subject as LimitSubject, attempts: attempts ?? 0, windowMs: (window_seconds ?? 0) * 1_000 };
      return { kind, action: action as RiskAction, ...terms, ...(of_channel ? { ofChannel: true } : {}) };
    }
  }
}

const surroundings: Statement = {
  name: 'risk_rule_surroundings',
  text: `select (select count(*)::int from polygate.merchant where merchant_id = $1) as merchants,
  (select count(*)::int from polygate.channel where merchant_id = $1 and channel_id = $2) as channels,
  (select count(*)::int from polygate.risk_rule where merchant_id = $1) as rules,
  (select r.rule_id || ', with the action ' || r.action from polygate.risk_rule r where r.merchant_id = $1
    and r.channel_id is not distinct from $2::uuid and r.kind = $3 and r.subject = $4 and r.value is not distinct from $5
    and r.attempts is not distinct from $6::int and r.window_seconds is not distinct from $7::int) as same`,
};

const insert: Statement = {
  name: 'add_risk_rule',
  text: `insert into polygate.risk_rule (merchant_id, rule_id, channel_id, kind, subject, value, attempts, window_seconds, action)
values ($1, $8, $2, $3, $4, $5, $6, $7, $9)`,
};

const remove: Statement = {
  name: 'remove_risk_rule',
  text: 'delete from polygate.risk_rule where merchant_id = $1 and rule_id = $2 returning kind, subject',
};

const cardOf: Statement = {
  name: 'card_of_payment',
  text: `select card_id from polygate.attempt where merchant_id = $1 and payment_id = $2 and card_id is not null order by number desc limit 1`,
};

interface Surroundings extends Record<string, unknown> {
  readonly merchants: number;
  readonly channels: number;
  readonly rules: number;
  readonly same: string | null;
}

/** The trail is for good, so it says nothing of a shopper: the rule's id does. */
export function addRule(database: Database, { actor, merchantId, channelId, rule }: RiskRuleToMake): Promise<{ readonly ruleId: string }> {
  return acting(database, async (query, audit) => {
    const { kind, action, subject } = rule;
    const terms = kind === 'limit' ? [null, rule.attempts, Math.round(rule.windowMs / 1_000)] : [rule.value, null, null];
    const values = [merchantId, channelId ?? null, kind, subject, ...terms];
    const [found] = await query<Surroundings>(surroundings, values);
    if (found === undefined || found.merchants === 0) throw new OperatorError(`There is no merchant ${merchantId}.`, { kind: 'not_found' });
    if (channelId !== undefined && found.channels === 0) {
      throw new OperatorError(`The merchant has no channel ${channelId}.`, { kind: 'invalid', field: 'channel_id' });
    }
    if (found.same !== null) {
      throw new OperatorError(`There is such a rule already: ${found.same}. Remove it to have another action.`, { kind: 'conflict' });
    }
    if (found.rules >= rulesAtMost) {
      throw new OperatorError(`The merchant has ${rulesAtMost} rules, which is the most there can be; remove some first.`, {
        kind: 'conflict',
      });
    }
    const ruleId = randomUUIDv7();
    await query(insert, [...values, ruleId, action]);
    await audit({ actor, act: 'risk_rule.added', details: { merchantId, ruleId, channelId, kind, action, subject } });
    return { ruleId };
  });
}

export async function removeRule(
  database: Database,
  { actor, merchantId, ruleId }: { readonly actor: string; readonly merchantId: string; readonly ruleId: string },
): Promise<void> {
  await acting(database, async (query, audit) => {
    const [removed] = await query<{ kind: string; subject: string }>(remove, [merchantId, ruleId]);
    if (removed === undefined) throw new OperatorError(`The merchant has no risk rule ${ruleId}.`, { kind: 'not_found' });
    await audit({ actor, act: 'risk_rule.removed', details: { merchantId, ruleId, ...removed } });
  });
}

/** The card of a payment's last attempt. */
export async function cardOfPayment(
  database: Database,
  { merchantId, paymentId }: { readonly merchantId: string; readonly paymentId: string },
): Promise<string | undefined> {
  const [row] = await database.query<{ card_id: string }>(cardOf, [merchantId, paymentId]);
  return row?.card_id;
}
