/** The search for operations of a channel. */
import { type BankMethod, bankMethods } from '../instrument/bank.ts';
import type { OperationKind, OperationNode } from './operation.ts';

/** A card, or a method of a bank. */
export type PaidWith = 'card' | BankMethod;

export const paidWith: readonly PaidWith[] = ['card', ...bankMethods];

/** What a merchant looks for among the operations of a channel; what is absent does not matter. */
export interface OperationSearch {
  readonly merchantId: string;
  readonly channelId: string;
  readonly merchantReference?: string;
  readonly kinds?: readonly OperationKind[];
  readonly paidWith?: readonly PaidWith[];
  /** Business time, epoch ms, both included. */
  readonly createdFromMs?: number;
  readonly createdToMs?: number;
  /** See `shortNumberOf`. */
  readonly shortNumber?: number;
  /** With each operation all others of its payment. */
  readonly linked?: boolean;
  /** A page by its key: the operations that come after this id; nothing beyond the page is counted, so that whoever wants to know asks for one more. */
  readonly after?: string;
  readonly offset: number;
  readonly limit: number;
}

/** `total`: how many match, counted up to `searchedAtMost` + 1, of a page by its key only those on it; the linked ones come on top. */
export interface OperationsFound {
  readonly operations: readonly OperationNode[];
  readonly total: number;
}

/** A search that matches more is too wide to be answered. */
export const searchedAtMost = 10_000;
