/** One request of a merchant who speaks another protocol than most, as the drivers of the contract suite make it. */
import type { Answer, Client } from '../../test/contract/driver.ts';
import type { OrderRecord, PaymentType } from './order.ts';

export interface DialectOrder extends OrderRecord {
  readonly dialect: string;
  readonly type: Exclude<PaymentType, 'RC'>;
  readonly subject?: DialectOrder;
  /** Of DB and PA: the shopper is there with a browser. */
  readonly hasShopper?: true;
  /** Of RV: of all that is held. */
  readonly isWhole?: true;
}

/** At this machine, as a sandbox lets requests name it; nobody goes there. */
const shopperResultUrl = 'http://127.0.0.1:9/result';

/** Sends it; the same each time. */
export function request(client: Client, order: DialectOrder): Promise<Answer> {
  const { type, amountMinor: amount, key: idempotencyKey, subject, isWhole } = order;
  const target = subject?.final?.id ?? '';
  switch (type) {
    case 'PA':
      return client.authorize(payment(order));
    case 'DB':
      return client.debit(payment(order));
    case 'CP':
      return client.capture(target, { amount, idempotencyKey });
    case 'RF':
      return client.refund(target, { amount, idempotencyKey });
    case 'RV':
      return client.void(target, { idempotencyKey, ...(isWhole === true ? {} : { amount }) });
  }
}

function payment({ amountMinor: amount, key: idempotencyKey, pan = '', hasShopper }: DialectOrder) {
  const comesBackTo = hasShopper === true ? { comesBackTo: shopperResultUrl } : {};
  return { amount, idempotencyKey, card: { number: pan, cvc: '123' }, ...comesBackTo };
}
