/**
 * A visit: a payment, or an authentication without one, that waits for its shopper's browser. Its id is that of the payment's first operation, or
 * that of the authentication. A visit ends with its outcome, or by its time.
 */
import type { CredentialUse } from '../instrument/agreement.ts';
import type { CardSummary } from '../instrument/card.ts';
import type { Trace } from '../payment/operation.ts';
import type { CardSubmission, NewPayment } from '../ports/new-operation.ts';
import { type AuthenticationState, isOpen } from '../states/authentication.ts';
import type { Authentication, AuthenticationRequest, AuthenticationResult, PriorAuthentication, TransStatus } from './authentication.ts';

export interface Visit {
  readonly merchantId: string;
  readonly channelId: string;
  readonly visitId: string;
  /** Absent: there is nothing to pay. */
  readonly paymentId?: string;
  /** Where the shopper goes in the end; the dialect's, complete. */
  readonly returnUrl: string;
  /** Keep the card under a token when the payment is approved. */
  readonly tokenize: boolean;
  /** Present: what is authorized is captured at once; the capture's dialect data. */
  readonly captureData?: Readonly<Record<string, string>>;
  /** A CVC waits in the vault. */
  readonly hasCvc: boolean;
  /** Present: nothing is sent before the shopper was on the page, and has been asked by the issuer or has confirmed the payment there. */
  readonly confirmation?: Confirmation;
  /** Present: nothing is sent before the merchant says so. */
  readonly merchantWord?: MerchantWord;
  /** Business time, epoch ms. */
  readonly expiresAtMs: number;
  /** Its outcome is certain, and nothing is left to do. */
  readonly isOver: boolean;
  /** The present run of 3-D Secure. */
  readonly authentication: Authentication;
  /** How long ago the directory server was asked, on the database's clock. */
  readonly askedForMs?: number;
}

/** `asked`: the shopper has not answered, or the issuer has asked instead. */
export type Confirmation = 'asked' | 'given' | 'refused';

/** Of a payment that the merchant sends on its way after the shopper has done their part. */
export type MerchantWord = 'awaited' | 'given' | 'refused';

/** Whether the shopper's word is missing: an issuer that has asked them needs no other. */
export function awaitsConfirmation({ confirmation, authentication, isOver }: Visit): boolean {
  return !isOver && confirmation === 'asked' && authentication.acsUrl === undefined;
}

/** Whether the shopper has done their part, and the merchant's word is missing. */
export function awaitsMerchant({ merchantWord, authentication, isOver }: Visit): boolean {
  return !isOver && merchantWord === 'awaited' && !isOpen(authentication.state);
}

/** A run that begins. One that brings its `proof` along is over at once: nobody has to be asked. */
export type NewAuthentication = Pick<
  Authentication,
  'authenticationId' | 'number' | 'amount' | 'currency' | 'cardId' | 'version' | 'methodUrl' | 'createdAtMs'
> & {
  readonly request: AuthenticationRequest;
  readonly state: 'not_enrolled' | 'ready' | 'method' | 'authenticated';
  readonly proof?: { readonly eci?: string; readonly sealedValue: Uint8Array };
};

export interface NewVisit extends Omit<Visit, 'authentication' | 'isOver' | 'askedForMs'> {
  /** The payment to be recorded with it, in the same transaction. */
  readonly payment?: NewPayment;
  /** Present: no shopper will come, so it is due at once, and leased to the caller for this long. */
  readonly leaseMs?: number;
  readonly authentication: NewAuthentication;
}

/** A step of a run. It happens only from the state that the decision saw. */
export interface AuthenticationChange {
  readonly merchantId: string;
  readonly authenticationId: string;
  readonly visitId: string;
  readonly from: AuthenticationState;
  readonly to: AuthenticationState;
  readonly challenge?: { readonly acsUrl: string; readonly acsTransactionId: string; readonly dsTransactionId: string };
  /** The end of the run. The visit is then due at once, and leased to the caller for `leaseMs`. */
  readonly result?: AuthenticationResult & { readonly sealedValue?: Uint8Array };
  readonly leaseMs: number;
  /** Business time, epoch ms. */
  readonly nowMs: number;
}

export interface VisitKey {
  readonly merchantId: string;
  readonly visitId: string;
}

/** Where the authentication may be found that an agreement began with: by the payment that is named, or by what the token was last agreed upon for. */
export type AgreementKey = { readonly merchantId: string } & (
  | { readonly operationId: string }
  | { readonly token: string; readonly type: CredentialUse['type'] }
);

/** Keeps visits. Nothing of it is touched by payments that need no shopper. */
export interface VisitStore {
  /** Records the payment as waiting, its visit and its run, in one transaction. */
  begin(visit: NewVisit): Promise<CardSubmission>;
  find(key: VisitKey): Promise<Visit | undefined>;
  findByAuthentication(key: { readonly merchantId: string; readonly authenticationId: string }): Promise<Visit | undefined>;
  /** The authentication with which the shopper has made an agreement about this card; undefined where none is kept. */
  findPrior(key: AgreementKey & { readonly card: Pick<CardSummary, 'bin' | 'last4'> }): Promise<PriorAuthentication | undefined>;
  /** The merchant whose routing number an address carries. */
  merchantOf(routingNumber: number): Promise<string | undefined>;
  /** False when the run is in another state by now. */
  change(change: AuthenticationChange): Promise<boolean>;
  /**
   * What the shopper, or the merchant, has said to the payment. False when they have said so before, or nothing is asked any more. The visit is leased
   * for `leaseMs`.
   */
  confirm(
    answer: VisitKey & {
      readonly by: 'shopper' | 'merchant';
      readonly confirmation: Exclude<Confirmation, 'asked'>;
      readonly leaseMs: number;
      /** Business time, epoch ms. */
      readonly nowMs: number;
    },
  ): Promise<boolean>;
  /** Nothing is to be done before the shopper has confirmed, or the time is over. */
  rest(key: VisitKey): Promise<void>;
  /** What the browser has brought: the issuer's page has run, or the issuer has sent it back. */
  note(key: { readonly merchantId: string; readonly authenticationId: string; readonly what: 'method_done' | 'returned' }): Promise<void>;
  /** A result that came after the end of its run. */
  noteLateResult(key: { readonly merchantId: string; readonly authenticationId: string; readonly status: TransStatus }): Promise<void>;
  /** A further run for the same visit. False when there is one already. */
  addAuthentication(key: VisitKey, authentication: NewAuthentication): Promise<boolean>;
  /**
   * First transaction of a payment that has waited: from now on it counts as sent. `resolveAfterMs`: when somebody else has to look at it, should
   * this process end. Nothing else finds it after a crash: it was made long ago.
   */
  submit(row: {
    readonly merchantId: string;
    readonly paymentId: string;
    readonly operationId: string;
    readonly trace: Trace;
    readonly resolveAfterMs: number;
    readonly nowMs: number;
  }): Promise<'submitted' | 'guard_failed'>;
  /** Where the shopper goes in the end, when only their browser brings it. */
  setWayBack(key: VisitKey, returnUrl: string): Promise<void>;
  /** The end: nothing is due any more, and the evidence's secret is dropped. */
  close(key: VisitKey): Promise<void>;
  /** Leases visits that are due, at most `limit`. */
  claimDue(request: { readonly businessNowMs: number; readonly limit: number; readonly leaseMs: number }): Promise<readonly VisitKey[]>;
  /** When the first of all that are due is, leased or not; business time, epoch ms. */
  nextDueAtMs(): Promise<number | undefined>;
}
