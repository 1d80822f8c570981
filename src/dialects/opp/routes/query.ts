/** `/v1/query` and `/v3/query`: transactions by id, by the merchant's reference, and by time; they do not expire. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Channel } from '../../../core/merchant/channel.ts';
import type { OperationView } from '../../../core/payment/operation.ts';
import { type OperationSearch, searchedAtMost } from '../../../core/payment/search.ts';
import type { DialectContext } from '../../dialect.ts';
import { answerRead, envelope, readBack, send } from '../answer.ts';
import { methodOf } from '../brands.ts';
import { findOwn } from '../find.ts';
import { checkerOf } from '../parameters.ts';
import { Problem, parameterProblem } from '../problem.ts';
import { readQuery } from '../request.ts';
import { resultOf } from '../result-codes.ts';
import { readSearch } from '../search.ts';
import { countRequest } from '../throttle.ts';
import { queryByIdParameters, queryByReferenceParameters, searchParameters } from '../wire.ts';
import { writeResult, writeTree } from '../write.ts';

const checkById = checkerOf(queryByIdParameters);
const checkByReference = checkerOf(queryByReferenceParameters);
const checkSearch = checkerOf(searchParameters);

/** What the first version of the list holds at most; it has no pages. */
const listedAtMost = 100;

/** The same transaction in both versions; the lists of linked ones have different names. */
const listNames = { v1: 'payments', v3: 'records' } as const;

type Version = keyof typeof listNames;

export function registerQuery(app: FastifyInstance, context: DialectContext): void {
  for (const version of ['v1', 'v3'] as const) {
    app.get<{ Params: { id: string } }>(`/${version}/query/:id`, async (request, reply) => {
      const { channel, parameters } = await readQuery(context, request, checkById);
      countRequest(context, channel, { counter: 'query by id', subject: request.params.id, reply });
      const operation = await findOwn(context, channel, request.params.id);
      if (operation === undefined) throw new Problem('700.400.580', { status: 404 });
      const linked = parameters.includeLinkedTransactions === 'true';
      const more = linked ? await readTree(context, channel, operation, version) : aloneIn(context, channel, operation, version);
      return answerRead(context, channel, reply, operation, more);
    });
  }

  app.get('/v1/query', async (request, reply) => {
    const { channel, parameters } = await readQuery(context, request, checkByReference);
    const { merchantTransactionId } = parameters;
    if (merchantTransactionId === undefined) throw parameterProblem('merchantTransactionId', undefined, 'may not be empty');
    countRequest(context, channel, { counter: 'query', subject: merchantTransactionId, reply });
    const search = { ...readSearch(channel, parameters), limit: listedAtMost };
    return answerSearch(context, channel, reply, search, 'v1');
  });

  app.get('/v3/query', async (request, reply) => {
    const { channel, parameters } = await readQuery(context, request, checkSearch);
    countRequest(context, channel, { counter: 'query', subject: parameters.merchantTransactionId ?? '', reply });
    return answerSearch(context, channel, reply, readSearch(channel, parameters), 'v3');
  });
}

async function answerSearch(
  context: DialectContext,
  channel: Channel,
  reply: FastifyReply,
  search: OperationSearch,
  version: Version,
): Promise<FastifyReply> {
  const { operations, total } = await context.engine.store.search(search);
  if (total > searchedAtMost) {
    throw parameterProblem(
      'date.from',
      undefined,
      `more than ${searchedAtMost} transactions match: narrow the span from date.from to date.to`,
    );
  }
  // Beyond the last page nothing is read, not even how many there are.
  if (operations.length === 0) throw new Problem('700.400.580', { status: 404 });
  const list = operations.map((operation) => listed(context, channel, operation, version));
  const pages = version === 'v1' ? {} : { pages: String(Math.ceil(total / search.limit)) };
  return send(reply, 200, {
    ...writeResult(resultOf('000.000.100'), []),
    ...envelope(context, channel.wireId),
    [listNames[version]]: list,
    ...pages,
  });
}

/** The whole payment: its amounts, and all its transactions, oldest first. */
async function readTree(context: DialectContext, channel: Channel, { merchantId, operationId }: OperationView, version: Version) {
  const tree = await context.engine.store.findTree({ merchantId, operationId });
  if (tree === undefined) throw new Error(`operation ${operationId} has no payment`);
  return {
    transactionTree: writeTree(tree),
    [listNames[version]]: tree.operations.map((operation) => listed(context, channel, operation, version)),
    ...(version === 'v1' ? {} : { pages: '1' }),
  };
}

/** The newer version says more of where a transaction comes from. */
function listed(context: DialectContext, channel: Channel, operation: OperationView, version: Version): object {
  const more = version === 'v1' ? {} : { source: 'OPP', paymentMethod: methodOf(operation), channelName: channel.name };
  return { ...readBack(context, channel, operation), ...more };
}

/** The newer version has a list also of one. */
function aloneIn(context: DialectContext, channel: Channel, operation: OperationView, version: Version): object {
  return version === 'v1' ? {} : { [listNames[version]]: [listed(context, channel, operation, version)], pages: '1' };
}
