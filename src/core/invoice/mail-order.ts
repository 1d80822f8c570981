/** Mails to the customer about an order: that it is to be paid, and where; none of what is not to be paid any more. */

import { mailLanguageOf } from '../mail/content.ts';
import type { InvoiceMail } from '../mail/invoice.ts';
import { type QueuedMail, sendMail } from '../mail/send.ts';
import type { Channel } from '../merchant/channel.ts';
import { stateOfCheckout } from '../payment/checkout.ts';
import type { CheckoutTerms } from '../payment/checkout-terms.ts';
import type { Engine } from '../payment/engine.ts';
import { orderPageUrl } from '../three-d-secure/tickets.ts';

export interface OrderMail extends Pick<InvoiceMail, 'purpose' | 'reference' | 'isTest'> {
  readonly channel: Channel;
  readonly orderId: string;
  readonly terms: CheckoutTerms;
  /** Plain addresses, as `isMailAddress` wants them: to others no mail is sent. */
  readonly to: readonly string[];
  /** Business time, epoch ms. */
  readonly payByMs?: number;
  /** Where it is paid; absent: at its hosted page. */
  readonly url?: string;
  /** With the same one it is sent once to each address. */
  readonly key?: string;
}

export async function mailOrder(engine: Engine, mail: OrderMail): Promise<void> {
  const { channel, orderId, terms, to, payByMs, key, purpose, reference, isTest } = mail;
  const { amount, currency } = terms.order;
  const merchantName = channel.look?.name ?? channel.name;
  const description = terms.lines.map(({ name }) => name).join(', ');
  const url = mail.url ?? orderPageUrl(engine.shoppers, { routingNumber: channel.routingNumber, id: orderId });
  const data = {
    ...{ purpose, orderId, merchantName, amount, currency, reference, url, isTest },
    ...(description === '' ? {} : { description: description.slice(0, 200) }),
    ...(payByMs === undefined ? {} : { expiresAtMs: payByMs }),
  };
  for (const [index, address] of [...new Set(to)].entries()) {
    await sendMail(engine.mails, 'invoice', {
      ...{ merchantId: channel.merchantId, senderName: merchantName, to: address, language: mailLanguageOf(terms.language), data },
      ...(key === undefined ? {} : { key: index === 0 ? key : `${key} ${address}` }),
    });
  }
}

/** Whether a mail asks for what was paid or called off while it waited to be sent. */
export async function asksInVain(engine: Engine, { merchantId, kind, data }: QueuedMail): Promise<boolean> {
  const { orderId, purpose } = data;
  const asks = kind === 'payment_link' || (kind === 'invoice' && (purpose === 'issued' || purpose === 'reminder'));
  if (!asks || typeof orderId !== 'string') return false;
  const order = await engine.checkouts.findById({ merchantId, checkoutId: orderId });
  return order !== undefined && ['succeeded', 'kept', 'closed'].includes((await stateOfCheckout(engine, order)).kind);
}
