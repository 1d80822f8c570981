/** `/v2/{merchantId}/services`: is the connection fine, whose card is this, and what would it cost in another currency or with a surcharge. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { brandOf, type CardBrand, iinRanges, parsePan } from '../../../core/instrument/card.ts';
import type { Channel } from '../../../core/merchant/channel.ts';
import { keptCardOf } from '../../../core/payment/kept-card.ts';
import type { DialectContext } from '../../dialect.ts';
import { send } from '../answer.ts';
import { readerOf } from '../body.ts';
import { findSession } from '../hosted.ts';
import { fromGuid } from '../ids.ts';
import { invalid, missing, Problem } from '../problem.ts';
import { productOfBrand } from '../products.ts';
import { quoteConversion, quoteSurcharge } from '../quotes.ts';
import { readMoney } from '../read.ts';
import { channelOf, queryOf, refuseQuery } from '../request.ts';
import { type CardSource, currencyConversion, iinDetails, surchargeCalculation } from '../services-wire.ts';
import { readEncrypted } from '../sessions.ts';
import type { OfMerchant } from './payments.ts';

const readIin = readerOf(iinDetails);
const readConversion = readerOf(currencyConversion);
const readSurcharge = readerOf(surchargeCalculation);

export function registerServices(app: FastifyInstance, context: DialectContext): void {
  const path = '/v2/:merchantId/services';
  app.get<OfMerchant>(`${path}/testconnection`, async (_request, reply) => send(reply, 200, { result: 'OK' }));

  const details = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    refuseQuery(request);
    const { bin, paymentContext } = readIin(request.body);
    const brand = brandOfBin(bin);
    const product = productOfBrand(brand);
    if (product === undefined) {
      throw new Problem('UNKNOWN_BIN', { status: 404, propertyName: 'bin', text: 'no payment product has this number' });
    }
    const isAllowedInContext = isAllowedIn(channelOf(request), brand, paymentContext?.amountOfMoney?.currencyCode);
    const allowed = paymentContext === undefined ? {} : { isAllowedInContext };
    const shown = { paymentProductId: product.id, ...allowed };
    return send(reply, 200, { ...shown, countryCode: '99', cardScheme: product.label, coBrands: [shown] });
  };
  // Pages and apps of shops ask with a session.
  const pages = '/client/v1/:merchantId/services';
  for (const root of [path, pages]) {
    app.post<OfMerchant>(`${root}/getIINdetails`, async (request, reply) => details(request, reply));
  }
  // Clients write it in other ways, too.
  app.route({ method: ['POST'], url: `${path}/getiindetails`, handler: async (request, reply) => details(request, reply) });

  const convert = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    refuseQuery(request);
    const { cardSource, transaction } = readConversion(request.body);
    const channel = channelOf(request);
    await brandOfSource(context, channel, cardSource);
    const base = readMoney(transaction.amount, 'transaction.amount');
    return send(reply, 200, quoteConversion(context.engine, channel, base));
  };
  for (const root of [path, '/client/v2/:merchantId/services']) app.post(`${root}/dccrate`, convert);

  const surcharge = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    refuseQuery(request);
    const { cardSource, amountOfMoney } = readSurcharge(request.body);
    const channel = channelOf(request);
    const brand = await brandOfSource(context, channel, cardSource);
    const productId = productOfBrand(brand)?.id ?? 0;
    return send(reply, 200, quoteSurcharge(channel, { ...readMoney(amountOfMoney, 'amountOfMoney'), productId }));
  };
  for (const root of [path, pages]) app.post(`${root}/surchargecalculation`, surcharge);

  app.get<OfMerchant>(`${path}/privacypolicy`, async (request, reply) => {
    const locale = queryOf(request).get('locale');
    if (locale !== null && !/^[A-Za-z]{2}(?:[_-][A-Za-z]{2})?$/.test(locale)) throw invalid('locale', 'locale must be like en_US');
    return send(reply, 200, { htmlContent: privacyPolicy(channelOf(request)) });
  });
}

/** By the first six digits, like the number of a card. */
function brandOfBin(bin: string): CardBrand {
  const iin = Number(bin.slice(0, 6));
  return iinRanges.find(([from, to]) => iin >= from && iin <= to)?.[2] ?? 'unknown';
}

function isAllowedIn({ brands, currencies }: Channel, brand: CardBrand, currencyCode: string | undefined): boolean {
  if (brands !== undefined && !brands.includes(brand)) return false;
  return currencies === undefined || currencyCode === undefined || currencies.includes(currencyCode);
}

/** Whose card it is that a quote is asked for. */
async function brandOfSource({ engine }: DialectContext, channel: Channel, source: CardSource | undefined): Promise<CardBrand> {
  const { merchantId } = channel;
  if (source?.card?.cardNumber !== undefined) {
    const pan = parsePan(source.card.cardNumber);
    if (pan === undefined) throw invalid('cardSource.card.cardNumber', 'cardSource.card.cardNumber is no card number');
    return brandOf(pan);
  }
  if (source?.encryptedCustomerInput !== undefined) {
    const { card } = await readEncrypted(engine, { merchantId }, source.encryptedCustomerInput, 'cardSource.encryptedCustomerInput');
    return brandOfBin(card.cardNumber);
  }
  if (source?.hostedTokenizationId !== undefined) return brandOfHosted(engine, channel, source.hostedTokenizationId);
  if (source?.token === undefined) throw missing('cardSource.card');
  const token = fromGuid(source.token);
  const known = token === undefined ? undefined : await engine.vault.resolveToken({ merchantId, token });
  if (known === undefined) throw new Problem('UNKNOWN_TOKEN_ID', { propertyName: 'cardSource.token', text: 'no such token' });
  return known.summary.brand;
}

/** The card that was entered on the Hosted Tokenization Page, and not paid with yet. */
async function brandOfHosted(engine: DialectContext['engine'], channel: Channel, id: string): Promise<CardBrand> {
  const session = await findSession(engine, channel, id);
  const kept = session === undefined ? undefined : await keptCardOf(engine, session);
  const known = kept && (await engine.vault.resolveToken({ merchantId: channel.merchantId, token: kept.token }));
  if (known === undefined) throw invalid('cardSource.hostedTokenizationId', 'no card was entered in this tokenization session');
  return known.summary.brand;
}

/** The merchant's own text comes from its policies; without one, what is true of any payment here. */
function privacyPolicy({ policies, name }: Channel): string {
  const own = policies.privacyPolicy;
  if (typeof own === 'string') return own;
  const escaped = name.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  return `<p>Your card data is used to make your payment to ${escaped}. It is kept encrypted, and only for as long as the payment can be refunded or disputed.</p>`;
}
