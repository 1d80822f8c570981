/**
 * A bank that shoppers pay at, as the core needs it. Everything is asked by the reference that the gateway has made, and may be asked again: the bank
 * answers a repeat from its books. What it reports is always the whole payment as it is now, so that the order of reports does not matter.
 */
import type { BankAccount } from '../instrument/account.ts';
import type { BankMethod } from '../instrument/bank.ts';
import type { DeclineReason } from '../payment/decline.ts';
import type { OperationKind, Trace } from '../payment/operation.ts';
import type { Totals } from '../settlement/settlement.ts';

/** The account under which payouts through the bank are settled and compared: always there, and no channel's. */
export const transfersAccountId = 'bank_transfers';

/** What is to be paid. */
export interface BankOrder {
  readonly trace: Trace;
  readonly method: BankMethod;
  /** Minor units of `currency`. */
  readonly amount: number;
  readonly currency: string;
  /** Whose money it will be, as the shopper reads it. */
  readonly creditor: string;
  /** Where the bank sends the shopper's browser when it has finished. */
  readonly returnUrl: string;
  /** No shopper comes to the bank: it has the order at once, and an account for the transfer. */
  readonly unattended?: true;
}

/** Where a transfer goes. */
export interface TransferAccount {
  readonly number: string;
  /** Whose it is. */
  readonly name: string;
  readonly bank: string;
}

/** Money that is to be sent to an account. */
export interface BankTransfer {
  readonly trace: Trace;
  /** Minor units of `currency`. */
  readonly amount: number;
  readonly currency: string;
  /** Who sends it, as the receiver reads it. */
  readonly debtor: string;
  readonly account: BankAccount;
  /** What it is for, as the receiver reads it. */
  readonly purpose: string;
}

/** A batch of transfers in one currency: what was ordered before the cut-off, and is in no earlier batch. */
export interface TransferBatch {
  readonly currency: string;
  /** Business time, epoch ms. */
  readonly cutOffAtMs: number;
}

/** `unknown`: no answer, or none that can be read. */
export type TransferTotals =
  | { readonly outcome: 'answered'; readonly totals: Totals }
  | { readonly outcome: 'not_sent' | 'unknown'; readonly cause: string };

/** Money that has come. */
export interface BankReceipt {
  /** The bank's own id of the transfer: the same one is never counted twice. */
  readonly receiptId: string;
  /** Minor units. */
  readonly amount: number;
}

/**
 * `open`: it waits for the shopper. `deferred`: the shopper has ordered it, and not all of the money has come. `paid`: all of it has come.
 * `refused`: by the shopper. `canceled`: called off. Of a transfer: `open`, the bank has not decided; `paid`, the money is gone; `refused`, by the bank.
 */
export type BankState = 'open' | 'deferred' | 'paid' | 'refused' | 'canceled';

/** A payment as the bank has it. */
export interface BankReport {
  /** The gateway's. */
  readonly reference: string;
  readonly state: BankState;
  /** What the shopper writes on a transfer. */
  readonly bankReference?: string;
  /** What was ordered, in minor units. */
  readonly amount?: number;
  readonly currency?: string;
  readonly receipts: readonly BankReceipt[];
  /** Where the money of a transfer is to go, where nobody comes to the page; only where the bank was asked. */
  readonly account?: TransferAccount;
  /** Of a transfer that was refused. */
  readonly reason?: Extract<DeclineReason, 'no_such_account' | 'account_closed'>;
  /** The bank's page, only where the bank was asked. */
  readonly page?: string;
}

/** `not_found`: the bank has no such payment. `refused`: it will not do that. `unknown`: it may have done it. */
export type BankAnswer =
  | { readonly outcome: 'report'; readonly report: BankReport }
  | { readonly outcome: 'not_found' }
  | { readonly outcome: 'refused'; readonly cause: string }
  | { readonly outcome: 'not_sent' | 'unknown'; readonly cause: string };

/** An act on a payment at the bank: money sent back, or an order called off. */
export interface BankAct {
  readonly kind: Extract<OperationKind, 'refund' | 'reversal'>;
  readonly trace: Trace;
  /** Of the payment acted upon. */
  readonly original: Trace;
  /** Minor units. */
  readonly amount: number;
}

export type BankActAnswer =
  | { readonly outcome: 'done' | 'refused'; readonly responseCode: string }
  | { readonly outcome: 'not_sent' | 'unknown'; readonly cause: string };

/** None of these rejects. */
export interface Bank {
  /** How long an exchange may take, in ms. */
  readonly timeoutMs: number;
  /** A reference for a payment or an act: random, with the merchant's routing number inside, so that what the bank tells finds its merchant. */
  prepare(scope: { readonly routingNumber: number; readonly nowMs: number }): Trace;
  start(order: BankOrder): Promise<BankAnswer>;
  /** A reference for a transfer, as `prepare` makes those of payments. */
  prepareTransfer(scope: { readonly routingNumber: number; readonly nowMs: number }): Trace;
  transfer(order: BankTransfer): Promise<BankAnswer>;
  /** Fixes the trace under which transfers of a batch are compared. */
  prepareReconciliation(accountId: string): Promise<Trace>;
  /** Asks for the bank's totals of a batch of transfers. */
  reconcile(batch: TransferBatch): Promise<TransferTotals>;
  /** Payments and transfers alike: the trace tells which it is. */
  look(trace: Trace): Promise<BankAnswer>;
  /** Calls it off unless all of its money is there; one that never arrived will not be taken up any more. */
  cancel(trace: Trace): Promise<BankAnswer>;
  act(act: BankAct): Promise<BankActAnswer>;
}

/** The merchant's routing number in a reference; undefined for what this gateway has not made. */
export function routingNumberIn(reference: string): number | undefined {
  const [, digits] = /^[0-9a-z]{20}([0-9a-z]{4})$/.exec(reference) ?? [];
  return digits === undefined ? undefined : Number.parseInt(digits, 36);
}
