/** Risk rules of merchants: what is blocked, and how often something may try. */
import { Type } from 'typebox';
import { holdsCardNumber } from '../core/instrument/mask.ts';
import { badResults, checkActions, checkSubjects } from '../core/risk/check-rule.ts';
import {
  type BlockSubject,
  blockSubjects,
  limitSubjects,
  longestWindowMs,
  normalized,
  riskActions,
  rulesAtMost,
} from '../core/risk/rule.ts';
import { fields, inQuery, means, nullable, oneOf, optional, text, time, uuid, whole } from './forms.ts';
import { readOne } from './one.ts';
import type { ConsoleParts } from './parts.ts';
import { fieldProblem } from './problem.ts';
import { act, type ConsoleRoute, list } from './route.ts';

/** A rule as operators see it. */
const rule = {
  merchant_id: uuid,
  rule_id: uuid,
  channel_id: means(nullable(uuid), 'Null: all channels of the merchant.'),
  kind: means(
    oneOf(['block', 'limit', 'check']),
    '`block`: an entry of a list. `limit`: how often something may try. `check`: what the issuer has found of the holder’s address or of the code on the card.',
  ),
  action: means(
    oneOf([...riskActions, 'decline']),
    '`block`: what matches is not sent. `review`: it is authorized, and held until an operator has decided. `decline`: its approval is reversed, and it is declined.',
  ),
  subject: oneOf([...blockSubjects, ...checkSubjects]),
  value: means(nullable(text), 'What is blocked; of a card, a fingerprint from which no number can be found. Of a check, the result.'),
  attempts: means(nullable(whole), 'How many are let through.'),
  window_seconds: means(nullable(whole), 'Within which time, in seconds of the business clock.'),
  created_at: time,
};

const group = 'Risk rules';
const at = '/merchants/:merchant_id/risk-rules';
const merchantPath = fields({ merchant_id: uuid });
const longestWindowSeconds = longestWindowMs / 1_000;
const channelId = Type.Optional(means(uuid, 'Payments of this channel only; of all channels of the merchant when not given.'));

const action = Type.Optional(
  means(oneOf(riskActions), '`block`, unless given: not sent. `review`: authorized, and held until an operator has decided.'),
);

const expectations: Readonly<Record<Exclude<BlockSubject, 'card'>, string>> = {
  bin: 'the first six digits of a card number',
  ip: 'an IPv4 or IPv6 address',
  email: 'an e-mail address, and no card number',
  country: 'an ISO 3166-1 code of two letters',
};

