/** Merchants that hand in PCI DSS documents, each a new one: what they send, what they are told of it, and whether they may pay with card data. */

import { readClock } from './console.ts';
import { createOperator } from './operator.ts';
import { freshName } from './opp.ts';
import { eventually } from './processes.ts';
import { type Json, listIn, order, type TzeroCalls, type TzeroReply } from './tzero.ts';

export interface Shop {
  readonly merchant: string;
  readonly key: string;
  readonly channel: string;
}

export interface Sent {
  readonly type?: string;
  readonly file?: string | undefined;
  readonly valid_from?: string;
  readonly valid_to?: string;
}

export const dayMs = 86_400_000;

export const pdf = (text: string) => `%PDF-1.7\n1 0 obj\n(${text})\nendobj\ntrailer\n%%EOF\n`;

/** They speak tZero. Dates are days of the business clock. */
export function documentShops(stack: TzeroCalls) {
  /** So many days from now. */
  const today = async (days: number) =>
    new Date(Date.parse((await readClock(stack.url)).business_time) + days * dayMs).toISOString().slice(0, 10);

  return {
    today,
    /** A merchant that has handed in nothing yet. */
    async newShop(): Promise<Shop> {
      const operator = createOperator(stack.parts.env);
      const name = freshName('shop');
      const { routingNumber } = await operator.json<{ routingNumber: number }>('merchant', 'create', '--name', name);
      const merchant = String(routingNumber);
      const options = ['--merchant', merchant, '--dialect', 'tzero'];
      const { wireId } = await operator.json<{ wireId: string }>(
        'channel',
        'create',
        ...options,
        '--account',
        'sandbox-plain',
        '--name',
        'Shop',
      );
      const { login } = await operator.json<{ login: Record<string, string> }>('credential', 'create', ...options);
      await stack.parts.database.query('update polygate.channel set policies = $1 where wire_id = $2', [
        JSON.stringify({ returnUrl: 'https://shop.example/back' }),
        wireId,
      ]);
      const key = login['X-Secret-Key'] ?? '';
      await eventually(
        async () => (await stack.send({ method: 'GET', path: '/customer/nobody/payment-method', key })).status === 200,
        'the new key to open',
      );
      return { merchant, key, channel: wireId };
    },
    async handIn({ key }: Shop, { type = 'saq', file = pdf(freshName('text')), ...dates }: Sent = {}): Promise<TzeroReply> {
      const form = new FormData();
      const fields = { type, valid_from: await today(-1), valid_to: await today(300), ...dates };
      for (const [name, value] of Object.entries(fields)) form.set(name, value);
      form.set('file', new Blob([file], { type: 'application/pdf' }), 'evil"; name.html');
      const response = await fetch(`${stack.url}/compliance/document`, { method: 'POST', headers: { 'x-secret-key': key }, body: form });
      const text = await response.text();
      return { status: response.status, headers: {}, text, body: JSON.parse(text) };
    },
    async statusOf({ key }: Shop): Promise<{ readonly compliant: unknown; readonly required: Json }> {
      const { body } = await stack.send({ method: 'GET', path: '/compliance/status', key });
      return {
        compliant: body.compliant,
        required: Object.fromEntries(listIn(body, 'required').map(({ type, status }) => [type, status])),
      };
    },
    pay: ({ key, channel }: Shop, more: Json = {}) => stack.authorise(order({ channel, ...more }), { key }),
  };
}
