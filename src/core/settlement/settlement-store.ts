/** What settlement needs from the store. A batch is collected in bites, and closed once; whoever comes after a crash goes on where it stopped. */
import type { LedgerLine } from '../ledger/accounts.ts';
import type { Trace } from '../payment/operation.ts';
import type { CutOff } from './cut-off.ts';
import type { SettledGroup, SettlementPart, Totals } from './settlement.ts';

/** An account whose cut-off has come, leased. */
export interface DueCycle {
  readonly accountId: string;
  readonly cutOff: CutOff;
  /** Business time, epoch ms. */
  readonly cutOffAtMs: number;
  /** How long its batch has waited for certain outcomes, in ms of the database's clock. */
  readonly waitedMs: number;
}

/** What of an account was found, and since when it waits; business time, epoch ms. */
export interface FoundToSettle {
  readonly accountId: string;
  readonly cutOff: CutOff;
  readonly atMs: number;
  readonly lastCutOffAtMs?: number;
}

/** What closing a batch writes. */
export interface Closing {
  readonly parts: readonly (SettlementPart & { readonly partId: string; readonly lines: readonly LedgerLine[] })[];
  /** By currency. */
  readonly totals: ReadonlyMap<string, Totals>;
}

/** A comparison with the host that is not answered yet, leased. */
export interface DueReconciliation {
  readonly settlementId: string;
  readonly accountId: string;
  /** Business time, epoch ms. */
  readonly cutOffAtMs: number;
  readonly currency: string;
  readonly ours: Totals;
  /** Absent: it was never sent. */
  readonly trace?: Trace;
  /** How often it was sent before. */
  readonly tries: number;
}

export interface SettlementStore {
  cutOffs(): Promise<readonly CutOff[]>;
  /** How far all operations were looked through, wall time, epoch ms. */
  walkedUntilMs(): Promise<number>;
  /** Looks through the operations made until this moment (wall time), and hands on, by account, what is to be settled; each time at least once. */
  walk(untilMs: number, found: (accounts: readonly FoundToSettle[]) => Promise<void>): Promise<void>;
  /** Something of the account belongs to this cut-off; an earlier one that is set stays. Business times, epoch ms. */
  setDue(cycles: readonly { readonly accountId: string; readonly cutOffAtMs: number; readonly dueAtMs: number }[]): Promise<void>;
  claimDue(request: { readonly businessNowMs: number; readonly limit: number; readonly leaseMs: number }): Promise<readonly DueCycle[]>;
  nextDueAtMs(): Promise<number | undefined>;
  /** Whether an operation that was sent before the cut-off has no certain outcome. */
  hasUncertain(cycle: DueCycle): Promise<boolean>;
  /** The batch of a cycle, begun here or before a crash; undefined when nothing belongs to it. */
  open(cycle: DueCycle): Promise<string | undefined>;
  /** Takes what belongs to the batch, bite by bite, renewing the lease. False: somebody has closed it. */
  collect(settlementId: string, cycle: DueCycle, leaseMs: number): Promise<boolean>;
  /** Closes the batch with what `closing` makes of it; false: somebody has. */
  close(settlementId: string, closing: (groups: readonly SettledGroup[]) => Closing): Promise<boolean>;
  /** The account is done with this cut-off. */
  finish(cycle: DueCycle): Promise<void>;
  /** What still waits for a batch: of one account, or of all that wait for no cut-off. */
  left(accountId?: string): Promise<readonly FoundToSettle[]>;
  /** Gives the lease back, to be looked at again after a while. `waits`: for certain outcomes. */
  putOff(cycle: DueCycle, again: { readonly afterMs: number; readonly waits: boolean }): Promise<void>;
  /** Leases what waits for the host's answer: of each account and currency only the earliest batch. */
  claimReconciliations(request: { readonly limit: number; readonly leaseMs: number }): Promise<readonly DueReconciliation[]>;
  /** Saves the trace before the first byte is written, or counts a repeat. */
  noteSent(due: DueReconciliation, trace: Trace): Promise<void>;
  /** False when it was answered before. A difference leaves its mark in the operators' trail as well. */
  recordAnswer(
    due: DueReconciliation,
    answer: { readonly isInBalance: boolean; readonly theirs: Totals; readonly atMs: number },
  ): Promise<boolean>;
  putOffReconciliation(due: DueReconciliation, afterMs: number): Promise<void>;
}
