/** Sessions of the Hosted Tokenization Page on the wire: what is asked for, and the card that came of one. */
import type { CardBrand } from '../../core/instrument/card.ts';
import { maskCardNumbers } from '../../core/instrument/mask.ts';
import type { Channel } from '../../core/merchant/channel.ts';
import type { AuthorizeCommand, Instrument } from '../../core/payment/authorize-command.ts';
import type { Checkout, CheckoutTerms } from '../../core/payment/checkout-terms.ts';
import type { ActResult, Engine } from '../../core/payment/engine.ts';
import {
  forgetCode,
  giveBackKeptCard,
  type KeptCard,
  keptCardOf,
  onePaymentOf,
  type Spending,
  spendKeptCard,
} from '../../core/payment/kept-card.ts';
import { findCheckout } from '../../core/payment/open-checkout.ts';
import type { CreateHostedTokenization, ProductFilters, ValidationRules } from './hosted-wire.ts';
import { fromGuid, toGuid } from './ids.ts';
import { invalid, Problem } from './problem.ts';
import { products } from './products.ts';
import { refuseOtherProduct } from './read.ts';
import type { CreatePayment } from './wire.ts';

/** How long a shopper may take to fill in the form: three hours, as the platform says. */
export const sessionLifeMs = 3 * 3_600_000;

/** Tokens of stored cards: one text, with commas. */
export function tokensIn(text: string | undefined): readonly string[] {
  return text === undefined ? [] : text.split(',').flatMap((token) => (token.trim() === '' ? [] : [token.trim()]));
}

/** The stored cards that can be offered, and the names that are none: whatever was sent in their place, without card numbers. */
export async function offeredTokens(
  { vault }: Pick<Engine, 'vault'>,
  { merchantId }: Pick<Channel, 'merchantId'>,
  given: readonly string[],
): Promise<{ readonly tokens: readonly string[]; readonly invalidTokens: readonly string[] }> {
  const known = await Promise.all(given.map((token) => vault.resolveToken({ merchantId, token: fromGuid(token) ?? '' })));
  return {
    tokens: given.flatMap((token, index) => (known[index] === undefined ? [] : [fromGuid(token) ?? ''])),
    invalidTokens: given.filter((_, index) => known[index] === undefined).map(maskCardNumbers),
  };
}

/** Brands that the filters leave; empty: all. */
export function brandsOf({ restrictTo, exclude }: ProductFilters = {}): readonly CardBrand[] {
  const [only, without] = [restrictTo?.products ?? [], exclude?.products ?? []];
  if (only.length + without.length === 0) return [];
  const left = products.filter(({ id }) => (only.length === 0 || only.includes(id)) && !without.includes(id));
  const brands = [...new Set(left.flatMap((product) => (product.kind === 'card' ? product.brands.slice(0, 1) : [])))];
  if (brands.length === 0) throw invalid('paymentProductFilters', 'paymentProductFilters leave no card that is taken here');
  return brands;
}

/** `de_DE` as pages know languages. */
export function languageIn(locale: string | undefined): { readonly language?: string } {
  return locale === undefined ? {} : { language: locale.replace('_', '-') };
}

/** The template's name; older integrations name a file. What looks like a card number is kept as little as anywhere else. */
export function variantIn(variant: string | undefined): { readonly variant?: string } {
  const name = variant?.trim().replace(/\.html?$/i, '');
  return name === undefined || name === '' ? {} : { variant: maskCardNumbers(name) };
}

/** The code is asked for and insisted on, unless the merchant says otherwise. */
function cvcOptionalIn(rules: ValidationRules = {}): Pick<CheckoutTerms, 'cvcOptional'> {
  const { cvvMandatoryForNewToken, cvvMandatoryForExistingToken } = rules;
  const optional = [
    ...(cvvMandatoryForNewToken === false ? (['new'] as const) : []),
    ...(cvvMandatoryForExistingToken === false ? (['stored'] as const) : []),
  ];
  return optional.length === 0 ? {} : { cvcOptional: optional };
}

/** A form for one card, which is kept for one payment unless the shopper agrees to more. */
export function termsOf(body: CreateHostedTokenization, tokens: readonly string[]): CheckoutTerms {
  return {
    ...{ keepsCardOnly: true, forOnePayment: true },
    ...(body.askConsumerConsent === true ? { asksConsent: true } : {}),
    ...cvcOptionalIn(body.creditCardSpecificInput?.ValidationRules),
    order: { kind: 'debit', amount: 0, currency: 'XXX', tokenize: true, dialectData: {} },
    ...languageIn(body.locale),
    ...variantIn(body.variant),
    ...{ brands: brandsOf(body.paymentProductFilters), tokens, lines: [] },
  };
}

