/** Bank accounts that payouts go to: whether a payout may, what a request says of one, and the banks that one is asked to choose from. */
import { type BankAccount, parseIban } from '../../core/instrument/account.ts';
import { accountTransfers } from '../../core/instrument/bank.ts';
import { maskCardNumbers } from '../../core/instrument/mask.ts';
import type { Engine } from '../../core/payment/engine.ts';
import type { CardProblem } from './card.ts';
import type { Found } from './find.ts';
import { accountPayouts } from './methods.ts';
import { payoutDocumentOf } from './payout.ts';

/** Whether the brand has activated it, and the payout's own whitelist allows it. */
export function mayGoToAccount({ bank }: Engine, { view, channel }: Found): boolean {
  const { whitelist } = payoutDocumentOf(view);
  const isActivated = bank !== undefined && channel.bankMethods?.includes(accountTransfers) === true;
  return isActivated && (whitelist === null || whitelist.includes(accountPayouts));
}

/** Codes of the Central Bank of Nigeria. Others are passed on as they come: there are hundreds of small banks, and the bank that pays knows them. */
const nigerianBanks: Readonly<Record<string, string>> = {
  '044': 'Access Bank',
  '023': 'Citibank Nigeria',
  '050': 'Ecobank Nigeria',
  '070': 'Fidelity Bank',
  '011': 'First Bank of Nigeria',
  '214': 'First City Monument Bank',
  '103': 'Globus Bank',
  '058': 'Guaranty Trust Bank',
  '301': 'Jaiz Bank',
  '082': 'Keystone Bank',
  '303': 'Lotus Bank',
  '104': 'Parallex Bank',
  '076': 'Polaris Bank',
  '105': 'PremiumTrust Bank',
  '101': 'Providus Bank',
  '221': 'Stanbic IBTC Bank',
  '068': 'Standard Chartered Bank Nigeria',
  '232': 'Sterling Bank',
  '100': 'SunTrust Bank',
  '302': 'TAJBank',
  '032': 'Union Bank of Nigeria',
  '033': 'United Bank for Africa',
  '215': 'Unity Bank',
  '035': 'Wema Bank',
  '057': 'Zenith Bank',
};

export interface NamedBank {
  readonly code: string;
  readonly name: string;
}

/** By name; none for currencies whose accounts say their bank, or whose banks are called by their BIC. */
export function banksFor(currency: string): readonly NamedBank[] {
  if (currency !== 'NGN') return [];
  const banks = Object.entries(nigerianBanks).map(([code, name]) => ({ code, name }));
  return banks.toSorted((a, b) => a.name.localeCompare(b.name, 'en'));
}

type Input = Readonly<Record<string, unknown>>;

export const accountFields = ['account_number', 'bank_code', 'recipient_name'] as const;

type FieldName = (typeof accountFields)[number];

const missing = (field: FieldName): CardProblem => ({
  ...{ field, code: `validation_${field}_not_provided` },
  message: `\`${field}\` is missing`,
});
const invalid = (field: FieldName, expected: string): CardProblem => ({
  ...{ field, code: `validation_${field}_invalid` },
  message: `\`${field}\` is invalid: expected ${expected}`,
});

/** Text; undefined for what is not there. Numbers have lost the zeros that they began with. */
function textOf(input: Input, name: FieldName): string | CardProblem | undefined {
  const value = Object.hasOwn(input, name) ? input[name] : undefined;
  if (value === undefined || value === null || value === '') return undefined;
  return typeof value === 'string' ? value.trim() : invalid(name, 'text, in quotes');
}

/** Where the money is to go, or the first field that is at fault. */
export function readAccount(input: Input, currency: string): BankAccount | CardProblem {
  const number = textOf(input, 'account_number') ?? missing('account_number');
  if (typeof number !== 'string') return number;
  const account = readNumber(number, currency);
  if (account === undefined) return invalid('account_number', numbersOf(currency));
  const code = textOf(input, 'bank_code') ?? (account.saysItsBank ? undefined : missing('bank_code'));
  if (typeof code === 'object') return code;
  if (code !== undefined && !/^[0-9A-Za-z]{3,11}$/.test(code)) return invalid('bank_code', '3 to 11 letters and digits');
  const holder = textOf(input, 'recipient_name') ?? missing('recipient_name');
  if (typeof holder !== 'string') return holder;
  if (!/^\P{Cc}{1,100}$/u.test(holder)) return invalid('recipient_name', '1 to 100 characters');
  const bankName = code === undefined || currency !== 'NGN' || !Object.hasOwn(nigerianBanks, code) ? undefined : nigerianBanks[code];
  return {
    ...{ holder: maskCardNumbers(holder), number: account.number },
    ...(code === undefined ? {} : { bankCode: code }),
    ...(bankName === undefined ? {} : { bankName }),
  };
}

const numbersOf = (currency: string): string =>
  currency === 'NGN' ? 'the 10 digits of an account in Nigeria' : 'an IBAN with its check digits, or 4 to 34 letters and digits';

function readNumber(text: string, currency: string): { readonly number: string; readonly saysItsBank: boolean } | undefined {
  const number = text.replaceAll(/[ -]/g, '');
  if (currency === 'NGN') return /^\d{10}$/.test(number) ? { number, saysItsBank: false } : undefined;
  // Two letters and two digits begin an IBAN alone: with wrong check digits it would go to somebody else.
  if (/^[A-Za-z]{2}\d{2}/.test(number)) {
    const iban = parseIban(number);
    return iban === undefined ? undefined : { number: iban, saysItsBank: true };
  }
  return /^[0-9A-Za-z]{4,34}$/.test(number) ? { number, saysItsBank: false } : undefined;
}
