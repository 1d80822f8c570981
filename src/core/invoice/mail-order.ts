/** Mails to the shopper about an order that has no invoice of the gateway's: what is to be paid, or what was. */
import type { InvoiceMail } from '../mail/invoice.ts';
import { sendMail } from '../mail/send.ts';
import type { Channel } from '../merchant/channel.ts';
import type { Checkout } from '../payment/checkout-terms.ts';
import type { Engine } from '../payment/engine.ts';
import { mailLanguageOf } from './invoice.ts';

export interface OrderMail {
  readonly order: Checkout;
  readonly channel: Channel;
  /** One plain address; for any other no mail is sent. */
  readonly to: string;
  readonly purpose: InvoiceMail['purpose'];
  /** Where it is paid, or looked at. */
  readonly url: string;
  readonly isTest: boolean;
}

/** Every call is a mail. */
export async function mailOrder(engine: Engine, { order, channel, to, purpose, url, isTest }: OrderMail): Promise<void> {
  const { merchantId, terms, expiresAtMs } = order;
  const { amount, currency, merchantReference } = terms.order;
  const merchantName = channel.look?.name ?? channel.name;
  const description = terms.lines.map(({ name }) => name).join(', ');
  const dueAtMs = terms.bill?.dueAtMs ?? expiresAtMs;
  await sendMail(engine.mails, 'invoice', {
    ...{ merchantId, senderName: merchantName, to, language: mailLanguageOf(terms.language) },
    data: {
      ...{ purpose, merchantName, amount, currency, reference: merchantReference ?? terms.bill?.number ?? '', url, isTest },
      ...(description === '' ? {} : { description: description.slice(0, 200) }),
      ...(dueAtMs === undefined ? {} : { expiresAtMs: dueAtMs }),
    },
  });
}
