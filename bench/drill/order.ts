/** One request of a merchant of the drill, under one key, with everything that was answered to it. */
import type { MerchantAccess } from '../requests.ts';

export type PaymentType = 'DB' | 'PA' | 'CP' | 'RF' | 'RV' | 'RC';

/** What an order came to: `approved` and `failed` name the operation that was answered; `refused` has none. */
export interface FinalAnswer {
  readonly outcome: 'approved' | 'failed' | 'refused';
  readonly status: number;
  readonly code: string;
  /** On the wire, 32 hex characters, or as another protocol has it; empty when refused. */
  readonly id: string;
  readonly rrn: string | undefined;
}

/** What books and figures look at, whatever the protocol. */
export interface OrderRecord {
  readonly key: string;
  /** The protocol, where it is another one than that of most orders. */
  readonly dialect?: string;
  readonly type: PaymentType;
  /** Minor units of EUR; of a reversal, what it is expected to give back. */
  readonly amountMinor: number;
  /** Of DB and PA: a card of their own, by which the host's books show whether its holder paid twice. */
  readonly pan?: string;
  /** Of DB and PA: the shopper is there, and the issuer asks them, or does not, or the card takes no part in 3-D Secure. */
  readonly authentication?: 'challenge' | 'frictionless' | 'not enrolled';
  /** Of DB and PA: at a bank, and what the shopper does there; `declares`: the merchant tells of a part of the money before the bank does. */
  readonly bank?: {
    readonly brand: 'IDEAL' | 'SOFORTUEBERWEISUNG' | 'PREPAYMENT';
    readonly act: 'pay' | 'later' | 'refuse';
    readonly declares?: true;
  };
  /** What CP, RF, RV and RC act upon. */
  readonly subject?: OrderRecord;
  /** Of DB, PA and CP that succeeded: what no act has taken yet. */
  leftMinor: number;
  /** Requests sent, and in short what came back, oldest first. */
  attempts: number;
  readonly answers: string[];
  final?: FinalAnswer;
}

export interface Order extends OrderRecord {
  readonly merchant: MerchantAccess;
  readonly subject?: Order;
}

export function newAnswers(amountMinor: number): Pick<OrderRecord, 'amountMinor' | 'leftMinor' | 'attempts' | 'answers'> {
  return { amountMinor, leftMinor: amountMinor, attempts: 0, answers: [] };
}

/** Whether the acquirer's host knows nothing of it. */
export function isAtBank({ bank, subject }: OrderRecord): boolean {
  return bank !== undefined || (subject !== undefined && isAtBank(subject));
}

export function pathOf(order: Order): string {
  return order.subject === undefined ? '/v1/payments' : `/v1/payments/${order.subject.final?.id ?? ''}`;
}

export function bodyOf(order: Order): string {
  const { merchant, type, amountMinor, pan, authentication, bank, key } = order;
  return new URLSearchParams({
    entityId: merchant.entityId,
    paymentType: type,
    // A reversal without an amount takes all that is left.
    ...(type === 'RV' ? {} : { amount: decimal(amountMinor), currency: 'EUR' }),
    ...(pan === undefined
      ? {}
      : {
          ...{ 'card.number': pan, 'card.holder': 'Ada Example', 'card.cvv': '123' },
          ...{ 'card.expiryMonth': '12', 'card.expiryYear': '2034' },
        }),
    ...(authentication === undefined ? {} : shopperFields(authentication)),
    ...(bank === undefined ? {} : { paymentBrand: bank.brand, shopperResultUrl }),
    merchantTransactionId: key,
  }).toString();
}

const shopperResultUrl = 'https://shop.example/result';

/** What a shop tells of the shopper's browser. The simulated issuer is told what to do, so that each order has a card of its own here as well. */
function shopperFields(authentication: NonNullable<Order['authentication']>): Readonly<Record<string, string>> {
  return {
    'customer.browser.acceptHeader': 'text/html',
    'customer.browser.userAgent': 'Mozilla/5.0 (drill)',
    'customer.browser.language': 'en',
    'customer.browser.challengeWindow': '02',
    shopperResultUrl,
    ...(authentication === 'not enrolled' ? {} : { 'customParameters[3DS2_flow]': authentication }),
  };
}

/** For people: what it was and what was answered; never its card number. */
export function describeOrder(order: OrderRecord): string {
  const { key, type, amountMinor, attempts, answers, final, subject } = order;
  const of = subject === undefined ? '' : ` of ${subject.final?.id}`;
  const said = answers.length > 12 ? [...answers.slice(0, 6), '…', ...answers.slice(-5)] : answers;
  const protocol = order.dialect === undefined ? '' : `${order.dialect} `;
  return `${protocol}${key} ${type} ${decimal(amountMinor)}${of}: ${final?.outcome ?? 'no final answer'} ${final?.id ?? ''} after ${attempts} requests [${said.join('; ')}]`;
}

function decimal(amountMinor: number): string {
  return `${Math.floor(amountMinor / 100)}.${String(amountMinor % 100).padStart(2, '0')}`;
}
