/** `/v2/{merchantId}/tokens`: stored cards. A card has one token, whoever stores it again. */
import type { FastifyInstance } from 'fastify';
import type { CardSummary } from '../../../core/instrument/card.ts';
import { forget, readToken } from '../../../core/instrument/forget.ts';
import { tokenize, tokenOf } from '../../../core/instrument/tokenize.ts';
import type { DialectContext } from '../../dialect.ts';
import { send } from '../answer.ts';
import { readerOf } from '../body.ts';
import { fromGuid, toGuid } from '../ids.ts';
import { invalid, missing, Problem } from '../problem.ts';
import { productOfBrand } from '../products.ts';
import { readCard } from '../read.ts';
import { problemOf } from '../refusals.ts';
import { channelOf, contextOf, refuseQuery } from '../request.ts';
import { readEncrypted } from '../sessions.ts';
import { createToken } from '../wire.ts';
import { maskedNumber, writeExpiry, writeHolder, writeToken } from '../write.ts';
import type { OfMerchant, OfPayment } from './payments.ts';

const readBody = readerOf(createToken);
const cardPath = 'card.data.card';
const names = { amount: 'amount', currency: 'currency', token: 'tokenId' };

export function registerTokens(app: FastifyInstance, context: DialectContext): void {
  const { engine } = context;

  app.post<OfMerchant>('/v2/:merchantId/tokens', async (request, reply) => {
    refuseQuery(request);
    const { card, encryptedCustomerInput, paymentProductId } = readBody(request.body);
    const { channel, businessMs } = contextOf(context, request, 'tokens');
    const decrypted = encryptedCustomerInput === undefined ? undefined : await readEncrypted(engine, channel, encryptedCustomerInput);
    const data = card?.data?.card ?? decrypted?.card;
    if (data === undefined) throw missing(cardPath);
    const read = readCard(data, { path: cardPath, businessMs, productId: paymentProductId });
    if (read.type === 'rejected')
      throw invalid(`${cardPath}.${memberOf(read.reason)}`, 'the card cannot be stored: its number or expiry is wrong');
    const known = await tokenOf(engine, channel.merchantId, read.pan);
    if (known !== undefined) return send(reply, 200, writeMade({ token: known.token, card: known.summary, isNew: false }));
    const dialectData: Record<string, string> = paymentProductId === undefined ? {} : { paymentProductId: String(paymentProductId) };
    const made = await tokenize(engine, { channel, card: { type: 'card', pan: read.pan, summary: read.summary }, dialectData });
    if (made.kind === 'refused') throw problemOf(made.refusal, names);
    return send(reply, 201, writeMade({ token: made.act.token, card: read.summary, isNew: true }));
  });

  app.get<OfPayment>('/v2/:merchantId/tokens/:id', async (request, reply) => {
    const { merchantId } = channelOf(request);
    const token = fromGuid(request.params.id);
    const known = token === undefined ? undefined : await readToken(engine, { merchantId, token });
    if (known?.kind !== 'found') throw unknown();
    const { card, act } = known.view;
    const productId = Number(act?.dialectData.paymentProductId ?? productOfBrand(card.brand)?.id ?? 0);
    return send(reply, 200, writeToken({ token: known.view.token, card, productId, act }));
  });

  app.delete<OfPayment>('/v2/:merchantId/tokens/:id', async (request, reply) => {
    const token = fromGuid(request.params.id);
    if (token === undefined) throw unknown();
    const done = await forget(engine, { channel: channelOf(request), token, dialectData: {} });
    if (done.kind === 'refused' && done.refusal.code === 'unavailable') throw problemOf(done.refusal, names);
    if (done.kind === 'refused') throw unknown();
    return reply.code(204).send();
  });
}

function unknown(): Problem {
  return new Problem('UNKNOWN_TOKEN_ID', { status: 404, propertyName: 'tokenId', text: 'no such token' });
}

function memberOf(reason: string): string {
  return reason === 'card_expired' ? 'expiryDate' : 'cardNumber';
}

function writeMade({ token, card, isNew }: { readonly token: string; readonly card: CardSummary; readonly isNew: boolean }): object {
  return {
    token: toGuid(token),
    isNewToken: isNew,
    tokenStatus: isNew ? 'CREATED' : 'UNCHANGED',
    card: { cardNumber: maskedNumber(card), expiryDate: writeExpiry(card), ...writeHolder(card) },
  };
}
