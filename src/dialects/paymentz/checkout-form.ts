/**
 * The form that the customer's browser posts from the member's own page. Its checksum covers the member, the amount, the reference and the way back;
 * all else is in the customer's hands. That may ask for more than the member wants, never for less.
 */
import type { Channel } from '../../core/merchant/channel.ts';
import { policiesOf } from './policies.ts';
import { parameterProblem } from './problem.ts';
import { readUrl } from './shopper.ts';
import type { Parameters } from './wire.ts';

/** The form in the names of the other requests. Throws where it says what this terminal takes from no browser. */
export function readForm(posted: Parameters, channel: Channel): Parameters {
  const { checkoutCurrency, checkoutType, checkoutDirect } = policiesOf(channel);
  const { currency, transactionType, attemptThreeD } = posted;
  if (checkoutCurrency !== undefined && currency !== checkoutCurrency)
    throw parameterProblem('20006', 'currency', 'is not the one that forms have at this terminal');
  if (checkoutType !== undefined && transactionType?.toUpperCase() !== checkoutType)
    throw parameterProblem('20002', 'transactionType', 'is not the one that forms have at this terminal');
  requireOwnOrigin(posted);
  const isRefusedDirect = attemptThreeD?.toLowerCase() === 'direct' && !checkoutDirect;
  return given({
    ...{ merchantTransactionId: posted.merchantTransactionId, amount: posted.amount, currency },
    ...{ merchantRedirectUrl: posted.merchantRedirectUrl, notificationUrl: posted.notificationUrl },
    ...{ orderDescriptor: posted.orderDescription, tmpl_amount: posted.TMPL_AMOUNT, tmpl_currency: posted.TMPL_CURRENCY },
    ...{ 'customer.email': posted.email, 'customer.givenName': posted.firstName, 'customer.surname': posted.lastName },
    ...{ 'customer.phone': posted.phone, 'customer.telnocc': posted.telnocc },
    ...{ 'shipping.country': posted.country, 'shipping.city': posted.city, 'shipping.state': posted.state },
    ...{ 'shipping.postcode': posted.postcode, 'shipping.street1': posted.street, 'shipping.language': posted.lang },
    ...{ paymentType: transactionType, paymentMode: posted.paymentMode, paymentBrand: posted.paymentBrand },
    ...(isRefusedDirect ? {} : { attemptThreeD }),
  });
}

/** Messages go where the member has signed that the customer does, or to an endpoint that an operator has set up. */
function requireOwnOrigin({ notificationUrl, merchantRedirectUrl = '' }: Parameters): void {
  if (notificationUrl === undefined) return;
  const told = new URL(readUrl('notificationUrl', notificationUrl));
  const signed = new URL(readUrl('merchantRedirectUrl', merchantRedirectUrl));
  if (told.origin !== signed.origin)
    throw parameterProblem('20002', 'notificationUrl', 'must be at the origin of merchantRedirectUrl: the checksum does not cover it');
}

/** What is there of it. */
export function given(parameters: { readonly [Name in keyof Parameters]?: string | undefined }): Parameters {
  return Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== undefined)) as Parameters;
}
