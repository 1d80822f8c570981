/** Transfers over HTTP: the bank's API for gateways under `/bank/transfers`, and what the control API can do with those that the bank has not decided. */

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Bank } from './bank.ts';
import { isWebAddress, unknownIn } from './bodies.ts';
import { hashOfAccount, REFUSAL_REASONS, reportOfTransfer, type Transfer, type TransferOrder } from './transfers.ts';

type Json = Readonly<Record<string, unknown>>;

/** Lets in who knows the secret, and loses what is to be lost. */
export type Serve = (
  request: FastifyRequest,
  reply: FastifyReply,
  act: () => Promise<{ readonly status: number; readonly body: object }>,
) => Promise<FastifyReply>;

interface Parts {
  readonly bank: Bank;
  readonly serve: Serve;
  readonly jsonOf: (body: unknown) => Json;
}

type ByReference = { readonly Params: { readonly reference: string } };

export function transferRoutes(app: FastifyInstance, { bank, serve, jsonOf }: Parts): void {
  app.post('/bank/transfers', (request, reply) =>
    serve(request, reply, async () => {
      const order = readTransfer(jsonOf(request.body));
      if ('error' in order) return { status: 400, body: order };
      const transfer = await bank.transfer(order);
      if (transfer === 'conflict') return { status: 409, body: { error: 'the reference belongs to another transfer' } };
      return { status: 200, body: reportOfTransfer(transfer) };
    }),
  );
  app.get<ByReference>('/bank/transfers/:reference', (request, reply) =>
    serve(request, reply, async () => {
      await bank.settled();
      const transfer = bank.transfers.find(request.params.reference);
      if (transfer === undefined) return { status: 404, body: { error: 'no transfer has this reference' } };
      return { status: 200, body: reportOfTransfer(transfer) };
    }),
  );
  app.post<ByReference>('/bank/transfers/:reference/cancel', (request, reply) =>
    serve(request, reply, async () => {
      const { reference } = request.params;
      const transfer = await bank.cancelTransfer(reference);
      return { status: 200, body: transfer === undefined ? { reference, state: 'canceled' } : reportOfTransfer(transfer) };
    }),
  );
  app.post('/bank/transfer-totals', (request, reply) =>
    serve(request, reply, async () => {
      const { currency, cutOffAt } = jsonOf(request.body);
      const cutOffAtMs = typeof cutOffAt === 'string' ? Date.parse(cutOffAt) : Number.NaN;
      if (typeof currency !== 'string' || currency === '')
        return { status: 400, body: { error: 'expected a currency', field: 'currency' } };
      if (Number.isNaN(cutOffAtMs)) return { status: 400, body: { error: 'expected the time of the cut-off', field: 'cutOffAt' } };
      return { status: 200, body: await bank.countTransfers({ currency, cutOffAtMs }) };
    }),
  );
}

/** Of transfers that are open. */
export function transferControl(app: FastifyInstance, bank: Bank): void {
  app.post('/control/transfers', async (request, reply) => {
    const problem = unknownIn(request.body, ['reference', 'act', 'reason']);
    if (problem !== undefined) return reply.code(400).send(problem);
    const { reference, act, reason } = request.body as Json;
    if (typeof reference !== 'string') return reply.code(400).send({ error: 'expected the reference of a transfer', field: 'reference' });
    const transfer = bank.transfers.find(reference);
    if (transfer === undefined)
      return reply.code(404).send({ error: 'no transfer has this reference; GET /control/books lists them', field: 'reference' });
    if (act !== 'pay' && act !== 'refuse') return reply.code(400).send({ error: 'expected pay or refuse', field: 'act' });
    const known = REFUSAL_REASONS.find((one) => one === reason);
    if (reason !== undefined && known === undefined)
      return reply.code(400).send({ error: `expected one of ${REFUSAL_REASONS.join(', ')}`, field: 'reason' });
    if (transfer.state !== 'open') return reply.code(409).send({ error: `the transfer is ${transfer.state}` });
    const why = act === 'refuse' && known !== undefined ? { reason: known } : {};
    await bank.endTransfer(transfer.order.reference, { state: act === 'pay' ? 'paid' : 'refused', ...why });
    return reply.code(201).send(transferView(bank.transfers.find(transfer.order.reference) ?? transfer));
  });
}

/** A transfer as the control API shows it; the amount in minor units, of the account its end. */
export function transferView({ order, bankReference, state, reason, version, acknowledged }: Transfer): Json {
  const { reference, amount, currency, debtor, holder, last4, purpose } = order;
  return {
    ...{ reference, bankReference, state, reason, amount, currency, debtor, holder, last4, purpose },
    isTold: acknowledged >= version,
  };
}

const TEXTS = ['reference', 'currency', 'debtor', 'holder', 'account', 'purpose', 'notificationUrl'] as const;

function readTransfer(body: Json): TransferOrder | { readonly error: string; readonly field: string } {
  const { amount, orderedAt } = body;
  const wrong = TEXTS.find((name) => typeof body[name] !== 'string' || body[name] === '');
  if (wrong !== undefined) return { error: 'expected some text', field: wrong };
  if (!isWebAddress(body.notificationUrl)) return { error: 'expected a URL, with http or https', field: 'notificationUrl' };
  if (typeof amount !== 'number' || !Number.isSafeInteger(amount) || amount <= 0) return { error: 'expected minor units', field: 'amount' };
  const orderedAtMs = typeof orderedAt === 'string' ? Date.parse(orderedAt) : Number.NaN;
  if (Number.isNaN(orderedAtMs)) return { error: 'expected a time', field: 'orderedAt' };
  const text = (name: (typeof TEXTS)[number]): string => String(body[name]);
  const account = text('account');
  return {
    ...{ reference: text('reference'), currency: text('currency'), debtor: text('debtor'), holder: text('holder'), amount, orderedAtMs },
    ...{ accountHash: hashOfAccount(account), last4: account.slice(-4), purpose: text('purpose') },
    notificationUrl: text('notificationUrl'),
  };
}
