/** Filters of money reports, as they stand in a query: a name that is repeated means that any of its values may fit. */
import type { FastifyRequest } from 'fastify';
import type { BookedState, BooksFilter } from '../../core/ledger/merchant-books.ts';
import { currencyOf } from '../../core/money/currency.ts';
import { fieldsOf } from './fields.ts';
import { isUuid } from './ids.ts';
import { methodsCalled } from './methods.ts';
import { type FieldErrors, Problem } from './problem.ts';

type Wanted = Omit<BooksFilter, 'merchantId' | 'dialect'>;
type Errors = { [name: string]: FieldErrors[string] };

const states: Readonly<Record<string, readonly BookedState[]>> = {
  paid: ['paid'],
  refunded: ['refunded'],
  chargeback: ['charged_back'],
  success: ['sent'],
};

const products = ['purchases', 'billing_invoices', 'billing_subscriptions', 'billing_subscriptions_invoice'];

/** All values of a name. */
function valuesOf(request: FastifyRequest, name: string): readonly string[] {
  const value = (request.query as Readonly<Record<string, unknown>>)[name];
  return [value].flat().filter((one): one is string => typeof one === 'string' && one !== '');
}

export interface Limits {
  /** How many currencies there must be; absent: as many as one likes. */
  readonly oneCurrency?: true;
  /** The name of the filter by brand. */
  readonly brand: 'brand' | 'brand_id';
  /** What `from` and `to` are of: when money came, or when its purchase was made. */
  readonly from: 'booked' | 'ordered';
}

/** What a report is to be of; throws a {@link Problem} that names every filter at fault. What this gateway does not know of payments cannot be asked for. */
export function readBooksFilter(request: FastifyRequest, { oneCurrency, brand, from }: Limits): Wanted {
  const errors: Errors = {};
  const fail = (name: string, code: string, message: string): undefined => {
    errors[name] ??= [{ code, message }];
    return undefined;
  };
  for (const name of Object.keys(request.query as object))
    if (valuesOf(request, name).some((value) => value.includes('\0'))) fail(name, 'invalid', 'Null characters are not allowed.');
  const currencies = valuesOf(request, 'currency');
  if (oneCurrency === true && currencies.length !== 1) {
    fail('currency', currencies.length === 0 ? 'required' : 'invalid', 'Exactly one currency is needed.');
  }
  if (currencies.some((code) => currencyOf(code) === undefined)) fail('currency', 'invalid_choice', 'This is not a valid currency.');
  const wireIds = valuesOf(request, brand).map((id) => id.toLowerCase());
  if (!wireIds.every(isUuid)) fail(brand, 'invalid', 'This is not a valid UUID.');
  for (const name of ['terminal_uid', 'country'])
    if (valuesOf(request, name).length > 0) fail(name, 'invalid', 'Payments cannot be told apart by this.');
  const chosen = valuesOf(request, 'product');
  if (!chosen.every((name) => products.includes(name))) fail('product', 'invalid_choice', `Items must be of: ${products.join(', ')}.`);
  const statuses = valuesOf(request, 'status');
  if (!statuses.every((name) => Object.hasOwn(states, name)))
    fail('status', 'invalid_choice', `Items must be of: ${Object.keys(states).join(', ')}.`);
  const [tokenized] = valuesOf(request, 'tokenized');
  if (tokenized !== undefined && !/^(?:true|false)$/.test(tokenized)) fail('tokenized', 'invalid', 'Must be a valid boolean.');
  const time = (name: string): number | undefined => {
    const fields = fieldsOf({ value: valuesOf(request, name)[0] });
    const seconds = fields.integer('value', { min: 0, max: 253_402_300_799, standard: undefined });
    const [problem] = (fields.errors.value ?? []) as readonly { code: string; message: string }[];
    if (problem !== undefined) fail(name, problem.code, problem.message);
    return seconds === undefined ? undefined : seconds * 1_000;
  };
  const times = {
    ...span(from === 'ordered' ? 'ordered' : 'booked', time('from'), time('to')),
    ...(from === 'ordered' ? span('booked', time('paid_from'), time('paid_to')) : {}),
    ...(from === 'ordered' ? span('changed', time('updated_from'), time('updated_to')) : {}),
  };
  const [text] = valuesOf(request, 'q');
  if (Object.keys(errors).length > 0) throw new Problem(400, errors);
  const [methods, flows] = [valuesOf(request, 'payment_method'), valuesOf(request, 'flow')];
  return {
    ...times,
    ...(currencies.length === 0 ? {} : { currencies }),
    ...(wireIds.length === 0 ? {} : { wireIds }),
    ...(methods.length === 0 ? {} : { methods: methodsCalled(methods) }),
    // Orders of the hosted page have none.
    ...(flows.length === 0 ? {} : { flows: flows.map((flow) => (flow === 'payform' ? '' : flow)) }),
    ...(tokenized === undefined ? {} : { tokenized: tokenized === 'true' }),
    ...(chosen.length === 0 ? {} : { products: chosen.flatMap((name) => (name === products[0] ? [name, ''] : [name])) }),
    ...(statuses.length === 0 ? {} : { states: statuses.flatMap((name) => states[name] ?? []) }),
    ...(text === undefined ? {} : { text: text.slice(0, 200) }),
  };
}

/** Both ends, the last second included. */
function span(what: 'ordered' | 'booked' | 'changed', fromMs: number | undefined, toMs: number | undefined): Partial<Wanted> {
  return {
    ...(fromMs === undefined ? {} : { [`${what}FromMs`]: fromMs }),
    ...(toMs === undefined ? {} : { [`${what}ToMs`]: toMs + 1_000 }),
  };
}
