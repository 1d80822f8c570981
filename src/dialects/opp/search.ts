/** The filters of a query, read into a search. */
import type { Channel } from '../../core/merchant/channel.ts';
import type { OperationSearch } from '../../core/payment/search.ts';
import { paidWithOf } from './brands.ts';
import { parameterProblem } from './problem.ts';
import type { Parameters } from './wire.ts';
import { kindsOfType } from './write.ts';

const limitByDefault = 100;

/** Throws where neither a reference nor a whole span of time is given: the search would be of everything. */
export function readSearch({ merchantId, channelId }: Channel, parameters: Parameters): OperationSearch {
  const { merchantTransactionId, shortId, paymentTypes, paymentMethods, includeLinkedTransactions } = parameters;
  const from = readTime(parameters, 'date.from');
  const to = readTime(parameters, 'date.to');
  if (merchantTransactionId === undefined && (from === undefined || to === undefined)) {
    throw parameterProblem('merchantTransactionId', undefined, 'may not be empty, unless date.from and date.to are given');
  }
  if (from !== undefined && to !== undefined && to < from) throw parameterProblem('date.to', parameters['date.to'], 'is before date.from');
  const kinds = paymentTypes?.split(',').flatMap(kindsOfType);
  const limit = Number(parameters.limit ?? limitByDefault);
  return {
    merchantId,
    channelId,
    limit,
    offset: (Number(parameters.pageNumber ?? 1) - 1) * limit,
    linked: includeLinkedTransactions === 'true',
    ...(merchantTransactionId === undefined ? {} : { merchantReference: merchantTransactionId }),
    ...(from === undefined ? {} : { createdFromMs: from }),
    ...(to === undefined ? {} : { createdToMs: to + 999 }),
    ...(shortId === undefined ? {} : { shortNumber: Number(shortId.replaceAll('.', '')) }),
    ...(kinds === undefined ? {} : { kinds }),
    ...(paymentMethods === undefined ? {} : { paidWith: paymentMethods.split(',').flatMap(paidWithOf) }),
  };
}

/** `yyyy-MM-dd HH:mm:ss`, UTC, to epoch ms. */
function readTime(parameters: Parameters, name: 'date.from' | 'date.to'): number | undefined {
  const text = parameters[name];
  if (text === undefined) return undefined;
  return parseTime(text) ?? refuseTime(name, text);
}

function refuseTime(name: string, text: string): never {
  throw parameterProblem(name, text, 'is no date and time, as in 2034-12-31 23:59:59');
}

/** `yyyy-MM-dd HH:mm:ss`, UTC, to epoch ms; undefined for what the calendar or the clock does not have. */
export function parseTime(text: string): number | undefined {
  const iso = text.replace(' ', 'T');
  const time = new Date(`${iso}Z`);
  return Number.isNaN(time.getTime()) || time.toISOString().slice(0, 19) !== iso ? undefined : time.getTime();
}
