/** `/v2/{merchantId}/products` and `/productgroups`: what an account can be paid with. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Channel } from '../../../core/merchant/channel.ts';
import { currencyOf } from '../../../core/money/currency.ts';
import { send } from '../answer.ts';
import { invalid, missing, Problem } from '../problem.ts';
import { type CardProduct, isProductElsewhere, type Product, productOf, products } from '../products.ts';
import { channelOf, queryOf } from '../request.ts';
import { writeProduct } from '../write-product.ts';
import type { OfMerchant, OfPayment } from './payments.ts';

/** Asked by shops' servers, and by their pages and apps with a session. */
export function registerProducts(app: FastifyInstance): void {
  for (const root of ['/v2/:merchantId', '/client/v1/:merchantId']) registerUnder(app, root);
}

function registerUnder(app: FastifyInstance, root: string): void {
  app.get<OfMerchant>(`${root}/products`, async (request, reply) => {
    const query = readQuery(request);
    const shown = productsOf(channelOf(request), query).map((product, index) => writeProduct(product, { ...query, index }));
    return send(reply, 200, { paymentProducts: shown });
  });

  app.get<OfPayment>(`${root}/products/:id`, async (request, reply) => {
    const query = readQuery(request);
    return send(reply, 200, writeProduct(findProduct(request, query), { ...query, index: 0 }));
  });

  app.get<OfPayment>(`${root}/products/:id/networks`, async (request, reply) => {
    readQuery(request);
    const id = Number(request.params.id);
    // Networks are of wallets, which are not taken here.
    if (!isProductElsewhere(id) && productOf(id) === undefined) throw unknownProduct(404);
    return send(reply, 200, { networks: [] });
  });

  app.get<OfPayment>(`${root}/products/:id/directory`, async (request, reply) => {
    findProduct(request, readQuery(request));
    // Banks are chosen at the bank's page.
    return send(reply, 200, { entries: [] });
  });

  app.get<OfMerchant>(`${root}/productgroups`, async (request, reply) => {
    readQuery(request);
    return send(reply, 200, { paymentProductGroups: [cards] });
  });

  app.get<OfPayment>(`${root}/productgroups/:id`, async (request, reply) => {
    readQuery(request);
    if (request.params.id !== cards.id) throw new Problem('UNKNOWN_PRODUCT_GROUP_ID', { propertyName: 'paymentProductGroupId' });
    return send(reply, 200, cards);
  });
}

const cards = { id: 'cards', deviceFingerprintEnabled: false, displayHints: { displayOrder: 0, label: 'Cards', logo: '' } };

interface ProductQuery {
  readonly currencyCode: string;
  /** Whether the fields of a form are shown. */
  readonly hidesFields: boolean;
  readonly isRecurring: boolean;
}

function readQuery(request: FastifyRequest): ProductQuery {
  const query = queryOf(request);
  const countryCode = query.get('countryCode');
  const currencyCode = query.get('currencyCode');
  if (countryCode === null) throw missing('countryCode');
  if (currencyCode === null) throw missing('currencyCode');
  if (!/^[A-Za-z]{2}$/.test(countryCode)) throw invalid('countryCode', 'countryCode must be a code of two letters');
  if (currencyOf(currencyCode) === undefined) throw invalid('currencyCode', 'currencyCode is no currency of ISO 4217');
  return { currencyCode, hidesFields: query.getAll('hide').includes('fields'), isRecurring: query.get('isRecurring') === 'true' };
}

/** What the account has activated. */
function productsOf({ currencies, brands, bankMethods = [] }: Channel, { currencyCode, isRecurring }: ProductQuery): readonly Product[] {
  if (currencies !== undefined && !currencies.includes(currencyCode)) return [];
  const hasBrand = (product: CardProduct) => brands === undefined || product.brands.some((brand) => brands.includes(brand));
  return products.filter((product) => (product.kind === 'card' ? hasBrand(product) : !isRecurring && bankMethods.includes(product.method)));
}

function findProduct(request: FastifyRequest<OfPayment>, query: ProductQuery): Product {
  const found = productsOf(channelOf(request), query).find(({ id }) => String(id) === request.params.id);
  if (found === undefined) throw unknownProduct(400);
  return found;
}

function unknownProduct(status: 400 | 404): Problem {
  return new Problem('UNKNOWN_PRODUCT_ID', { status, propertyName: 'paymentProductId', text: 'no such payment product' });
}
