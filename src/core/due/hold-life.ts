/**
 * How long a hold that nobody captures may stand: as long as its scheme lets an authorization live, or as its dialect says, whichever is
 * shorter. After that the issuer gives the money free by itself, and a capture would be disputed.
 */
import type { CardBrand } from '../instrument/card.ts';

/** Per scheme, in business ms. The defaults are days that the schemes publish: Visa 10, started by the merchant 5; Mastercard 7; others 7. */
export interface HoldLives {
  readonly visaMs: number;
  readonly visaMerchantInitiatedMs: number;
  readonly mastercardMs: number;
  readonly otherMs: number;
}

export interface Hold {
  readonly brand: CardBrand;
  readonly isMerchantInitiated: boolean;
  /** Business time, epoch ms. */
  readonly createdAtMs: number;
  /** What the dialect grants, in ms; absent: the scheme decides alone. */
  readonly dialectLifeMs?: number;
}

/** Ends are at full minutes: what was authorized in the same minute ends together, which is exact enough for days. */
const fullMs = 60_000;

/** When a hold ends; business time, epoch ms. */
export function holdEndsAtMs({ brand, isMerchantInitiated, createdAtMs, dialectLifeMs }: Hold, lives: HoldLives): number {
  const schemeLifeMs = schemeLifeOf({ brand, isMerchantInitiated }, lives);
  return Math.ceil((createdAtMs + Math.min(schemeLifeMs, dialectLifeMs ?? schemeLifeMs)) / fullMs) * fullMs;
}

function schemeLifeOf({ brand, isMerchantInitiated }: Pick<Hold, 'brand' | 'isMerchantInitiated'>, lives: HoldLives): number {
  switch (brand) {
    case 'visa':
      return isMerchantInitiated ? Math.min(lives.visaMerchantInitiatedMs, lives.visaMs) : lives.visaMs;
    case 'mastercard':
    case 'maestro':
      return lives.mastercardMs;
    case 'amex':
    case 'discover':
    case 'diners':
    case 'jcb':
    case 'unionpay':
    case 'unknown':
      return lives.otherMs;
  }
}

/** Half of the shortest life: until then nobody needs to know that a hold will end, and by then most are captured. */
export function noticeAfterMs({ visaMs, visaMerchantInitiatedMs, mastercardMs, otherMs }: HoldLives): number {
  return Math.floor(Math.min(visaMs, visaMerchantInitiatedMs, mastercardMs, otherMs) / 2);
}
