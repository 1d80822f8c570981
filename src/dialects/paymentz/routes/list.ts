/** `/getTransactionList`: payments of a member, oldest first, with what has moved of them. */

import type { Channel } from '../../../core/merchant/channel.ts';
import { firstKinds, type OperationNode } from '../../../core/payment/operation.ts';
import { type OperationSearch, searchedAtMost } from '../../../core/payment/search.ts';
import type { DialectContext } from '../../dialect.ts';
import { send } from '../answer.ts';
import { dialect, requireChecksum, terminalOf } from '../auth.ts';
import { formulas } from '../checksum.ts';
import type { Handler } from '../handler.ts';
import { Problem, parameterProblem } from '../problem.ts';
import { readDay } from '../read.ts';
import { type Request, readRequest } from '../request.ts';
import { resultOf } from '../result-codes.ts';
import { longStatuses, statusOfPayment } from '../states.ts';
import type { Parameters } from '../wire.ts';
import { writeListed, writeResult } from '../write.ts';

const recordsByDefault = 100;
const readAtOnce = 1_000;
const dayMs = 86_400_000;

interface Listed {
  readonly channel: Channel;
  /** Of one payment, the first one first. */
  readonly operations: readonly OperationNode[];
}

export const listTransactions: Handler = async (context, request, reply, endpoint) => {
  const read = await readRequest(context, request, endpoint);
  const { caller, parameters, nowMs } = read;
  requireChecksum(caller, parameters, formulas.list());
  const { status, 'pagination.pageno': page = '1', 'pagination.records': records = String(recordsByDefault) } = parameters;
  if (status !== undefined && !longStatuses.some((known) => known === status)) {
    throw parameterProblem('20002', 'status', `must be one of ${longStatuses.join(', ')}`);
  }
  const limit = Number(records);
  const offset = (Number(page) - 1) * limit;
  const channels = await channelsOf(context, read);
  const [only] = channels;
  // One terminal and any status: the page is cut by the database. Else all are read, in pages, and the page is cut here.
  const listed =
    channels.length === 1 && only !== undefined && status === undefined
      ? await readPage(context, only, parameters, { offset, limit })
      : (await readAll(context, channels, parameters))
          .filter(({ operations }) => status === undefined || statusOfPayment(operations) === status)
          .slice(offset, offset + limit);
  if (listed.length === 0) throw new Problem('10026');
  const transaction = listed.map(({ operations, channel }) => writeListed(operations, channel));
  return send(request, reply, { ...writeResult(resultOf('00026'), nowMs), transaction });
};

async function channelsOf(context: DialectContext, { caller, parameters }: Request): Promise<readonly Channel[]> {
  if (parameters['authentication.terminalId'] !== undefined) return [await terminalOf(context, caller, parameters)];
  return context.directory.channelsOf({ dialect, merchantId: caller.merchantId });
}

async function readAll(context: DialectContext, channels: readonly Channel[], parameters: Parameters): Promise<Listed[]> {
  const found: Listed[] = [];
  for (const channel of channels) {
    for (let offset = 0; ; offset += readAtOnce) {
      const page = await readPage(context, channel, parameters, { offset, limit: readAtOnce });
      found.push(...page);
      if (page.length < readAtOnce) break;
    }
  }
  return found.sort((a, b) => (a.operations[0]?.createdAtMs ?? 0) - (b.operations[0]?.createdAtMs ?? 0));
}

async function readPage(
  { engine }: DialectContext,
  channel: Channel,
  parameters: Parameters,
  { offset, limit }: Pick<OperationSearch, 'offset' | 'limit'>,
): Promise<readonly Listed[]> {
  const { merchantId, channelId } = channel;
  const from = readDay(parameters, 'pagination.fromdate');
  const to = readDay(parameters, 'pagination.todate');
  if (from !== undefined && to !== undefined && to < from)
    throw parameterProblem('20002', 'pagination.todate', 'is before pagination.fromdate');
  const { operations, total } = await engine.store.search({
    ...{ merchantId, channelId, kinds: firstKinds, linked: true, offset, limit },
    ...(from === undefined ? {} : { createdFromMs: from }),
    ...(to === undefined ? {} : { createdToMs: to + dayMs - 1 }),
  });
  if (total > searchedAtMost) {
    throw parameterProblem('20002', 'pagination.fromdate', `more than ${searchedAtMost} payments match: name fewer days`);
  }
  const payments = Map.groupBy(operations, ({ paymentId }) => paymentId);
  return [...payments.values()].map((ofPayment) => ({ channel, operations: ofPayment }));
}
