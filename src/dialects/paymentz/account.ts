/** Payouts to bank accounts: an IBAN, or a number at a bank. What is kept of them beside the payout is shown masked. */
import type { AccountPayoutCommand } from '../../core/bank/transfer.ts';
import { type BankAccount, parseIban } from '../../core/instrument/account.ts';
import { maskCardNumbers } from '../../core/instrument/mask.ts';
import { parameterProblem } from './problem.ts';
import { type Beginning, readCommon, readMoney, required } from './read.ts';
import type { Parameters } from './wire.ts';

/** Modes that mean an account; none is needed, since the account says it. */
const accountModes = ['NB', 'BT', 'SEPA', 'ACH', 'CHK'];

/** Throws for an account that no bank could find. */
export function readAccountPayout({ channel, parameters }: Omit<Beginning, 'businessMs'>): AccountPayoutCommand {
  const { paymentMode, orderDescriptor, merchantTransactionId } = parameters;
  if (paymentMode !== undefined && !accountModes.includes(paymentMode.toUpperCase())) {
    throw parameterProblem('20005', 'paymentMode', `must be one of ${accountModes.join(', ')} with a bank account`);
  }
  const purpose = orderDescriptor ?? merchantTransactionId ?? channel.name;
  return {
    channel,
    ...readMoney(parameters),
    account: readAccount(parameters),
    purpose: maskCardNumbers(purpose),
    ...readCommon(parameters),
  };
}

function readAccount(parameters: Parameters): BankAccount {
  const { 'bankAccount.iban': iban, 'bankAccount.bic': bic, 'customer.bankCode': code, 'customer.bankName': bankName } = parameters;
  const { 'customer.givenName': givenName, 'customer.surname': surname } = parameters;
  const named = [givenName, surname].filter((name) => name !== undefined).join(' ');
  const holder = parameters['customer.bankAccountName'] ?? named;
  if (holder === '') throw parameterProblem('20001', 'customer.bankAccountName', 'is missing, and so are customer.givenName and surname');
  const bankCode = bic ?? code;
  if (bankCode === undefined && iban === undefined) throw parameterProblem('20001', 'customer.bankCode', 'is missing');
  return {
    ...{ holder: maskCardNumbers(holder).slice(0, 100), number: iban === undefined ? readNumber(parameters) : readIban(iban) },
    ...(bankCode === undefined ? {} : { bankCode }),
    ...(bankName === undefined ? {} : { bankName }),
  };
}

function readIban(text: string): string {
  const iban = parseIban(text);
  if (iban === undefined) throw parameterProblem('20002', 'bankAccount.iban', 'is no IBAN: its length or its check digits are wrong');
  return iban;
}

function readNumber(parameters: Parameters): string {
  const number = required(parameters, 'customer.bankAccountNumber').replaceAll(/[ -]/g, '');
  if (!/^[0-9A-Za-z]{4,34}$/.test(number)) {
    throw parameterProblem('20002', 'customer.bankAccountNumber', 'must be 4 to 34 letters and digits');
  }
  return number;
}
