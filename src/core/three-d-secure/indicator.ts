/** What an electronic commerce indicator says of the loss of a fraud: the scheme's own word, whatever letter the authentication ended with. */
import type { CardBrand } from '../instrument/card.ts';

/** Authenticated, or tried to. */
const likeVisa = ['05', '06'];
const likeMastercard = ['02', '01'];
/** Mastercard's for later payments of an agreement whose first one was authenticated. */
const laterPayment = '07';

/** Whether the issuer bears the loss by it. `isLater`: of a payment that the merchant starts under an agreement. */
export function shiftsByIndicator({
  brand,
  eci,
  isLater,
}: {
  readonly brand: CardBrand;
  readonly eci: string;
  readonly isLater: boolean;
}): boolean {
  const indicator = eci.padStart(2, '0');
  if (brand === 'mastercard' || brand === 'maestro') return likeMastercard.includes(indicator) || (isLater && indicator === laterPayment);
  // Of the brands that are not known here, MIR's numbers are Mastercard's.
  return likeVisa.includes(indicator) || (brand === 'unknown' && likeMastercard.includes(indicator));
}
