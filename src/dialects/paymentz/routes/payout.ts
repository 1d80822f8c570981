/** `/payout`: money to a card or to a bank account, from the payout balance. */
import type { Instrument } from '../../../core/payment/authorize-command.ts';
import { isCharge } from '../../../core/payment/operation.ts';
import type { DialectContext } from '../../dialect.ts';
import { readAccountPayout } from '../account.ts';
import { requireChecksum, terminalOf } from '../auth.ts';
import { formulas } from '../checksum.ts';
import type { Handler } from '../handler.ts';
import { beginPayment, requirePayment } from '../pay.ts';
import { Problem, parameterProblem } from '../problem.ts';
import { type Beginning, readCard, readPaymentNumber, readPayout, readWay } from '../read.ts';
import { readRequest } from '../request.ts';
import type { Parameters } from '../wire.ts';

export const payOut: Handler = async (context, request, reply, endpoint) => {
  const read = await readRequest(context, request, endpoint);
  const { caller, businessMs } = read;
  const { amount, merchantTransactionId, paymentType = 'PO' } = read.parameters;
  if (paymentType.toUpperCase() !== 'PO') throw parameterProblem('20002', 'paymentType', 'must be PO here');
  requireChecksum(caller, read.parameters, formulas.payout(merchantTransactionId, amount));
  const parameters: Parameters = { ...read.parameters, paymentType };
  const channel = await terminalOf(context, caller, parameters);
  const exchange = { request, reply };
  switch (receiverOf(parameters)) {
    case 'card':
      return beginPayment(context, exchange, read, readPayout({ channel, parameters, businessMs }, readPayoutCard(parameters, businessMs)));
    case 'account':
      return beginPayment(context, exchange, read, readAccountPayout({ channel, parameters }));
    case 'payment': {
      const { filled, instrument } = await cardOfPayment(context, caller.merchantId, parameters);
      return beginPayment(context, exchange, read, readPayout({ channel, parameters: filled, businessMs }, instrument));
    }
  }
};

const namesOf: Readonly<Record<'card' | 'account' | 'payment', (name: string) => boolean>> = {
  card: (name) => name === 'card.number',
  account: (name) => name.startsWith('bankAccount.') || name.startsWith('customer.bank'),
  payment: (name) => name === 'paymentId',
};

/** Whom it goes to; who names two of them may mean either. */
function receiverOf(parameters: Parameters): keyof typeof namesOf {
  const names = Object.keys(parameters);
  const [named, ...others] = (['payment', 'card', 'account'] as const).filter((receiver) => names.some(namesOf[receiver]));
  if (named === undefined) throw parameterProblem('20001', 'paymentId', 'is missing, and so are card.number and bankAccount.iban');
  if (others.length > 0) {
    throw new Problem('20002', { text: 'paymentId, card.* and bankAccount.* (or customer.bank*) exclude one another: name one receiver' });
  }
  return named;
}

function readPayoutCard(parameters: Parameters, businessMs: Beginning['businessMs']): Instrument {
  const way = readWay(parameters);
  if (way.kind !== 'card') throw parameterProblem('20005', 'paymentMode', 'must be CC or DC with a card');
  return readCard({ parameters, businessMs }, way.brand);
}

/** The card of an earlier payment, with what that payment said of it. */
async function cardOfPayment(
  context: DialectContext,
  merchantId: string,
  parameters: Parameters,
): Promise<{ readonly filled: Parameters; readonly instrument: Instrument }> {
  const { tree, first } = await requirePayment(context, merchantId, readPaymentNumber(parameters.paymentId));
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
  return { filled, instrument: { type: 'kept', cardId, summary: card } };
}
