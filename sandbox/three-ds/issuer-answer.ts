/** The issuer's decision about an AReq: what its card's row says, under what the merchant asked for. */

import { randomBytes } from 'node:crypto';
import type { AReq } from '../../src/protocols/emv-3ds/message.ts';
import { outcomeOf, type Scheme } from '../../src/protocols/emv-3ds/outcomes.ts';
import type { Ending, EnrolledCard } from './cards.ts';

/** What the issuer decides: an ending at once, an acknowledged exemption, or a challenge. */
export type Decision =
  | { readonly kind: 'ends'; readonly status: Ending | 'I'; readonly reason: string | undefined }
  | { readonly kind: 'challenge'; readonly isMandated: boolean };

/** Indicators with which a merchant asks to leave the challenge out, and the issuer's usual answer. */
const INFORMATIONAL = ['05', '07'];
const TRUSTED = ['08', '10', '11'];
const DATA_ONLY = '06';
const MANDATED = '04';

const NOT_SUPPORTED = { shopperless: '21', app: '03' };

/** Decides about a card that takes part. `isKnown`: its holder has authenticated before, in the transaction that the merchant names. */
export function decide({ flow }: EnrolledCard, areq: AReq, isKnown: boolean): Decision {
  const wishes = [areq.threeDSRequestorChallengeInd ?? []].flat();
  const asks = (values: readonly string[]): boolean => wishes.some((wish) => values.includes(wish));
  if (areq.deviceChannel === '01') return ends('U', NOT_SUPPORTED.app);
  switch (flow.kind) {
    case 'lost':
      return ends('U', REASON_OF.U);
    case 'answers':
      return flow.status === 'Y' && asks([DATA_ONLY]) ? ends('I') : ends(flow.status, REASON_OF[flow.status]);
    case 'challenges-if-mandated':
      if (areq.deviceChannel === '03') return withoutShopper(isKnown);
      return asks([MANDATED]) ? { kind: 'challenge', isMandated: true } : ends('U', REASON_OF.U);
    case 'challenges':
      if (areq.deviceChannel === '03') return withoutShopper(isKnown);
      // The exchange of mere data knows no challenge.
      if (asks([DATA_ONLY])) return ends('I');
      if (flow.evenIfExempt) return { kind: 'challenge', isMandated: true };
      if (asks(INFORMATIONAL)) return ends('I');
      return asks(TRUSTED) ? ends('Y') : { kind: 'challenge', isMandated: false };
  }
}

/** Nobody is there to be challenged: what a challenge has shown once counts on, and without one the issuer cannot tell. */
function withoutShopper(isKnown: boolean): Decision {
  return isKnown ? ends('Y') : ends('U', NOT_SUPPORTED.shopperless);
}

/** The earlier transactions that the merchant names, by the ids that this issuer gave them. */
export function priorTransactions({ threeDSRequestorPriorAuthenticationInfo: info = [] }: AReq): readonly string[] {
  return [info].flat().flatMap(({ threeDSReqPriorRef: id }) => (id === undefined ? [] : [id]));
}

const ends = (status: Ending | 'I', reason?: string): Decision => ({ kind: 'ends', status, reason });

/** Why: 01 authentication failed, 11 suspected fraud, 22 technical issue. */
export const REASON_OF: Readonly<Record<Ending, string | undefined>> = { Y: undefined, A: undefined, N: '01', R: '11', U: '22' };

const SCHEMES: readonly (readonly [prefix: RegExp, scheme: Scheme, name: string])[] = [
  [/^4/, 'visa', 'Visa'],
  [/^(5[0-8]|2[2-7]|63|67)/, 'mastercard', 'Mastercard'],
  [/^3[47]/, 'amex', 'American Express'],
  [/^35/, 'jcb', 'JCB'],
  [/^62/, 'unionpay', 'UnionPay'],
  [/^./, 'diners', 'Discover'],
];

function schemeRow(pan: string): readonly [Scheme, string] {
  const [, scheme, name] = SCHEMES.find(([prefix]) => prefix.test(pan)) ?? [/^/, 'visa', 'Visa'];
  return [scheme, name];
}

/** The scheme's name as a shopper knows it. */
export function schemeName(pan: string): string {
  return schemeRow(pan)[1];
}

/** The scheme's indicator and, where something is proven, the proof: 20 random bytes, which nobody but this issuer could check. */
export function evidenceOf(areq: AReq, status: Ending | 'I'): { readonly eci?: string; readonly authenticationValue?: string } {
  const isProven = status === 'Y' || status === 'A';
  const purpose = areq.deviceChannel === '03' ? 'recurring' : 'payment';
  const { eci } = outcomeOf({ scheme: schemeRow(areq.acctNumber)[0], status, hasAuthenticationValue: isProven, purpose });
  return {
    ...(eci === undefined ? {} : { eci }),
    ...(isProven && areq.messageCategory === '01' ? { authenticationValue: randomBytes(20).toString('base64') } : {}),
  };
}
