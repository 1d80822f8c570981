/** `/api/v1/payment_methods/` and `/api/v1/payout_methods/`: what a purchase of a brand may be paid with, and where its payouts may go. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { accountTransfers } from '../../../core/instrument/bank.ts';
import type { Channel } from '../../../core/merchant/channel.ts';
import { currencyOf } from '../../../core/money/currency.ts';
import type { DialectContext } from '../../dialect.ts';
import { send } from '../answer.ts';
import { accountPayouts, bankTransfer, cardMethods, labelOf, methodOf } from '../methods.ts';
import { fieldProblem } from '../problem.ts';
import { both, brandOf, merchantOf, queryOf, requiredIn } from '../request.ts';

export function registerLookups(app: FastifyInstance, context: DialectContext): void {
  both(app, 'get', '/api/v1/payment_methods/', async (request, reply) => {
    const { cards, ofBanks } = await methodsFor(context, request);
    const { recurring, skip_capture: holds, preauthorization } = queryOf(request);
    // A bank holds nothing, and nothing is paid by it again later.
    const banks = ofBanks.includes('prepayment') && ![recurring, holds, preauthorization].includes('true') ? [bankTransfer] : [];
    const available = [...cards, ...banks];
    return send(reply, 200, {
      available_payment_methods: available,
      by_country: { any: [...(cards.length === 0 ? [] : ['card']), ...banks] },
      country_names: { any: 'Other' },
      ...shown(available, cards),
    });
  });
  both(app, 'get', '/api/v1/payout_methods/', async (request, reply) => {
    const { cards, ofBanks } = await methodsFor(context, request);
    const available = [...cards, ...(ofBanks.includes(accountTransfers) ? [accountPayouts] : [])];
    return send(reply, 200, { available_payout_methods: available, ...shown(available, cards) });
  });
}

interface Methods {
  readonly cards: readonly string[];
  /** By core's names. */
  readonly ofBanks: readonly string[];
}

/** Of the brand and currency in the query; throws 400 for what is not there, or may not be used. */
async function methodsFor(context: DialectContext, request: FastifyRequest): Promise<Methods> {
  const merchantId = await merchantOf(context, request);
  const { brand_id: brandId, currency } = requiredIn(request, ['brand_id', 'currency']);
  const channel = await brandOf(context, merchantId, brandId);
  if (currencyOf(currency) === undefined) throw fieldProblem('currency', 'invalid_choice', 'This is not a valid currency.');
  if (channel.currencies !== undefined && !channel.currencies.includes(currency)) return { cards: [], ofBanks: [] };
  return { cards: cardMethodsOf(channel), ofBanks: channel.bankMethods ?? [] };
}

/** What the brand has activated. */
function cardMethodsOf({ brands }: Channel): readonly string[] {
  return brands === undefined ? cardMethods : cardMethods.filter((name) => brands.some((brand) => methodOf(brand) === name));
}

function shown(available: readonly string[], cards: readonly string[]): object {
  return {
    names: Object.fromEntries([...available, 'card'].map((name) => [name, labelOf(name)])),
    logos: Object.fromEntries(available.map((name) => [name, ''])),
    card_methods: cards,
  };
}
