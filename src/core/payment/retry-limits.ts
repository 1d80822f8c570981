/**
 * The schemes' limits on trying a declined card again. Beyond them they charge fees, and for Visa's first category ("never again") also where it is
 * tried once: so such payments are recorded and not sent. Visa Core Rules, excessive re-attempts; Mastercard Transaction Processing Excellence.
 */
import type { CardBrand, Pan } from '../instrument/card.ts';
import type { NewPayment } from '../ports/new-operation.ts';
import type { PastDecline } from './card-block.ts';
import { type DeclineReason, ruledOutBy } from './decline.ts';
import type { Engine } from './engine.ts';
import type { RejectionReason } from './operation.ts';

/** Not the issuer's word about the card. */
const notCounted: ReadonlySet<DeclineReason> = new Set([
  'partly_approved',
  'address_check_failed',
  'cvc_check_failed',
  'format_error',
  'duplicate',
  'record_not_found',
  'acquirer_unreachable',
]);

interface Limit {
  readonly windowMs: number;
  /** Declines within the window after which no more may be sent. */
  readonly declines: number;
  readonly ofSameAmount: boolean;
}

const dayMs = 86_400_000;
const longestWindowMs = 30 * dayMs;

function limitsOf(brand: CardBrand, retriesAtMost: number): readonly Limit[] {
  switch (brand) {
    case 'visa':
      return [{ windowMs: longestWindowMs, declines: 1 + retriesAtMost, ofSameAmount: true }];
    case 'mastercard':
    case 'maestro':
      return [
        { windowMs: dayMs, declines: 10, ofSameAmount: false },
        { windowMs: longestWindowMs, declines: 35, ofSameAmount: true },
      ];
    case 'amex':
    case 'discover':
    case 'diners':
    case 'jcb':
    case 'unionpay':
    case 'unknown':
      return [];
  }
}

/** Remembers what a decline means for the next attempts. It never fails: that a limit is missed is no reason to lose an answer. */
export async function noteDecline(
  engine: Engine,
  row: Pick<NewPayment, 'merchantId' | 'operationId' | 'kind' | 'amount' | 'currency' | 'card' | 'createdAtMs'>,
  pan: Pan,
  { reason, adviceCode }: { readonly reason: DeclineReason; readonly adviceCode?: string },
): Promise<void> {
  const { retryLimits, retriesAtMost } = engine.settings;
  const { merchantId, operationId, kind, amount, currency, card, createdAtMs: atMs } = row;
  if (retryLimits === 'off' || kind === 'payout' || notCounted.has(reason)) return;
  const ruledOut = ruledOutBy(reason, adviceCode);
  if (ruledOut === undefined && retryLimits !== 'all') return;
  try {
    const fingerprint = await engine.vault.fingerprint(merchantId, pan);
    const block = { merchantId, fingerprint, bin: pan.bin, last4: pan.last4 };
    if (ruledOut !== undefined) return await engine.store.blockCard({ ...block, onlyMerchantInitiated: ruledOut === 'merchant_initiated' });
    const limits = limitsOf(card.brand, retriesAtMost);
    if (limits.length === 0) return;
    const declines = await engine.store.noteDecline(
      { merchantId, fingerprint, operationId, amount, currency, atMs },
      atMs - longestWindowMs,
    );
    for (const limit of limits) {
      const untilMs = exhaustedUntil(limit, declines, { amount, currency, atMs });
      if (untilMs === undefined) continue;
      const only = limit.ofSameAmount ? { only: { amount, currency } } : {};
      await engine.store.blockCard({ ...block, ...only, onlyMerchantInitiated: false, untilMs });
    }
  } catch (error) {
    engine.log.warn(
      { operationId, error: String(error) },
      'a decline could not be counted; the card may be tried more often than it should',
    );
  }
}

/** When the oldest of the declines that use up a limit leaves its window; undefined while some are left. `declines`: newest first. */
function exhaustedUntil(limit: Limit, declines: readonly PastDecline[], { amount, currency, atMs }: PastDecline): number | undefined {
  const counted = declines.filter(
    (decline) =>
      decline.atMs > atMs - limit.windowMs && (!limit.ofSameAmount || (decline.amount === amount && decline.currency === currency)),
  );
  const oldest = counted[limit.declines - 1];
  return oldest === undefined ? undefined : oldest.atMs + limit.windowMs;
}

/** Why a payment must not be sent with this card; undefined when it may. */
export async function blockOf(engine: Engine, row: NewPayment, pan: Pan): Promise<RejectionReason | undefined> {
  if (engine.settings.retryLimits === 'off' || row.rejection !== undefined) return undefined;
  const { merchantId, amount, currency, createdAtMs: atMs, agreement } = row;
  const fingerprint = await engine.vault.fingerprint(merchantId, pan);
  const blocks = await engine.store.findCardBlocks({ merchantId, fingerprint, bin: pan.bin, last4: pan.last4, atMs });
  const applying = blocks.filter(
    ({ only, onlyMerchantInitiated, untilMs }) =>
      (only === undefined || (only.amount === amount && only.currency === currency)) &&
      (!onlyMerchantInitiated || agreement?.initiator === 'merchant') &&
      (untilMs === undefined || engine.settings.retryLimits === 'all'),
  );
  if (applying.length === 0) return undefined;
  return applying.some(({ untilMs }) => untilMs === undefined) ? 'retry_forbidden' : 'retries_exhausted';
}
