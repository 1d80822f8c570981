/** `/api/v1/payment_methods/`: what a purchase of a brand may be paid with. */
import type { FastifyInstance } from 'fastify';
import { currencyOf } from '../../../core/money/currency.ts';
import type { DialectContext } from '../../dialect.ts';
import { send } from '../answer.ts';
import { labelOf, methodNames } from '../methods.ts';
import { fieldProblem, Problem } from '../problem.ts';
import { both, merchantOf, queryOf } from '../request.ts';

export function registerLookups(app: FastifyInstance, context: DialectContext): void {
  both(app, 'get', '/api/v1/payment_methods/', async (request, reply) => {
    const merchantId = await merchantOf(context, request);
    const { brand_id: brandId, currency } = queryOf(request);
    const missing = Object.entries({ brand_id: brandId, currency }).filter(([, value]) => value === undefined);
    if (missing.length > 0) {
      throw new Problem(
        400,
        Object.fromEntries(missing.map(([name]) => [name, [{ code: 'required', message: 'This field is required.' }]])),
      );
    }
    const channel =
      brandId === undefined ? undefined : await context.directory.channel({ dialect: 'qorepay', wireId: brandId.toLowerCase() });
    if (channel === undefined || channel.merchantId !== merchantId)
      throw fieldProblem('brand_id', 'does_not_exist', 'There is no such brand.');
    if (currencyOf(currency ?? '') === undefined) throw fieldProblem('currency', 'invalid_choice', 'This is not a valid currency.');
    const isUsable = channel.currencies === undefined || channel.currencies.includes(currency ?? '');
    const available = isUsable ? methodNames : [];
    return send(reply, 200, {
      available_payment_methods: available,
      by_country: { any: available.length === 0 ? [] : ['card'] },
      country_names: { any: 'Other' },
      names: Object.fromEntries([...available, 'card'].map((name) => [name, labelOf(name)])),
      logos: Object.fromEntries(available.map((name) => [name, ''])),
      card_methods: available,
    });
  });
}
