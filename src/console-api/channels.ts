/** Channels: where a merchant's payments enter, what it has activated there, and how its pages look. */
import { Type } from 'typebox';
import { activatableAtBank } from '../core/instrument/bank.ts';
import { cardBrands } from '../core/instrument/card.ts';
import { holdsCardNumber } from '../core/instrument/mask.ts';
import { flows } from '../core/merchant/channel.ts';
import { readLook } from '../core/merchant/look.ts';
import type { ChannelSettings } from '../core/operator/operator-store.ts';
import { changes, codes, fields, flag, inQuery, means, name, nullable, oneOf, optional, text, uuid, withoutCard, words } from './forms.ts';
import { readOne } from './one.ts';
import type { ConsoleDialect, ConsoleParts } from './parts.ts';
import { fieldProblem } from './problem.ts';
import { act, type ConsoleRoute, list } from './route.ts';

const some = <const Value extends string>(values: readonly Value[]) =>
  Type.Array(oneOf(values), { minItems: 1, maxItems: values.length, uniqueItems: true });

const look = fields({
  name: Type.Optional(means(words(1, 80), 'As shoppers know the merchant.')),
  accent: Type.Optional(means(Type.String({ pattern: '^#[0-9a-fA-F]{6}$', 'x-expected': 'a color as in #0a7d4f' }), 'Buttons and links.')),
  logo: Type.Optional(means(Type.String({ maxLength: 65_536 }), 'A PNG, JPEG, WebP or SVG as a `data:` URL in base64, 64 KiB at most.')),
});

/** What can be said of a channel at any time. */
const settings = {
  name,
  enabled: means(flag, 'False: its callers are refused.'),
  currencies: nullable(codes),
  brands: means(nullable(some(cardBrands)), 'Card brands it may use; null: all.'),
  flows: means(
    nullable(some(flows)),
    'How payments may go; null: all. `synchronous`: a card without its shopper; `three_d_secure`: a card with authentication; `redirect`: at a bank.',
  ),
  bank_methods: means(nullable(some(activatableAtBank)), 'Methods of banks that it has activated; null: none.'),
  policies: means(Type.Record(text, Type.Unknown()), 'What its dialect does differently for it, in the words of the dialect.'),
  look: means(nullable(look), 'Name, color and logo of the pages that its shoppers see.'),
  without_authentication: means(oneOf(['proceed', 'stop']), 'When an issuer cannot authenticate the shopper.'),
  authenticates_without_shopper: means(
    flag,
    'Whether the issuer is asked about payments that the merchant starts with a stored card (3RI).',
  ),
  accepts_partial_approval: means(flag, 'Whether a payment stands that the issuer approved for less than was asked.'),
};

const { name: _name, ...withoutName } = settings;

const channel = fields({
  merchant_id: uuid,
  channel_id: uuid,
  dialect: text,
  wire_id: means(text, 'As its callers name it.'),
  account_id: text,
  ...settings,
});

const knownId = Type.String({ 'x-expected': 'an id of the dialect, and no card number' });
const path = fields({ merchant_id: uuid, channel_id: uuid });
const group = 'Channels';
const at = '/merchants/:merchant_id/channels';

export function channelRoutes({ store, dialects }: ConsoleParts): readonly ConsoleRoute[] {
  const read = (merchant_id: string, channel_id: string) =>
    readOne(store, { list: 'channels', filters: { merchant_id, channel_id }, noun: 'channel' });
  return [
    list({
      ...{ name: 'listChannels', group, at: '/channels', summary: 'Lists channels.' },
      query: optional({ merchant_id: inQuery.uuid, channel_id: inQuery.uuid, dialect: inQuery.text, wire_id: inQuery.text }),
      ...{ list: 'channels', item: channel, store },
    }),
    act({
      ...{ name: 'createChannel', group, method: 'post', at, role: 'admin', summary: 'Adds a channel of a merchant.' },
      path: fields({ merchant_id: uuid }),
      body: fields({
        ...{ dialect: text, account_id: words(1, 63), name },
        wire_id: Type.Optional(means(withoutCard(knownId), 'That of another platform, to be kept; a new one when not given.')),
        ...optional(withoutName).properties,
      }),
      sample: { dialect: dialects[0]?.name, account_id: 'acme', name: 'Corner Shop', currencies: ['EUR'] },
      ...{ status: 201, answer: channel, problems: ['not_found', 'conflict'] },
      async handle({ path: { merchant_id: merchantId }, body, actor }) {
        const { dialect: dialectName, account_id: accountId, wire_id, ...rest } = body;
        const dialect = dialectOf(dialects, dialectName);
        const wireId = wire_id ?? dialect.access.newWireId();
        if (!dialect.access.isWireId(wireId)) throw fieldProblem('wire_id', `must be ${dialect.access.expected.wireId}`);
        const made = { actor, merchantId, dialect: dialectName, wireId, accountId, name: body.name };
        const { channelId } = await store.createChannel({ ...made, settings: checked(rest, dialect) });
        return read(merchantId, channelId);
      },
    }),
    act({
      ...{ name: 'readChannel', group, method: 'get', at: `${at}/:channel_id`, role: 'viewer', summary: 'Reads a channel.' },
      ...{ path, answer: channel, problems: ['not_found'] },
      handle: ({ path: { merchant_id, channel_id } }) => read(merchant_id, channel_id),
    }),
    act({
      ...{ name: 'changeChannel', group, method: 'patch', at: `${at}/:channel_id`, role: 'admin', summary: 'Changes a channel.' },
      description: 'Only what is named changes; running nodes go by it within two seconds. `policies` and `look` are replaced as a whole.',
      ...{ path, body: changes(settings), sample: { enabled: true }, answer: channel, problems: ['not_found'] },
      async handle({ path: { merchant_id: merchantId, channel_id: channelId }, body, actor }) {
        const { dialect } = await read(merchantId, channelId);
        await store.changeChannel({ actor, merchantId, channelId, settings: checked(body, dialectOf(dialects, String(dialect))) });
        return read(merchantId, channelId);
      },
    }),
  ];
}

/** The dialect with this name; throws a problem that names those there are. */
export function dialectOf(dialects: readonly ConsoleDialect[], wanted: string): ConsoleDialect {
  const dialect = dialects.find((candidate) => candidate.name === wanted);
  if (dialect === undefined) throw fieldProblem('dialect', `must be one of ${dialects.map((one) => one.name).join(', ')}`);
  return dialect;
}

/** What forms alone cannot tell: whether a logo is one, and what the dialect makes of its policies. */
function checked(given: ChannelSettings, { name: dialectName, policies: known }: ConsoleDialect): ChannelSettings {
  const logo = given.look?.logo;
  if (logo !== undefined && readLook({ logo }).logo === undefined) {
    throw fieldProblem('look.logo', 'must be a PNG, JPEG, WebP or SVG as a data: URL in base64, of at most 64 KiB');
  }
  if (holdsCardNumber(JSON.stringify(given.policies ?? {}))) throw fieldProblem('policies', 'must not hold what looks like a card number');
  // A dialect that declares none reads what it knows of them, and leaves the rest.
  if (known === undefined) return given;
  for (const [policy, value] of Object.entries(given.policies ?? {})) {
    const form = Object.hasOwn(known, policy) ? known[policy] : undefined;
    if (form === undefined) {
      throw fieldProblem(`policies.${policy}`, `is no policy of ${dialectName}; there are: ${Object.keys(known).join(', ') || 'none'}`);
    }
    if (!form.accepts(value)) throw fieldProblem(`policies.${policy}`, `must be ${form.expected}`);
  }
  return given;
}
