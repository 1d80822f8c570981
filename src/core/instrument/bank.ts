/**
 * Payments without a card: the shopper pays at a bank, on its page or later by a transfer. The table below is the only place that says which flow
 * each method supports; channels name the methods that they have activated.
 */

/**
 * How a merchant may begin with a method. `charge`: the bank tells when all of the money is there. `order`: the shopper orders the transfer; its
 * money comes later, in receipts.
 */
export interface BankFlows {
  readonly charge: boolean;
  readonly order: boolean;
}

const methods = {
  ideal: { charge: true, order: false },
  sofort: { charge: true, order: true },
  prepayment: { charge: false, order: true },
} as const satisfies Readonly<Record<string, BankFlows>>;

export type BankMethod = keyof typeof methods;

export const bankMethods = Object.keys(methods) as readonly BankMethod[];

/** Not a method that shoppers pay with: money that a merchant sends to accounts. */
export const accountTransfers = 'transfer';

/** What a channel may activate at a bank. */
export const activatableAtBank = [...bankMethods, accountTransfers] as const;

/** Whether a payment of this kind can begin with the method. A rebill is a payment of its own, so every method has it. */
export function supports(method: BankMethod, kind: 'preauthorization' | 'debit' | 'payout' | 'rebill'): boolean {
  switch (kind) {
    case 'debit':
      return methods[method].charge;
    case 'preauthorization':
      return methods[method].order;
    case 'rebill':
      return true;
    case 'payout':
      return false;
  }
}

/** How an operation's payment is paid at the bank. */
export interface BankUse {
  readonly method: BankMethod;
  /** Where the shopper goes in the end; the dialect's, complete. Empty: no shopper comes, who is told the account by the merchant. */
  readonly returnUrl: string;
  /** Of an order that was approved: no money has come yet. */
  readonly awaitsReceipt: boolean;
}
