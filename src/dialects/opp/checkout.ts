/** Checkouts on the wire: their ids, what a request makes of them, and the way back to the shop. */
import { maskCardNumbers } from '../../core/instrument/mask.ts';
import { formatDecimalAmount, parseDecimalAmount } from '../../core/money/amount.ts';
import { type Currency, currencyOf } from '../../core/money/currency.ts';
import type { CheckoutTerms, OrderLine } from '../../core/payment/checkout-terms.ts';
import { Problem } from './problem.ts';
import { composite, type RequestContext, readAuthorization, readCommon } from './read.ts';
import { refuseUnsafe, withResource } from './shopper.ts';
import type { Parameters } from './wire.ts';

/** The gateway's token as the platform writes ids: 32 upper-case hex digits, and a node that here carries the merchant's routing number. */
export function toCheckoutId(token: string): string {
  return `${token.slice(4).toUpperCase()}.pg-${token.slice(0, 4)}`;
}

/** Undefined when it is no id of ours. */
export function fromCheckoutId(id: string): string | undefined {
  const [, secret, routing] = /^([0-9A-F]{32})\.pg-([0-9a-z]{4})$/.exec(id) ?? [];
  return secret === undefined ? undefined : `${routing}${secret.toLowerCase()}`;
}

/** Where the shopper's browser comes back to: the merchant's address with the checkout's id and the path that tells the result. */
function returnUrlOf(shopperResultUrl: string, checkoutId: string, result: 'payment' | 'registration'): string {
  refuseUnsafe(shopperResultUrl);
  return withResource(shopperResultUrl, checkoutId, `/v1/checkouts/${checkoutId}/${result}`);
}

/** A request that wants a card to be kept and names nothing to pay. */
export function wantsCardOnly({ createRegistration, paymentType, amount }: Parameters): boolean {
  return createRegistration === 'true' && paymentType === undefined && amount === undefined;
}

/** The shopper is asked for a card that is kept; nothing is paid. */
export function readKeeping({ parameters, ...request }: RequestContext, checkoutId: string): CheckoutTerms {
  const { createRegistration: _asked, ...rest } = parameters;
  const { dialectData, merchantReference } = readCommon({ ...request, parameters: rest });
  const { shopperResultUrl } = parameters;
  return {
    keepsCardOnly: true,
    order: {
      ...{ kind: 'debit', amount: 0, currency: 'XXX', tokenize: true, dialectData },
      ...(merchantReference === undefined ? {} : { merchantReference }),
    },
    ...(shopperResultUrl === undefined ? {} : { returnUrl: returnUrlOf(shopperResultUrl, checkoutId, 'registration') }),
    ...languageIn(parameters),
    ...{ brands: [], tokens: [], lines: [] },
  };
}

function languageIn({ 'customer.language': language }: Parameters): Pick<CheckoutTerms, 'language'> {
  return language === undefined ? {} : { language: maskCardNumbers(language) };
}

/** What the shopper will be asked to pay. Throws a {@link Problem} for what cannot be paid so. */
export function readTerms(request: RequestContext, checkoutId: string): CheckoutTerms {
  const { parameters } = request;
  const { kind, amount, currency, tokenize, agreement, merchantReference, dialectData, origin } = readAuthorization(request);
  if (kind === 'payout') throw new Problem('600.200.400');
  const { shopperResultUrl, paymentType } = parameters;
  return {
    order: {
      ...{ kind, amount, currency, tokenize, dialectData },
      ...(origin === undefined ? {} : { origin }),
      ...(agreement === undefined ? {} : { agreement }),
      ...(merchantReference === undefined ? {} : { merchantReference }),
      ...(paymentType === composite ? { thenCapture: { dialectData: { ...dialectData, paymentType: composite } } } : {}),
    },
    ...(shopperResultUrl === undefined ? {} : { returnUrl: returnUrlOf(shopperResultUrl, checkoutId, 'payment') }),
    ...languageIn(parameters),
    brands: [],
    tokens: Object.entries(parameters).flatMap(([name, value]) =>
      name.startsWith('registrations[') && value !== undefined ? [value] : [],
    ),
    lines: readLines(parameters, currency),
  };
}

/** The parameters that these terms came from, as far as terms tell: what an update does not name stays as it is. */
export function parametersOf({ order }: CheckoutTerms): Parameters {
  const currency = currencyOf(order.currency);
  return {
    ...order.dialectData,
    paymentType: order.thenCapture === undefined ? (order.kind === 'debit' ? 'DB' : 'PA') : composite,
    ...(currency === undefined ? {} : { amount: formatDecimalAmount(order.amount, currency, 2), currency: order.currency }),
    ...(order.tokenize ? { createRegistration: 'true' } : {}),
    ...(order.merchantReference === undefined ? {} : { merchantTransactionId: order.merchantReference }),
  };
}

const linesAtMost = 100;
const longestDetail = 120;

/** Lines of the cart for the page; what cannot be read as a line is not shown. */
function readLines(parameters: Parameters, currencyCode: string): readonly OrderLine[] {
  const currency = currencyOf(currencyCode);
  if (currency === undefined) return [];
  const items = new Map<number, Record<string, string>>();
  for (const [name, value = ''] of Object.entries(parameters)) {
    const [, index, field] = /^cart\.items\[(\d{1,3})\]\.(name|description|quantity|price|totalAmount)$/.exec(name) ?? [];
    if (index !== undefined && field !== undefined)
      items.set(Number(index), { ...items.get(Number(index)), [field]: maskCardNumbers(value) });
  }
  const lines = [...items].sort(([a], [b]) => a - b).map(([, item]) => lineOf(item, currency));
  return lines.filter((line) => line !== undefined).slice(0, linesAtMost);
}

function lineOf(item: Readonly<Record<string, string>>, currency: Currency): OrderLine | undefined {
  const { name, description, quantity, price, totalAmount } = item;
  if (name === undefined) return undefined;
  const count = quantity === undefined ? undefined : quantity.replace(/\.0*$/, '');
  const amount = amountOf({ price, totalAmount, count, currency });
  return {
    name,
    ...(description === undefined ? {} : { detail: description.slice(0, longestDetail) }),
    ...(count === undefined || count === '1' ? {} : { quantity: count }),
    ...(amount === undefined ? {} : { amount }),
  };
}

interface Priced {
  readonly price: string | undefined;
  readonly totalAmount: string | undefined;
  readonly count: string | undefined;
  readonly currency: Currency;
}

function amountOf({ price, totalAmount, count = '1', currency }: Priced): number | undefined {
  if (totalAmount !== undefined) return parseDecimalAmount(totalAmount, currency);
  const each = price === undefined ? undefined : parseDecimalAmount(price, currency);
  if (each === undefined || !/^\d{1,6}$/.test(count)) return undefined;
  const amount = each * Number(count);
  return Number.isSafeInteger(amount) ? amount : undefined;
}
