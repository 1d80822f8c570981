/** Brands on the wire, and what they are in the core: card brands, and methods of banks. */
import { type BankMethod, bankMethods } from '../../core/instrument/bank.ts';
import type { CardBrand } from '../../core/instrument/card.ts';
import type { OperationView } from '../../core/payment/operation.ts';
import { type PaidWith, paidWith } from '../../core/payment/search.ts';
import { Problem } from './problem.ts';
import { otherBrands } from './wire.ts';

const cardBrands = new Map<string, CardBrand>([
  ['VISA', 'visa'],
  ['VISADEBIT', 'visa'],
  ['VISAELECTRON', 'visa'],
  ['VPAY', 'visa'],
  ['MASTER', 'mastercard'],
  ['MASTERDEBIT', 'mastercard'],
  ['MAESTRO', 'maestro'],
  ['AMEX', 'amex'],
  ['DINERS', 'diners'],
  ['DISCOVER', 'discover'],
  ['JCB', 'jcb'],
  ['UNIONPAY', 'unionpay'],
]);

const wireBrands: Readonly<Record<CardBrand, string | undefined>> = {
  visa: 'VISA',
  mastercard: 'MASTER',
  maestro: 'MAESTRO',
  amex: 'AMEX',
  discover: 'DISCOVER',
  diners: 'DINERS',
  jcb: 'JCB',
  unionpay: 'UNIONPAY',
  unknown: undefined,
};

const wireBankBrands: Readonly<Record<BankMethod, string>> = { ideal: 'IDEAL', sofort: 'SOFORTUEBERWEISUNG', prepayment: 'PREPAYMENT' };

/** The method that a brand means; undefined for cards and for what is not known here. */
export function bankMethodOf(brand: string | undefined): BankMethod | undefined {
  return bankMethods.find((method) => wireBankBrands[method] === brand);
}

/** Two letters for each way to pay: online transfers, and prepayments. Whether a card is one of credit or of debit is not known. */
const wireMethods = { card: 'CC', ideal: 'OT', sofort: 'OT', prepayment: 'PP' } as const satisfies Record<PaidWith, string>;

/** How an operation was paid, in two letters. */
export function methodOf({ bank }: Pick<OperationView, 'bank'>): string {
  return wireMethods[bank?.method ?? 'card'];
}

/** What two letters mean; nothing for what nobody here can pay with. Both names of cards mean all of them. */
export function paidWithOf(method: string): readonly PaidWith[] {
  return paidWith.filter((each) => wireMethods[each] === (method === 'DC' ? 'CC' : method));
}

/** Brands of the platform that no acquirer here takes are told apart from what is no brand at all. */
export function readBrand(paymentBrand: string): CardBrand {
  const brand = cardBrands.get(paymentBrand);
  if (brand !== undefined) return brand;
  throw new Problem(otherBrands.has(paymentBrand) ? '600.200.201' : '100.100.501');
}

/** A card's brand as the merchant named it, where that is one of its names: `VISADEBIT` is a Visa card as well. */
export function shownBrand(named: string | undefined, brand: CardBrand): string | undefined {
  return named !== undefined && cardBrands.get(named) === brand ? named : wireBrands[brand];
}

/** What an operation was paid with; where a brand was refused because it is not the card's, the one that was named. */
export function brandOf({ card, bank, reason, dialectData: { paymentBrand } }: OperationView): string | undefined {
  if (bank !== undefined) return wireBankBrands[bank.method];
  if (card === undefined || reason === 'brand_mismatch') return paymentBrand;
  return shownBrand(paymentBrand, card.brand);
}

/** Whether a brand can be that of an operation; of one whose brand nobody knows, any can. */
export function isBrandOf(named: string, { card, bank }: Pick<OperationView, 'card' | 'bank'>): boolean {
  if (bank !== undefined) return bankMethodOf(named) === bank.method;
  return card === undefined || cardBrands.get(named) === card.brand;
}
