/** Methods of payment by the platform's names. */
import { accountTransfers } from '../../core/instrument/bank.ts';
import type { CardBrand } from '../../core/instrument/card.ts';

const brands = {
  visa: 'visa',
  mastercard: 'mastercard',
  maestro: 'maestro',
  amex: 'american_express',
  discover: 'discover',
  diners: 'diners_club',
  jcb: 'jcb',
  unionpay: 'unionpay',
  unknown: 'card',
} as const satisfies Readonly<Record<CardBrand, string>>;

export function methodOf(brand: CardBrand): string {
  return brands[brand];
}

/** Brands that a whitelist allows. */
export function brandsIn(whitelist: readonly string[] | null): readonly CardBrand[] {
  if (whitelist === null) return [];
  return (Object.keys(brands) as CardBrand[]).filter((brand) => whitelist.includes(brands[brand]));
}

/** A transfer that the payer makes at their own bank. */
export const bankTransfer = 'sarepay_bank_transfer';

/** Money that a payout sends to an account. */
export const accountPayouts = 'sarepay_payouts';

const labels: Readonly<Record<string, string>> = {
  visa: 'Visa',
  mastercard: 'Mastercard',
  maestro: 'Maestro',
  american_express: 'American Express',
  discover: 'Discover',
  diners_club: 'Diners Club',
  jcb: 'JCB',
  unionpay: 'UnionPay',
  [bankTransfer]: 'Bank transfer',
  [accountPayouts]: 'Bank account',
  card: 'Bank cards',
};

/** What can stand in the whitelist of a purchase. */
export const methodNames: readonly string[] = Object.keys(labels).filter((name) => name !== 'card' && name !== accountPayouts);

export function isMethodName(name: string): boolean {
  return Object.hasOwn(labels, name);
}

export function labelOf(name: string): string {
  return labels[name] ?? name;
}

/** Card brands alone. */
export const cardMethods: readonly string[] = methodNames.filter((name) => name !== bankTransfer);

/** What can stand in the whitelist of a payout. */
export const payoutMethodNames: readonly string[] = [...cardMethods, accountPayouts];

const ofBanks: Readonly<Record<string, string>> = { prepayment: bankTransfer, [accountTransfers]: accountPayouts };

/** A card brand or a method of banks, as the books have it, by the platform's name. */
export function methodNamed(method: string): string {
  return Object.hasOwn(brands, method) ? brands[method as CardBrand] : (ofBanks[method] ?? method);
}

/** The other way around; a name that nothing has finds nothing. */
export function methodsCalled(names: readonly string[]): readonly string[] {
  const known = [...Object.keys(brands), ...Object.keys(ofBanks)];
  return names.flatMap((name) => (name === 'card' ? Object.keys(brands) : [known.find((method) => methodNamed(method) === name) ?? name]));
}
