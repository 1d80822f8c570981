/** Merchants and acquirer accounts: what has to be there before anybody can be paid. */
import { Type } from 'typebox';
import { changes, fields, flag, inQuery, means, name, optional, text, time, uuid, whole, withoutCard } from './forms.ts';
import { readOne } from './one.ts';
import type { ConsoleParts } from './parts.ts';
import { act, type ConsoleRoute, list } from './route.ts';

const merchant = fields({
  merchant_id: uuid,
  routing_number: means(whole, 'Carried inside ids that appear without their merchant.'),
  name: text,
  enabled: means(flag, 'False: none of its channels works.'),
  created_at: time,
});

const path = fields({ merchant_id: uuid });
const group = 'Merchants';

export function merchantRoutes({ store }: ConsoleParts): readonly ConsoleRoute[] {
  const read = (merchant_id: string) => readOne(store, { list: 'merchants', filters: { merchant_id }, noun: 'merchant' });
  return [
    list({
      ...{ name: 'listMerchants', group, at: '/merchants', summary: 'Lists merchants, by routing number.' },
      query: optional({ name: means(inQuery.text, 'A part of the name.'), enabled: inQuery.flag }),
      ...{ list: 'merchants', item: merchant, store },
    }),
    act({
      ...{ name: 'createMerchant', group, method: 'post', at: '/merchants', role: 'admin', summary: 'Adds a merchant.' },
      body: fields({
        name,
        routing_number: Type.Optional(
          means(
            Type.Integer({ minimum: 1, maximum: 1_679_615, 'x-expected': 'a whole number from 1 to 1679615' }),
            'The next free one when not given.',
          ),
        ),
      }),
      sample: { name: 'Corner Shop' },
      ...{ status: 201, answer: merchant, problems: ['conflict'] },
      async handle({ body, actor }) {
        const { routing_number: routingNumber } = body;
        const made = await store.createMerchant({ actor, name: body.name, ...(routingNumber === undefined ? {} : { routingNumber }) });
        return read(made.merchantId);
      },
    }),
    act({
      ...{ name: 'readMerchant', group, method: 'get', at: '/merchants/:merchant_id', role: 'viewer', summary: 'Reads a merchant.' },
      ...{ path, answer: merchant, problems: ['not_found'] },
      handle: ({ path: { merchant_id } }) => read(merchant_id),
    }),
    act({
      ...{ name: 'changeMerchant', group, method: 'patch', at: '/merchants/:merchant_id', role: 'admin', summary: 'Changes a merchant.' },
      ...{ path, body: changes({ name, enabled: flag }), sample: { enabled: true }, answer: merchant, problems: ['not_found'] },
      async handle({ path: { merchant_id: merchantId }, body, actor }) {
        await store.changeMerchant({ actor, merchantId, ...body });
        return read(merchantId);
      },
    }),
  ];
}

/** Sizes: DE41 and DE42 of ISO 8583:1987; a terminal is padded on the right, so it cannot end in a space. */
const account = fields({
  account_id: text,
  adapter: means(text, 'The protocol of the link.'),
  merchant_identifier: means(text, "The acquirer's number of the merchant (MID)."),
  category_code: means(text, 'What the merchant sells (MCC).'),
  terminals: Type.Array(text),
});

const textOf = (source: string, expected: string) => Type.String({ pattern: source, 'x-expected': expected });

export function accountRoutes({ store }: ConsoleParts): readonly ConsoleRoute[] {
  return [
    list({
      ...{ name: 'listAccounts', group: 'Acquirer accounts', at: '/accounts', summary: 'Lists acquirer accounts.' },
      ...{ list: 'accounts', item: account, store },
    }),
    act({
      ...{ name: 'createAccount', group: 'Acquirer accounts', method: 'post', at: '/accounts', role: 'admin' },
      summary: 'Adds an acquirer account: MID, terminals, MCC.',
      body: fields({
        account_id: withoutCard(textOf('^[a-z0-9][a-z0-9-]{0,62}$', 'lower-case letters, digits and hyphens, and no card number')),
        merchant_identifier: textOf('^[A-Za-z0-9]{1,15}$', '1 to 15 letters or digits'),
        category_code: textOf('^\\d{4}$', 'four digits'),
        terminals: Type.Array(textOf('^[A-Za-z0-9]{1,8}$', '1 to 8 letters or digits'), {
          minItems: 1,
          maxItems: 1_000,
          uniqueItems: true,
        }),
      }),
      sample: { account_id: 'acme', merchant_identifier: 'ACME00000000001', category_code: '5812', terminals: ['ACME0001'] },
      ...{ status: 201, answer: account, problems: ['conflict'] },
      async handle({ body, actor }) {
        const { account_id: accountId, merchant_identifier: merchantIdentifier, category_code: categoryCode, terminals } = body;
        await store.createAccount({ actor, accountId, adapter: 'iso8583', merchantIdentifier, categoryCode, terminals });
        return readOne(store, { list: 'accounts', filters: { account_id: accountId }, noun: 'acquirer account' });
      },
    }),
  ];
}
