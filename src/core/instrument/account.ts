/** Bank accounts that money is sent to. The number is needed once, for the order to the bank; what is kept is who it belongs to and how it ends. */

/** `number`: an IBAN, or what the bank of `bankCode` calls the account. */
export interface BankAccount {
  readonly holder: string;
  readonly number: string;
  /** A BIC, or a code of the bank in its country; an IBAN has it in itself. */
  readonly bankCode?: string;
  readonly bankName?: string;
}

/** What may be shown of an account. */
export interface AccountSummary {
  readonly holder: string;
  /** At most four characters; two of a short number, so that most of it stays unknown. */
  readonly last4: string;
}

export function accountSummaryOf({ holder, number }: BankAccount): AccountSummary {
  return { holder, last4: number.slice(number.length < 8 ? -2 : -4) };
}

/** An IBAN without spaces, in capitals, by its length and check digits (ISO 13616, ISO 7064 MOD 97-10); undefined for what is none. */
export function parseIban(text: string): string | undefined {
  const iban = text.replaceAll(' ', '').toUpperCase();
  if (!/^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$/.test(iban)) return undefined;
  let remainder = 0;
  for (const character of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder === 1 ? iban : undefined;
}
