/** `/api/v1/payment_methods/`: what a purchase of a brand may be paid with. */
import type { FastifyInstance } from 'fastify';
import type { Channel } from '../../../core/merchant/channel.ts';
import { currencyOf } from '../../../core/money/currency.ts';
import type { DialectContext } from '../../dialect.ts';
import { send } from '../answer.ts';
import { bankTransfer, cardMethods, labelOf, methodOf } from '../methods.ts';
import { fieldProblem, Problem } from '../problem.ts';
import { both, merchantOf, queryOf } from '../request.ts';

export function registerLookups(app: FastifyInstance, context: DialectContext): void {
  both(app, 'get', '/api/v1/payment_methods/', async (request, reply) => {
    const merchantId = await merchantOf(context, request);
    const { brand_id: brandId, currency, recurring, skip_capture: holds, preauthorization } = queryOf(request);
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
    const cards = isUsable ? cardMethodsOf(channel) : [];
    // A bank holds nothing, and nothing is paid by it again later.
    const needsCard = [recurring, holds, preauthorization].includes('true');
    const banks = isUsable && !needsCard && channel.bankMethods?.includes('prepayment') === true ? [bankTransfer] : [];
    const available = [...cards, ...banks];
    return send(reply, 200, {
      available_payment_methods: available,
      by_country: { any: [...(cards.length === 0 ? [] : ['card']), ...banks] },
      country_names: { any: 'Other' },
      names: Object.fromEntries([...available, 'card'].map((name) => [name, labelOf(name)])),
      logos: Object.fromEntries(available.map((name) => [name, ''])),
      card_methods: cards,
    });
  });
}

/** What the brand has activated. */
function cardMethodsOf({ brands }: Channel): readonly string[] {
  return brands === undefined ? cardMethods : cardMethods.filter((name) => brands.some((brand) => methodOf(brand) === name));
}
