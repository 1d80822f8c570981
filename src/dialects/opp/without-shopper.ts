/** What a merchant says of the issuer's part in a payment that the merchant starts: `threeDSecure.deviceChannel`, and the terms of the agreement. */
import type { Channel } from '../../core/merchant/channel.ts';
import type { AuthorizeCommand } from '../../core/payment/authorize-command.ts';
import type { Mode } from '../dialect.ts';
import { Problem } from './problem.ts';
import { readSimulation, readTerms, readWish } from './shopper.ts';
import type { Parameters } from './wire.ts';

/** EMV 3-D Secure's numbers: the shopper's browser, or nobody but the requestor. */
const requestorChannel = '03';

/** Whether the request asks for it, or forbids it. */
function wantsIssuer({ 'threeDSecure.deviceChannel': deviceChannel }: Parameters): { readonly isWanted?: boolean } {
  return deviceChannel === undefined ? {} : { isWanted: deviceChannel === requestorChannel };
}

/** Whether the issuer may have been asked about a payment that the merchant has started; `data`: what is kept of its request. */
export function mayAskIssuer(data: Parameters, { authenticatesWithoutShopper }: Channel): boolean {
  return wantsIssuer(data).isWanted ?? authenticatesWithoutShopper === true;
}

/** Nothing for a payment whose shopper is there; throws a {@link Problem} where such a one says that nobody is. */
export function readWithoutShopper(
  parameters: Parameters,
  { agreement }: Pick<AuthorizeCommand, 'agreement'>,
  mode: Mode,
): Pick<AuthorizeCommand, 'withoutShopper'> {
  const wanted = wantsIssuer(parameters);
  if (agreement?.initiator !== 'merchant') {
    if (wanted.isWanted === true) throw new Problem('600.200.501');
    return {};
  }
  const { 'customer.email': email } = parameters;
  const challengeIndicator = readWish(parameters);
  const simulate = mode === 'sandbox' ? readSimulation(parameters) : undefined;
  return {
    withoutShopper: {
      ...wanted,
      ...readTerms(parameters),
      ...(challengeIndicator === undefined ? {} : { challengeIndicator }),
      ...(email === undefined ? {} : { email }),
      ...(simulate === undefined ? {} : { simulate }),
    },
  };
}
