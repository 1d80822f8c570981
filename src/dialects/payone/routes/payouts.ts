/** `/v2/{merchantId}/payouts`: money to a card, out of the payout balance. */
import type { FastifyInstance } from 'fastify';
import { authorize } from '../../../core/payment/authorize.ts';
import type { AuthorizeCommand, Instrument } from '../../../core/payment/authorize-command.ts';
import type { DialectContext } from '../../dialect.ts';
import { foundAfter, recorded, send, sendDeclined } from '../answer.ts';
import { readerOf } from '../body.ts';
import { findOwn } from '../find.ts';
import { afterSpending, keptUnder, refuseOtherThanStored, spend } from '../hosted.ts';
import { invalid, missing } from '../problem.ts';
import { readCard, readCommon, readMoney, readToken } from '../read.ts';
import { errorsOf } from '../refusals.ts';
import { channelOf, contextOf, refuseQuery } from '../request.ts';
import { type CreatePayout, createPayout } from '../wire.ts';
import { writePayout } from '../write.ts';
import type { OfMerchant, OfPayment } from './payments.ts';

const readBody = readerOf(createPayout);
const path = 'cardPayoutMethodSpecificInput';
const names = { amount: 'amountOfMoney.amount', currency: 'amountOfMoney.currencyCode', token: `${path}.token` };

export function registerPayouts(app: FastifyInstance, context: DialectContext): void {
  app.post<OfMerchant>('/v2/:merchantId/payouts', async (request, reply) => {
    refuseQuery(request);
    const body = readBody(request.body);
    const read = contextOf(context, request, 'payouts');
    const { channel, businessMs } = read;
    if (body.feedbacks !== undefined) await context.expectUrlsInRequests(channel);
    const { engine } = context;
    const instrument = readInstrument(body, businessMs);
    const { payoutReason, paymentProductId, token } = body[path] ?? {};
    await refuseOtherThanStored(engine, channel, { instrument, productId: paymentProductId, path });
    const kept = await keptUnder(engine, channel, { token, namedBy: names.token });
    const common = readCommon(read, body, { paymentProductId });
    const paymentNumber = await engine.store.takePaymentNumber(channel.merchantId);
    const command: AuthorizeCommand = {
      ...{ channel, kind: 'payout', tokenize: false, instrument, paymentNumber },
      ...readMoney(body.amountOfMoney, 'amountOfMoney'),
      ...common,
      dialectData: { ...common.dialectData, ...(payoutReason === undefined ? {} : { payoutReason: String(payoutReason) }) },
    };
    const spending = kept && { ...kept, merchantId: channel.merchantId, by: common.idempotencyKey ?? `payment ${paymentNumber}` };
    const act = await authorize(
      engine,
      spending === undefined ? command : await spend(engine, command, { spending, namedBy: names.token }),
    );
    if (spending !== undefined) await afterSpending(engine, spending, act);
    const { tree, operation } = await foundAfter(context, recorded(reply, act, names));
    const payout = writePayout(tree);
    return errorsOf(operation).length > 0 ? sendDeclined(reply, operation, { payoutResult: payout }) : send(reply, 201, payout);
  });

  app.get<OfPayment>('/v2/:merchantId/payouts/:id', async (request, reply) => {
    const { tree } = await findOwn(context, { channel: channelOf(request), id: request.params.id, unknown: 'UNKNOWN_PAYOUT_ID' });
    return send(reply, 200, writePayout(tree));
  });
}

/** Nobody is there to read the code on the card. */
function readInstrument(body: CreatePayout, businessMs: number): Instrument {
  const { card, token, paymentProductId: productId } = body[path] ?? {};
  if (token !== undefined && card !== undefined) throw invalid(path, 'more than one card is named: card or token');
  if (token !== undefined) return readToken(token, names.token);
  if (card === undefined) throw missing(`${path}.card`);
  const { cvv, ...known } = card;
  return readCard(known, { path: `${path}.card`, businessMs, productId });
}
