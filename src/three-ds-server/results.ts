/** What an ARes or RReq says, in the core's words: with the rules of the card's scheme applied to it. */
import type { CardBrand } from '../core/instrument/card.ts';
import {
  type AuthenticationRequest,
  type AuthenticationResult,
  type TransStatus,
  unavailable,
} from '../core/three-d-secure/authentication.ts';
import { shiftsByIndicator } from '../core/three-d-secure/indicator.ts';
import type { ARes, RReq } from '../protocols/emv-3ds/message.ts';
import { outcomeOf, type Purpose, type Scheme } from '../protocols/emv-3ds/outcomes.ts';

/** A brand that nobody knows follows Visa's numbers, as most schemes do. */
const schemes: Readonly<Record<CardBrand, Scheme>> = {
  visa: 'visa',
  mastercard: 'mastercard',
  maestro: 'mastercard',
  amex: 'amex',
  discover: 'diners',
  diners: 'diners',
  jcb: 'jcb',
  unionpay: 'unionpay',
  unknown: 'visa',
};

const ends: readonly TransStatus[] = ['Y', 'A', 'I', 'N', 'R', 'U'];

const dataOnly = '06';
const exemptions = ['05', '07', '08'];

function purposeOf({ challengeIndicator = '', withoutShopper }: AuthenticationRequest): Purpose {
  if (withoutShopper !== undefined) return 'recurring';
  if (challengeIndicator === dataOnly) return 'data-only';
  return exemptions.includes(challengeIndicator) ? 'exemption' : 'payment';
}

/**
 * The indicator is the message's own where it has one: none is invented over it. One that shifts no liability has the last word, whatever the status: so an
 * issuer grants an exemption with a `Y`.
 */
export function resultOf(message: ARes | RReq, request: AuthenticationRequest): AuthenticationResult {
  const status = ends.find((end) => end === message.transStatus);
  // A decoupled authentication and the shopper's own confirmation (D, S) are never asked for.
  if (status === undefined) return unavailable('status not asked for');
  const value = message.authenticationValue;
  const purpose = purposeOf(request);
  const {
    permission,
    shiftsLiability: wouldShift,
    eci: fitting,
    rule,
  } = outcomeOf({
    ...{ scheme: schemes[request.brand], status, hasAuthenticationValue: value !== undefined, purpose },
  });
  const eci = message.eci ?? fitting;
  const shiftsLiability =
    wouldShift &&
    (message.eci === undefined ||
      shiftsByIndicator({ brand: request.brand, eci: message.eci, isLater: request.withoutShopper !== undefined }));
  const cancel = message.messageType === 'RReq' ? message.challengeCancel : undefined;
  return {
    ...{ status, permission: permission === 'not-yet' ? 'never' : permission, shiftsLiability },
    rule: shiftsLiability === wouldShift ? rule : `${rule}/indicator`,
    ...{ acsTransactionId: message.acsTransID, dsTransactionId: message.dsTransID },
    ...(message.transStatusReason === undefined ? {} : { reason: message.transStatusReason }),
    ...(eci === undefined ? {} : { eci }),
    ...(value === undefined ? {} : { value }),
    ...(cancel === undefined ? {} : { challengeCancel: cancel }),
  };
}
