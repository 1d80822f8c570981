/**
 * Looks at a new payment before it is recorded: whether a rule of its merchant keeps it from being sent, or wants an operator to look at it. What is on
 * a list is seen in memory; only limits ask the store, and only where the merchant has some.
 */
import { randomUUIDv7 } from 'node:crypto';
import type { CardSummary, Pan } from '../instrument/card.ts';
import type { Channel } from '../merchant/channel.ts';
import type { Engine } from '../payment/engine.ts';
import type { FirstKind } from '../payment/operation.ts';
import { type BlockSubject, type LimitRule, normalized, type Origin, type ReviewCause, type RiskReason } from './rule.ts';

/** What is looked at. */
export interface Screened {
  readonly channel: Channel;
  readonly kind: FirstKind;
  readonly origin: Origin;
  /** A request that is sent again is the same attempt. */
  readonly idempotencyKey?: string;
  readonly card: { readonly cardId: string; readonly summary: CardSummary; readonly pan?: Pan };
}

/** What the rules make of a payment. */
export type RiskVerdict =
  | { readonly action: 'block'; readonly reason: RiskReason }
  | { readonly action: 'review'; readonly cause: ReviewCause };

/** What is not to go its usual way; undefined: no rule is against it. A payout cannot be held, so what would be reviewed is blocked. */
export async function screen(engine: Engine, screened: Screened): Promise<RiskVerdict | undefined> {
  const { riskRules } = screened.channel;
  if (riskRules === undefined || riskRules.length === 0) return undefined;
  const values = await valuesOf(
    engine,
    screened,
    riskRules.some(({ subject }) => subject === 'card'),
  );
  const listed = riskRules.flatMap((rule) => (rule.kind === 'block' && values[rule.subject] === rule.value ? [rule] : []));
  const blocking = listed.find(({ action }) => action === 'block' || screened.kind === 'payout');
  if (blocking !== undefined) return { action: 'block', reason: `${blocking.subject}_blocked` };
  // Nobody tries out stolen cards by being paid.
  if (screened.kind === 'payout') return undefined;
  const over = await exceeded(engine, screened, { rules: riskRules, values });
  const exhausted = over.find(({ action }) => action === 'block');
  if (exhausted !== undefined) return { action: 'block', reason: `${exhausted.subject}_too_often` };
  const [entry] = listed;
  if (entry !== undefined) return { action: 'review', cause: `${entry.subject}_listed` };
  const [limit] = over;
  return limit === undefined ? undefined : { action: 'review', cause: `${limit.subject}_too_often` };
}

type Values = Partial<Readonly<Record<BlockSubject, string | undefined>>>;

/** A card is looked up in the vault only where a rule is about cards. */
async function valuesOf(engine: Engine, { channel, origin, card }: Screened, needsCard: boolean): Promise<Values> {
  const { merchantId } = channel;
  const pan = needsCard ? (card.pan ?? (await engine.vault.reveal({ merchantId, cardId: card.cardId }))) : undefined;
  const fingerprint = pan === undefined ? undefined : await engine.vault.fingerprint(merchantId, pan);
  const { ip, email, country } = origin;
  return {
    bin: card.summary.bin,
    card: fingerprint === undefined ? undefined : Buffer.from(fingerprint).toString('hex'),
    ip: ip === undefined ? undefined : normalized('ip', ip),
    email: email === undefined ? undefined : normalized('email', email),
    country: country === undefined ? undefined : normalized('country', country),
  };
}

type Limit = LimitRule & { readonly value: string };

/** Limits that this attempt is beyond. All are counted, also those for review. */
async function exceeded(
  engine: Engine,
  { channel, idempotencyKey }: Screened,
  { rules, values }: { readonly rules: NonNullable<Channel['riskRules']>; readonly values: Values },
): Promise<readonly LimitRule[]> {
  if (!engine.settings.riskLimits) return [];
  const limits = rules.flatMap((rule): Limit[] => {
    const value = rule.kind === 'limit' ? values[rule.subject] : undefined;
    return rule.kind === 'limit' && value !== undefined ? [{ ...rule, value }] : [];
  });
  if (limits.length === 0) return [];
  const { merchantId, channelId } = channel;
  const atMs = engine.clock.businessNow();
  const name = idempotencyKey === undefined ? randomUUIDv7() : `${channelId}\n${idempotencyKey}`;
  const counted = await engine.risk.countAttempts({
    ...{ merchantId, atMs },
    attemptHash: engine.inputMac(`risk attempt\n${merchantId}\n${name}`),
    counts: limits.map(({ subject, value, windowMs, ofChannel }) => ({
      ...{ subject, sinceMs: atMs - windowMs },
      // What is counted need not be known in clear; a channel's own limit counts for itself.
      valueHash: engine.inputMac(`risk value\n${merchantId}\n${subject}\n${value}${ofChannel === true ? `\n${channelId}` : ''}`),
    })),
  });
  return limits.filter(({ attempts }, index) => (counted[index] ?? 0) > attempts);
}
