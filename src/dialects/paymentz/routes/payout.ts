/** `/payout`: money to a card, from the payout balance. */
import type { Instrument } from '../../../core/payment/authorize.ts';
import { isCharge } from '../../../core/payment/operation.ts';
import { requireChecksum, terminalOf } from '../auth.ts';
import { formulas } from '../checksum.ts';
import type { Handler } from '../handler.ts';
import { beginPayment, requirePayment } from '../pay.ts';
import { Problem, parameterProblem } from '../problem.ts';
import { readCard, readPaymentNumber, readPayout, readWay } from '../read.ts';
import { readRequest } from '../request.ts';
import type { Parameters } from '../wire.ts';

export const payOut: Handler = async (context, request, reply, endpoint) => {
  const read = await readRequest(context, request, endpoint);
  const { caller, nowMs } = read;
  const { paymentId, amount, merchantTransactionId, paymentType = 'PO' } = read.parameters;
  if (paymentType.toUpperCase() !== 'PO') throw parameterProblem('20002', 'paymentType', 'must be PO here');
  requireChecksum(caller, read.parameters, formulas.payout(merchantTransactionId, amount));
  const parameters: Parameters = { ...read.parameters, paymentType };
  const channel = await terminalOf(context, caller, parameters);
  if (paymentId === undefined) {
    const instrument = readAccount(parameters, nowMs);
    return beginPayment(context, { request, reply }, read, readPayout({ channel, parameters, nowMs }, instrument));
  }
  const { tree, first } = await requirePayment(context, caller.merchantId, readPaymentNumber(paymentId));
  const isCharged = tree.operations.some((one) => isCharge(one) && one.state === 'approved');
  const { card, cardId, currency, dialectData } = first;
  if (!isCharged || card === undefined || cardId === undefined) {
    throw new Problem('20010', { text: 'paymentId: only to the card of a captured payment can be paid out' });
  }
  const { paymentBrand, paymentMode } = dialectData;
  const filled: Parameters = {
    ...{ currency },
    ...(paymentBrand === undefined ? {} : { paymentBrand }),
    ...(paymentMode === undefined ? {} : { paymentMode }),
    ...parameters,
  };
  const instrument: Instrument = { type: 'kept', cardId, summary: card };
  return beginPayment(context, { request, reply }, read, readPayout({ channel, parameters: filled, nowMs }, instrument));
};

function readAccount(parameters: Parameters, nowMs: number): Instrument {
  if (parameters['card.number'] === undefined) {
    const isAccount = Object.keys(parameters).some((name) => name.startsWith('bankAccount.') || name.startsWith('customer.bank'));
    if (isAccount) throw new Problem('20005', { text: 'payouts to bank accounts are not enabled: name a card or a paymentId' });
    throw parameterProblem('20001', 'paymentId', 'is missing, and so is card.number');
  }
  const way = readWay(parameters);
  if (way.kind !== 'card') throw parameterProblem('20005', 'paymentMode', 'must be CC or DC with a card');
  return readCard({ parameters, nowMs }, way.brand);
}
