/** `/api/v1/payment_methods/` and `/api/v1/payout_methods/`: what a purchase of a brand may be paid with, and where its payouts may go. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { currencyOf } from '../../../core/money/currency.ts';
import type { DialectContext } from '../../dialect.ts';
import { send } from '../answer.ts';
import { labelOf, methodNames } from '../methods.ts';
import { fieldProblem, Problem } from '../problem.ts';
import { both, merchantOf, queryOf } from '../request.ts';

export function registerLookups(app: FastifyInstance, context: DialectContext): void {
  both(app, 'get', '/api/v1/payment_methods/', async (request, reply) => {
    const available = await methodsFor(context, request);
    return send(reply, 200, {
      available_payment_methods: available,
      by_country: { any: available.length === 0 ? [] : ['card'] },
      country_names: { any: 'Other' },
      ...shown(available),
    });
  });
  both(app, 'get', '/api/v1/payout_methods/', async (request, reply) => {
    const available = await methodsFor(context, request);
    return send(reply, 200, { available_payout_methods: available, ...shown(available) });
  });
}

/** Of the brand and currency in the query; throws 400 for what is not there. */
async function methodsFor(context: DialectContext, request: FastifyRequest): Promise<readonly string[]> {
  const merchantId = await merchantOf(context, request);
  const { brand_id: brandId, currency } = queryOf(request);
  const missing = Object.entries({ brand_id: brandId, currency }).filter(([, value]) => value === undefined);
  if (brandId === undefined || currency === undefined) {
    throw new Problem(400, Object.fromEntries(missing.map(([name]) => [name, [{ code: 'required', message: 'This field is required.' }]])));
  }
  const channel = await context.directory.channel({ dialect: 'qorepay', wireId: brandId.toLowerCase() });
  if (channel === undefined || channel.merchantId !== merchantId)
    throw fieldProblem('brand_id', 'does_not_exist', 'There is no such brand.');
  if (currencyOf(currency) === undefined) throw fieldProblem('currency', 'invalid_choice', 'This is not a valid currency.');
  return channel.currencies === undefined || channel.currencies.includes(currency) ? methodNames : [];
}

function shown(available: readonly string[]): object {
  return {
    names: Object.fromEntries([...available, 'card'].map((name) => [name, labelOf(name)])),
    logos: Object.fromEntries(available.map((name) => [name, ''])),
    card_methods: available,
  };
}