export function riskRoutes({ store, engine }: ConsoleParts): readonly ConsoleRoute[] {
  const read = (merchant_id: string, rule_id: string) =>
    readOne(store, { list: 'risk_rules', filters: { merchant_id, rule_id }, noun: 'risk rule' });
  const answer = fields(rule);
  return [
    list({
      ...{ name: 'listRiskRules', group, at: '/risk-rules', summary: 'Lists risk rules.' },
      query: optional({
        ...{ merchant_id: inQuery.uuid, channel_id: inQuery.uuid },
        ...{ kind: rule.kind, action: rule.action, subject: rule.subject, value: means(inQuery.text, 'As it is written in the list.') },
      }),
      ...{ list: 'risk_rules', item: answer, store },
    }),
    act({
      ...{
        name: 'addBlock',
        group,
        method: 'post',
        at: `${at}/blocks`,
        role: 'operator',
        summary: 'Blocks a card, a BIN or an origin, or has it reviewed.',
      },
      description: `New payments that match are recorded as rejected, with the reason, and never sent; or, with the action \`review\`, authorized and held for an operator. Running nodes go by it within two seconds. A merchant has at most ${rulesAtMost} rules.`,
      path: merchantPath,
      body: fields({
        subject: means(oneOf(blockSubjects), '`ip`, `email` and `country` (of the billing address) as the merchant’s requests tell them.'),
        value: Type.Optional(means(inQuery.text, 'For all but cards: what is blocked.')),
        payment_id: Type.Optional(means(uuid, 'For cards: a payment of the merchant that was tried with the card.')),
        action,
        channel_id: channelId,
      }),
      sample: { subject: 'email', value: 'mallory@shop.example' },
      ...{ status: 201, answer, problems: ['not_found', 'conflict'] },
      async handle({ path: { merchant_id: merchantId }, body: { subject, value, payment_id, channel_id, action = 'block' }, actor }) {
        const blocked = subject === 'card' ? await fingerprintOf(merchantId, value, payment_id) : writtenOf(subject, value, payment_id);
        const { ruleId } = await store.addRiskRule({
          ...{ actor, merchantId, rule: { kind: 'block', action, subject, value: blocked } },
          ...(channel_id === undefined ? {} : { channelId: channel_id }),
        });
        return read(merchantId, ruleId);
      },
    }),
    act({
      ...{ name: 'addLimit', group, method: 'post', at: `${at}/limits`, role: 'operator' },
      summary: 'Limits how often one card, address or shopper may try.',
      description:
        'Attempts beyond it are recorded as rejected, with the reason, and never sent, or held for an operator; they count as well. Payouts are not counted. A sandbox keeps limits only with `RISK_LIMITS=on`.',
      path: merchantPath,
      body: fields({
        subject: oneOf(limitSubjects),
        attempts: Type.Integer({ minimum: 1, maximum: 10_000, 'x-expected': 'a whole number from 1 to 10000' }),
        window_seconds: Type.Integer({
          ...{ minimum: 1, maximum: longestWindowSeconds },
          'x-expected': `a whole number of seconds from 1 to ${longestWindowSeconds}`,
        }),
        action,
        channel_id: channelId,
      }),
      sample: { subject: 'card', attempts: 5, window_seconds: 3_600 },
      ...{ status: 201, answer, problems: ['not_found', 'conflict'] },
      async handle({
        path: { merchant_id: merchantId },
        body: { subject, attempts, window_seconds, channel_id, action = 'block' },
        actor,
      }) {
        const { ruleId } = await store.addRiskRule({
          ...{ actor, merchantId, rule: { kind: 'limit', action, subject, attempts, windowMs: window_seconds * 1_000 } },
          ...(channel_id === undefined ? {} : { channelId: channel_id }),
        });
        return read(merchantId, ruleId);
      },
    }),
    act({
      ...{ name: 'addCheck', group, method: 'post', at: `${at}/checks`, role: 'operator' },
      summary: 'Declines, or has reviewed, what the issuer approves in spite of a result.',
      description:
        'The issuer’s results for the holder’s address and the code on the card come with its approval, so rules about them are looked at then. A payment without such a result meets none. `address` is `mismatch` where something of it differs and nothing matches; `street` and `postcode` are looked at alone. While a channel has a rule with the action `review`, debits that bring an address or a code are sent as holds, and captured at once where no rule is met.',
      path: merchantPath,
      body: fields({
        subject: means(oneOf(checkSubjects), 'What was compared; `address`: street and postcode together.'),
        result: means(oneOf(badResults), 'What the issuer has found.'),
        action: means(
          oneOf(checkActions),
          '`decline`: the approval is reversed at once, and the payment declined. `review`: held until an operator has decided.',
        ),
        channel_id: channelId,
      }),
      sample: { subject: 'cvc', result: 'mismatch', action: 'decline' },
      ...{ status: 201, answer, problems: ['not_found', 'conflict'] },
      async handle({ path: { merchant_id: merchantId }, body: { subject, result: value, action, channel_id }, actor }) {
        const { ruleId } = await store.addRiskRule({
          ...{ actor, merchantId, rule: { kind: 'check', action, subject, value } },
          ...(channel_id === undefined ? {} : { channelId: channel_id }),
        });
        return read(merchantId, ruleId);
      },
    }),
    act({
      ...{ name: 'removeRiskRule', group, method: 'delete', at: `${at}/:rule_id`, role: 'operator', summary: 'Removes a rule.' },
      ...{ path: fields({ merchant_id: uuid, rule_id: uuid }), answer: fields({ rule_id: uuid }), problems: ['not_found'] },
      async handle({ path: { merchant_id: merchantId, rule_id: ruleId }, actor }) {
        await store.removeRiskRule({ actor, merchantId, ruleId });
        return { rule_id: ruleId };
      },
    }),
  ];

  /** Nobody writes a card number here: the card is that of a payment. */
  async function fingerprintOf(merchantId: string, value: string | undefined, paymentId: string | undefined): Promise<string> {
    if (value !== undefined) throw fieldProblem('value', 'must be left out for a card: name a payment of it as payment_id');
    if (paymentId === undefined) throw fieldProblem('payment_id', 'must be a payment that was tried with the card');
    const cardId = await store.cardOfPayment({ merchantId, paymentId });
    const pan = cardId === undefined ? undefined : await engine.vault.reveal({ merchantId, cardId });
    if (pan === undefined) throw fieldProblem('payment_id', 'must be a payment of the merchant whose card is still stored');
    return Buffer.from(await engine.vault.fingerprint(merchantId, pan)).toString('hex');
  }
}

function writtenOf(subject: Exclude<BlockSubject, 'card'>, value: string | undefined, paymentId: string | undefined): string {
  if (paymentId !== undefined) throw fieldProblem('payment_id', 'is for cards only');
  const written = value === undefined ? undefined : normalized(subject, value);
  if (written === undefined || (subject === 'email' && holdsCardNumber(written)))
    throw fieldProblem('value', `must be ${expectations[subject]}`);
  return written;
}
