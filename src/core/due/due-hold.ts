/** What becomes due for a hold: its end, and a capture that was asked for with the authorization. Each is one leased row of a payment. */
import type { CardBrand } from '../instrument/card.ts';
import type { OperatorAct } from '../operator/operator-act.ts';
import type { NewOperation } from '../ports/new-operation.ts';
import type { OutcomeToRecord } from '../ports/outcome.ts';

export const dueKinds = ['expiry', 'capture', 'rest', 'review'] as const;

export interface DueHold {
  readonly merchantId: string;
  readonly channelId: string;
  readonly paymentId: string;
  /** The preauthorization. */
  readonly operationId: string;
  /**
   * `expiry`: what is left of the hold is reversed. `capture`: it is captured. `rest`: it is reversed once the capture has succeeded that it was written with. `review`: it is
   * reversed, unless an operator has let it through; no capture is due before.
   */
  readonly kind: (typeof dueKinds)[number];
  /** Business time, epoch ms. */
  readonly dueAtMs: number;
  /** Tries that the acquirer has certainly not carried out, from 0. */
  readonly failedTries: number;
}

/** A preauthorization that may still hold money, as it is found among all operations. */
export interface FoundHold {
  readonly merchantId: string;
  readonly channelId: string;
  readonly paymentId: string;
  readonly operationId: string;
  readonly brand: CardBrand;
  readonly isMerchantInitiated: boolean;
  /** Business time, epoch ms. */
  readonly createdAtMs: number;
}

/** What becomes of a row that was given up: `not_given_up`: it is not, or not any more. `nothing_left`: its hold is over with. Then nothing was changed. */
export type GivenUpEnd = 'decided' | 'not_given_up' | 'nothing_left';

/** The release of a hold that stands at the acquirer no more: a reversal with its outcome, of which nothing is sent. */
export interface ToldRelease {
  readonly due: DueHold['kind'];
  readonly row: NewOperation;
  readonly outcome: OutcomeToRecord;
  /** Business time, epoch ms. */
  readonly nowMs: number;
  readonly act: OperatorAct;
}

export interface DueHoldStore {
  /**
   * Walks all operations made so far in the order of time, from where the last walk ended, and hands on the holds among them until the walk has
   * reached this wall time; each is handed on at least once.
   */
  walk(untilMs: number, found: (holds: readonly FoundHold[]) => Promise<void>): Promise<void>;
  /** Adds rows; those that are there stay as they are. */
  add(rows: readonly Omit<DueHold, 'failedTries'>[]): Promise<void>;
  /** Leases what is due at a business time, the longest due first, and of each payment only what is due first. */
  claimDue(request: { readonly businessNowMs: number; readonly limit: number; readonly leaseMs: number }): Promise<readonly DueHold[]>;
  /** When the first row is due, leased or not; business time, epoch ms. */
  nextDueAtMs(): Promise<number | undefined>;
  /** It is due later than it was said to be. */
  moveTo(due: DueHold, dueAtMs: number): Promise<void>;
  /** It is over with, unless it has become due anew since it was claimed. */
  finish(due: DueHold): Promise<void>;
  /** Gives the lease back: to be tried again after a while, or never. `failed`: the acquirer has not carried it out. */
  putOff(due: DueHold, again: { readonly afterMs: number; readonly failed?: true } | { readonly failedBecause: string }): Promise<void>;
  /** What an operator has decided of a row that was given up, with a row in the trail: it waits as if it had never been tried, or it goes. */
  endGivenUp(
    key: Pick<DueHold, 'merchantId' | 'paymentId' | 'kind'>,
    end: { readonly as: 'waiting' | 'left'; readonly act: OperatorAct },
  ): Promise<GivenUpEnd>;
  /** Records a release and removes the row that was given up, in one transaction with a row in the trail. `busy`: the payment has changed since it was read. */
  releaseGivenUp(release: ToldRelease): Promise<GivenUpEnd | 'busy'>;
}