/** The account's own session; undefined for any other name. */
export async function findSession(engine: Engine, { merchantId, channelId }: Channel, id: string): Promise<Checkout | undefined> {
  const session = await findCheckout(engine, id);
  const isOwn = session?.merchantId === merchantId && session.channelId === channelId && session.terms.forOnePayment === true;
  return isOwn ? session : undefined;
}

/** A payment that names a session, as if it had named its card; and a card that is for one payment, by whichever name. */
export async function withKeptCard(
  engine: Engine,
  channel: Channel,
  body: CreatePayment,
): Promise<{ readonly body: CreatePayment; readonly kept?: KeptCard; readonly namedBy: string }> {
  const { hostedTokenizationId, ...rest } = body;
  const input = rest.cardPaymentMethodSpecificInput ?? {};
  const namedBy = hostedTokenizationId === undefined ? 'cardPaymentMethodSpecificInput.token' : 'hostedTokenizationId';
  if (hostedTokenizationId === undefined) {
    const kept = await keptUnder(engine, channel, { token: input.token, namedBy });
    return { body, namedBy, ...(kept === undefined ? {} : { kept }) };
  }
  // More than one card is refused where all of them are looked at.
  if (input.card !== undefined || input.token !== undefined || rest.encryptedCustomerInput !== undefined) return { body, namedBy };
  const session = await findSession(engine, channel, hostedTokenizationId);
  if (session === undefined) throw invalid(namedBy, 'there is no such tokenization session');
  const kept = await keptCardOf(engine, session);
  if (kept === undefined) throw invalid(namedBy, 'no card was entered in this tokenization session, or more than two hours ago');
  return { body: { ...rest, cardPaymentMethodSpecificInput: { ...input, token: toGuid(kept.token) } }, kept, namedBy };
}

/** The card of a token that is for one payment; undefined for any other token. */
export async function keptUnder(
  engine: Engine,
  { merchantId }: Channel,
  { token, namedBy }: { readonly token: string | undefined; readonly namedBy: string },
): Promise<KeptCard | undefined> {
  const hex = token === undefined ? undefined : fromGuid(token);
  const kept = hex === undefined ? undefined : await onePaymentOf(engine, { merchantId, token: hex });
  if (kept === 'over')
    throw new Problem('UNKNOWN_TOKEN_ID', { propertyName: namedBy, text: 'the token was temporary, and its two hours are over' });
  return kept;
}

/** What a second payment with the same card is told. */
function usedUp(namedBy: string): Problem {
  return namedBy === 'hostedTokenizationId'
    ? invalid(namedBy, 'this tokenization session was used for another payment')
    : new Problem('UNKNOWN_TOKEN_ID', { propertyName: namedBy, text: 'the token was temporary, and was used for another payment' });
}

/** The card that a page has kept, with the code that was typed there; throws when another payment has it. */
export async function spend(
  engine: Engine,
  command: AuthorizeCommand,
  { spending, namedBy }: { readonly spending: Spending; readonly namedBy: string },
): Promise<AuthorizeCommand> {
  const spent = await spendKeptCard(engine, spending);
  if (spent === undefined) throw usedUp(namedBy);
  const isShoppers = command.agreement?.initiator !== 'merchant' && command.kind !== 'payout';
  return { ...command, instrument: { type: 'token', token: spending.token, ...(isShoppers ? spent : {}) } };
}

export async function afterSpending(engine: Engine, spending: Spending, act: ActResult): Promise<void> {
  if (act.kind === 'recorded') return forgetCode(engine, spending);
  // Under the same key another request is just paying with it.
  if (act.refusal.code !== 'key_reused' && act.refusal.code !== 'key_in_flight') await giveBackKeptCard(engine, spending);
}

/** A stored card under another product's number. */
export async function refuseOtherThanStored(
  { vault }: Engine,
  { merchantId }: Channel,
  { instrument, productId, path }: { readonly instrument: Instrument; readonly productId: number | undefined; readonly path: string },
): Promise<void> {
  if (productId === undefined || instrument.type !== 'token') return;
  const known = await vault.resolveToken({ merchantId, token: instrument.token });
  if (known !== undefined) refuseOtherProduct(known.summary.brand, productId, path);
}
