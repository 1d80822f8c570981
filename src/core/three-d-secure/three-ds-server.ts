/** What the core needs of a 3DS Server: which cards take part, and the exchange of messages with their directory server. */
import type { Pan } from '../instrument/card.ts';
import type { Channel } from '../merchant/channel.ts';
import type { Authentication, AuthenticationRequest, AuthenticationResult } from './authentication.ts';

/** How a card takes part. */
export interface Enrolment {
  /** The message version to be spoken. */
  readonly version: string;
  /** The issuer's page that has to run in the shopper's browser first; absent where there is none. */
  readonly methodUrl?: string;
}

export interface Asking {
  readonly authentication: Authentication;
  readonly channel: Channel;
  readonly pan: Pan;
  /** `threeDSCompInd`: Y the issuer's page has run, N it has not in time, U it has none. */
  readonly methodCompletion: 'Y' | 'N' | 'U';
  /** Where the issuer sends the shopper's browser after a challenge; at most 256 characters. */
  readonly returnUrl: string;
  /** Where the directory server brings the result of a challenge. */
  readonly resultUrl: string;
}

export type Asked =
  | { readonly kind: 'result'; readonly result: AuthenticationResult }
  | { readonly kind: 'challenge'; readonly acsUrl: string; readonly acsTransactionId: string; readonly dsTransactionId: string };

/** A result that a directory server has brought, before anybody has looked whether it was awaited. */
export type BroughtResult =
  | {
      readonly kind: 'result';
      /** UUIDs, as the message shows them. */
      readonly authenticationId: string;
      readonly acsTransactionId: string;
      readonly dsTransactionId: string;
      readonly version: string;
      /** What it means for the card and the wishes of that run. */
      readonly resultFor: (request: AuthenticationRequest) => AuthenticationResult;
      /** Says that it was taken. */
      readonly received: string;
      /** Says why it cannot be: it names an unknown transaction, another result was taken before, or it cannot be recorded just now. */
      readonly refusal: (why: 'unknown_transaction' | 'other_result' | 'try_again') => string;
    }
  | { readonly kind: 'unusable'; readonly refusal: string; readonly problem: string };

export interface ThreeDSServer {
  /** Answers from memory; undefined: the card does not take part. */
  enrolmentOf(pan: Pan, request: Pick<AuthenticationRequest, 'simulate' | 'brand'>): Enrolment | undefined;
  /** Never rejects: whatever goes wrong on the way is a result `U` whose rule says what it was. */
  ask(asking: Asking): Promise<Asked>;
  /** Reads what claims to be a result. The content type of all answers is `contentType`. */
  readResult(body: Uint8Array): BroughtResult;
  readonly contentType: string;
  /** Value of the form field `threeDSMethodData` for the issuer's page. */
  methodData(note: { readonly authenticationId: string; readonly notificationUrl: string }): string;
  /** Value of the form field `creq`. */
  challengeRequest(authentication: Authentication): string;
}
