/**
 * Bank transfer without a page: the merchant's server asks for an account with `pm`, and shows it to the payer. The purchase is pending until all of its
 * money has come. Asked again, the same account is told.
 */
import { transferAccountOf } from '../../core/bank/ask.ts';
import { payCheckout } from '../../core/payment/checkout.ts';
import type { OperationView } from '../../core/payment/operation.ts';
import type { DialectContext } from '../dialect.ts';
import type { Found } from './find.ts';
import { historyOf } from './history.ts';
import { bankTransfer } from './methods.ts';
import { type S2sAnswer, s2sError, stateToPay } from './pay.ts';
import { wrongStatus } from './refusals.ts';
import { documentOf } from './write.ts';

const notUsable = (message: string): S2sAnswer => s2sError({ code: 'unknown_payment_method', message });
const over = s2sError(wrongStatus.pay);

export async function payByTransfer(context: DialectContext, found: Found, method: unknown): Promise<S2sAnswer> {
  const { engine } = context;
  const { order } = found.view;
  if (method !== bankTransfer) return notUsable(`\`pm\` must be ${bankTransfer}.`);
  const { banks = [], order: ordered } = order.terms;
  if (!banks.includes('prepayment') || ordered.amount === 0 || ordered.tokenize)
    return notUsable('This Purchase cannot be paid by a transfer.');
  const { status } = historyOf(found.view, engine.clock.businessNow());
  if (status === 'expired' || status === 'cancelled') return over;
  let state = await stateToPay(context, order);
  if (state.kind === 'open') {
    const { attempt } = state;
    const result = await payCheckout(
      engine,
      { checkout: order, channel: found.channel },
      {
        ...{ attempt, revision: order.revision, instrument: { type: 'bank', method: 'prepayment' } },
        more: { dialectData: { flow: 'server_to_server' } },
      },
    );
    if (result.kind === 'refused') {
      const { code, meaning } = result.refusal;
      return code === 'unavailable' ? s2sError({ code: 'acquirer_connection_error', message: meaning }) : notUsable(meaning);
    }
    if (result.kind === 'state') state = result.state;
  }
  const last = 'last' in state ? state.last : undefined;
  // Paid with a card, or all of the money has come.
  if (last?.bank === undefined || (state.kind !== 'pending' && state.kind !== 'succeeded') || status === 'paid') return over;
  return accountFor(context, found, last);
}

async function accountFor({ engine }: DialectContext, { view }: Found, operation: OperationView): Promise<S2sAnswer> {
  const account = await transferAccountOf(engine, operation);
  // The bank has not answered: it is asked again, and so may the merchant.
  if (account === undefined) return { status: 200, body: { status: 'pending' } };
  const { number, name, bank } = account;
  const expiresAt = new Date(documentOf(view).due * 1_000).toISOString().slice(0, 19).replace('T', ' ');
  const data = {
    account_number: number,
    account_name: name,
    bank,
    status: 'active',
    type: 'bank_transfer',
    expires_at: expiresAt,
    validity_type: 'Onetime',
  };
  return { status: 200, body: { data } };
}
