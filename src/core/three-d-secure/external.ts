/** Authentications that were not made here: what they mean for the payment that brings them along. */
import type { CardBrand } from '../instrument/card.ts';
import type { Channel } from '../merchant/channel.ts';
import type { ShopperFailure } from '../payment/operation.ts';
import type { AuthenticationEvidence } from './authentication.ts';
import { shiftsByIndicator } from './indicator.ts';

/**
 * The result of an authentication that the merchant's own 3-D Secure server ran: what the acquirer has to be told so that liability shifts.
 * Nothing of it is checked against a directory server; the merchant answers for it, and the issuer checks the value.
 */
export interface ExternalAuthentication {
  /** Electronic commerce indicator, two digits, as the scheme defines it. */
  readonly eci?: string;
  /** CAVV or AAV: 20 bytes in base64. It proves the authentication to the issuer and is stored nowhere. */
  readonly authenticationValue?: string;
  /** Of 3-D Secure 1: 20 bytes in base64. */
  readonly xid?: string;
  /** Message version, as in 2.2.0. */
  readonly version?: string;
  readonly dsTransactionId?: string;
  readonly acsTransactionId?: string;
  readonly flow?: 'challenge' | 'frictionless';
  /** Transaction status of EMV 3-D Secure. */
  readonly status?: 'Y' | 'A' | 'N' | 'U' | 'R' | 'C' | 'I';
}

/** Why a payment with this result is not sent: the same results forbid it as of an authentication made here. */
export function refusedBy(
  { status }: ExternalAuthentication,
  { withoutAuthentication }: Pick<Channel, 'withoutAuthentication'>,
): ShopperFailure | undefined {
  switch (status) {
    case 'R':
      return 'authentication_forbidden';
    // A challenge that was asked for and has no result is no authentication.
    case 'N':
    case 'C':
      return 'authentication_failed';
    case 'U':
      return withoutAuthentication === 'stop' ? 'authentication_unavailable' : undefined;
    case 'Y':
    case 'A':
    case 'I':
    case undefined:
      return undefined;
  }
}

/** Whether the issuer bears the loss by it. An exemption that is claimed besides would give that away. */
export function shiftsLiability(
  { eci, authenticationValue, status = 'Y' }: ExternalAuthentication,
  { brand, isLater }: { readonly brand: CardBrand; readonly isLater: boolean },
): boolean {
  if (authenticationValue === undefined || (status !== 'Y' && status !== 'A')) return false;
  return eci === undefined || shiftsByIndicator({ brand, eci, isLater });
}

/** The version that everybody speaks, where the merchant does not say which it was. */
const usualVersion = '2.2.0';

/** What the acquirer is told. */
export function evidenceOf({ eci, dsTransactionId, version }: ExternalAuthentication): AuthenticationEvidence {
  return {
    version: version ?? usualVersion,
    ...(eci === undefined ? {} : { eci }),
    ...(dsTransactionId === undefined ? {} : { dsTransactionId }),
  };
}
