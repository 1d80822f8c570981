/** What the hosted page offers: all that the terminal has activated, or what the request's mode and brand leave of it. */
import { type BankMethod, supports } from '../../core/instrument/bank.ts';
import type { CardBrand } from '../../core/instrument/card.ts';
import type { Channel } from '../../core/merchant/channel.ts';
import type { CheckoutOrder, CheckoutTerms } from '../../core/payment/checkout-terms.ts';
import { parameterProblem } from './problem.ts';
import { bankMethodOf, cardBrandOf, isBankMode, isCardMode } from './read.ts';
import type { Parameters } from './wire.ts';

/** Throws for modes and brands that the page could not offer. */
export function readOffer(parameters: Parameters, channel: Channel): Pick<CheckoutTerms, 'brands' | 'methods'> {
  const { paymentMode: mode, paymentBrand: name } = parameters;
  if (mode !== undefined && isBankMode(mode)) {
    if (parameters.paymentType?.toUpperCase() === 'PA') throw parameterProblem('20005', 'paymentType', 'must be DB with this paymentMode');
    return { brands: [], methods: [bankMethod(name, channel)] };
  }
  if (mode !== undefined && !isCardMode(mode)) throw parameterProblem('20005', 'paymentMode', 'is not enabled; CC, DC and NB are');
  if (name !== undefined) return { brands: [cardBrand(name, channel)], methods: [] };
  return mode === undefined ? { brands: [] } : { brands: [], methods: [] };
}

function bankMethod(name: string | undefined, { bankMethods = [] }: Channel): BankMethod {
  const method = bankMethodOf(name ?? '');
  if (!supports(method, 'debit') || !bankMethods.includes(method))
    throw parameterProblem('20005', 'paymentBrand', 'is no method of a bank that this terminal has activated for its page');
  return method;
}

function cardBrand(name: string, { brands }: Channel): CardBrand {
  const brand = cardBrandOf(name);
  if (brand === undefined || brands?.includes(brand) === false)
    throw parameterProblem('20005', 'paymentBrand', 'is no brand of cards that is enabled');
  return brand;
}

/** Whether the customer of the page authenticates: as far as the card can, unless the request says otherwise. */
export function readAuthentication({ attemptThreeD }: Parameters): Pick<CheckoutOrder, 'authenticates'> {
  switch (attemptThreeD?.toLowerCase()) {
    case 'direct':
      return { authenticates: 'never' };
    case 'only3d':
      return { authenticates: 'always' };
    default:
      return {};
  }
}
