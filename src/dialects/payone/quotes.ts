/**
 * Quotes: what a payment would be in the currency of the card, and the surcharge for a card. Rates are the account's policies, integers in millionths, so
 * that no amount is ever a fraction: `"dccRates": {"EUR": {"USD": 1085000}}`, `"dccMarkUp": 30000`, `"surchargeRate": 15000`, `"surchargeFixed": 10`.
 */
import { randomUUID } from 'node:crypto';
import type { Channel } from '../../core/merchant/channel.ts';
import { currencyOf } from '../../core/money/currency.ts';
import type { Engine } from '../../core/payment/engine.ts';
import { Problem } from './problem.ts';
import type { Order } from './wire.ts';
import { type Json, money } from './write.ts';

const million = 1_000_000n;

interface Amount {
  /** Minor units. */
  readonly amount: number;
  readonly currency: string;
}

/** Millionths as a decimal number, for people and for JSON. */
function decimal(millionths: number): number {
  return Number((millionths / 1_000_000).toFixed(6));
}

function wholeIn(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** Half up, in whole minor units. `moreDecimals`: of the currency that comes out, below zero where it has fewer. */
function times(amount: number, millionths: number, moreDecimals = 0): number {
  const product = BigInt(amount) * BigInt(millionths) * 10n ** BigInt(Math.max(moreDecimals, 0));
  const divisor = million * 10n ** BigInt(Math.max(-moreDecimals, 0));
  return Number((product + divisor / 2n) / divisor);
}

/** The first currency that the account has a rate for; `NoRate` without one. */
export function quoteConversion({ clock }: Engine, { policies }: Channel, base: Amount): Json {
  const rates = (policies.dccRates as Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined)?.[base.currency] ?? {};
  const [found] = Object.entries(rates).flatMap(([currency, value]) => {
    const rate = wholeIn(value);
    return rate === undefined || rate === 0 || currencyOf(currency) === undefined ? [] : [{ currency, rate }];
  });
  if (found === undefined) return { result: { result: 'NoRate', resultReason: 'the account has no rate for this currency' } };
  const markUp = wholeIn(policies.dccMarkUp) ?? 0;
  const rate = times(found.rate, 1_000_000 + markUp);
  const moreDecimals = (currencyOf(found.currency)?.decimals ?? 2) - (currencyOf(base.currency)?.decimals ?? 2);
  const target = times(base.amount, rate, moreDecimals);
  const text = `1 ${base.currency} = ${decimal(rate)} ${found.currency}, with a mark-up of ${decimal(markUp * 100)} %`;
  return {
    dccSessionId: randomUUID(),
    result: { result: 'Allowed' },
    proposal: {
      baseAmount: money(base.amount, base.currency),
      targetAmount: money(target, found.currency),
      rate: {
        exchangeRate: decimal(rate),
        invertedExchangeRate: decimal(Math.round(1_000_000_000_000 / rate)),
        markUpRate: decimal(markUp),
        quotationDateTime: new Date(clock.wallNow()).toISOString(),
        source: 'account',
      },
      disclaimerReceipt: text,
      disclaimerDisplay: text,
    },
  };
}

/** Surcharges are quoted only: who asks for one must not be paid less than they mean to be. */
export function refuseSurcharge({ policies }: Channel, { surchargeSpecificInput = {} }: Pick<Order, 'surchargeSpecificInput'>): void {
  const { mode, surchargeAmount } = surchargeSpecificInput;
  const ofAccount = (wholeIn(policies.surchargeRate) ?? 0) + (wholeIn(policies.surchargeFixed) ?? 0);
  if ((surchargeAmount?.amount ?? 0) === 0 && (mode !== 'on-behalf-of' || ofAccount === 0)) return;
  throw new Problem('PAYMENT_PRODUCT_NOT_AVAILABLE', {
    propertyName: 'order.surchargeSpecificInput',
    text: 'payments are made for the amount of the order; surcharges are only quoted',
  });
}

export function quoteSurcharge({ policies }: Channel, asked: Amount & { readonly productId: number }): Json {
  const { amount, currency, productId: paymentProductId } = asked;
  const rate = wholeIn(policies.surchargeRate) ?? 0;
  const fixed = wholeIn(policies.surchargeFixed) ?? 0;
  const surcharge = times(amount, rate) + fixed;
  const amounts = {
    netAmount: money(amount, currency),
    surchargeAmount: money(surcharge, currency),
    totalAmount: money(amount + surcharge, currency),
  };
  const surchargeRate = {
    surchargeProductTypeId: 'PAYMENT_PRODUCT',
    surchargeProductTypeVersion: '1',
    adValoremRate: decimal(rate * 100),
    specificRate: fixed,
  };
  const isCharged = surcharge > 0;
  return {
    surcharges: [
      { paymentProductId, result: isCharged ? 'OK' : 'NO_SURCHARGE', ...amounts, surchargeRate: isCharged ? surchargeRate : null },
    ],
  };
}
