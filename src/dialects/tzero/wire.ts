/**
 * The protocol's bodies as data: what each member may be, in schemas from which validation and the description of the API both follow. `x-expected`
 * completes the sentence "must be …" for whoever sent something else.
 */
import { type Static, Type } from 'typebox';
import { flag, loose, noted, object, oneOf, optional, sdk, text, webAddress, wholeOrDigits } from './members.ts';

const paymentId = Type.String({
  pattern: '^pay_[0-7][0-9A-HJKMNP-TV-Z]{25}$',
  ...noted({ expected: 'an id that begins with pay_', description: 'The payment.', example: 'pay_01K00000000000000000000000' }),
});

const channel = Type.String({
  pattern: '^[A-Za-z0-9_.-]{1,64}$',
  ...noted({
    expected: '1 to 64 letters, digits, hyphens, dots and underscores',
    description: 'The channel, as it was assigned.',
    example: 'ch_shop',
  }),
});

/** The unit depends on the channel, so the rest is checked where the channel is known. */
const amount = Type.Number({
  ...noted({
    expected: 'a whole number of minor units above zero',
    description: 'Minor units: 100 is 1.00 USD and 100 JPY. Major units, where the channel is set so.',
    example: 1999,
  }),
});

const currency = Type.String({
  pattern: '^[A-Za-z]{3}$',
  ...noted({ expected: 'an ISO 4217 code, as in USD', description: 'ISO 4217.', example: 'USD' }),
});

const reference = text(
  64,
  'Your own reference of it. A second request with the same one within 24 hours is the same request, or refused.',
  'ord-77',
);

const metadata = Type.Record(Type.String(), Type.String({ maxLength: 500, 'x-expected': 'a text of at most 500 characters' }), {
  maxProperties: 20,
  ...noted({ expected: 'an object of at most 20 texts', description: 'Comes back as it was sent.', example: { key_1: 'value_1' } }),
});

const personName = object(
  {
    first_name: optional(text(64, 'First name.', 'Ada')),
    last_name: optional(text(64, 'Last name.', 'Example')),
    middle_name: optional(text(64, 'Middle name.', 'M')),
  },
  'A name in its parts.',
);

const customer = object(
  {
    reference: optional(text(64, 'Your own id of the customer: stored cards are listed by it.', 'c1')),
    email: optional(text(254, 'E-mail address.', 'ada@shop.example')),
    name: optional(text(128, 'Name.', 'Ada Example')),
    phone: optional(text(32, 'Telephone number.', '12')),
  },
  'Who pays.',
);

const address = object(
  {
    name: optional(personName),
    email: optional(text(254, 'E-mail address.', 'ada@shop.example')),
    phone: optional(
      object({ country: optional(text(8, 'Country code.', '1')), number: optional(text(32, 'Number.', '2125550100')) }, 'Telephone.'),
    ),
    address: optional(text(128, 'Street and number; `line_1_address` comes before it.', '123 Main St')),
    city: optional(text(64, 'City.', 'New York')),
    country: optional(
      Type.String({
        pattern: '^[A-Za-z]{2}$',
        ...noted({ expected: 'an ISO 3166 code of two letters, as in US', description: 'Country.', example: 'US' }),
      }),
    ),
    line_1_address: optional(text(128, 'Street and number.', '123 Main St')),
    line_2_address: optional(text(128, 'Further line.', 'Apt 4B')),
    postal_code: optional(text(16, 'Postal code.', '10001')),
    state: optional(text(64, 'State or region.', 'NY')),
  },
  'An address.',
);

const deviceInfo = object(
  {
    type: loose(
      '`browser` or `app`. An app opens the address in a browser of its own, in which the customer is asked everything.',
      'browser',
    ),
    ip_address: loose('IPv4 or IPv6.', '192.0.2.1'),
    accept_header: loose('`Accept` of the browser.', 'text/html'),
    screen_colorDepth: loose('Bits per pixel.', '24'),
    javaEnabled: loose('Whether Java runs.', 'false'),
    language: loose('Language tag.', 'en'),
    screenHeight: loose('Pixels.', '1200'),
    screenWidth: loose('Pixels.', '1600'),
    timezone: loose('Minutes, positive when the browser is behind UTC.', '60'),
    challengeWindow: loose('1: 250×400, 2: 390×400, 3: 500×600, 4: 600×400, 5: full.', '5'),
    userAgent: loose('`User-Agent` of the browser.', 'Mozilla/5.0'),
    screen_color_depth: loose('As `screen_colorDepth`.', '24'),
    java_enabled: loose('As `javaEnabled`.', 'false'),
    screen_height: loose('As `screenHeight`.', '1200'),
    screen_width: loose('As `screenWidth`.', '1600'),
    user_agent: loose('As `userAgent`.', 'Mozilla/5.0'),
    challenge_window: loose('As `challengeWindow`.', '5'),
    sdk_app_id: sdk('Id of the app.', '9063b12c-fcde-43c7-b28e-8d0af5520e8a'),
    sdk_trans_id: sdk('Id of the transaction in the app.', 'ed32fb8d-c7d0-40f6-b42f-3c7e3f4c3e2d'),
    sdk_reference_number: sdk('Of the SDK, as EMVCo has it.', '3DS_LOA_SDK_SHOP_020200_00123'),
    sdk_ephem_pub_key: sdk('Public key of the SDK.', '{"kty":"EC"}'),
    sdk_enc_data: sdk('What the SDK has encrypted for the directory server.', 'eyJhbGciOiJSU0EtT0FFUC0yNTYifQ'),
    sdk_max_timeout: sdk('Minutes, from 5 to 99.', '15'),
  },
  'The browser or app of the customer: what 3-D Secure is told.',
);

export const subTypes = [
  ...['one-off', 'recurring-initial', 'recurring-subsequent', 'installment-initial', 'installment-subsequent'],
  ...['unscheduled-initial', 'unscheduled-subsequent', 'cof-initial', 'cof-subsequent'],
] as const;

export const industryUsages = [
  ...['none', 'delayed-charge', 'no-show', 'reauthorisation', 'resubmission', 'incremental', 'partial-shipment'],
] as const;

const paymentData = object(
  {
    payment_type: optional(oneOf(['cit', 'mit'], 'Who starts the payment: the customer (the default) or you.', 'cit')),
    payment_sub_type: optional(
      oneOf(subTypes, 'What kind of agreement it makes or acts under; `one-off` is the default.', 'recurring-initial'),
    ),
    credential_on_file: optional(flag('The card is stored, or is to be.', true)),
    industry_usage: optional(oneOf(industryUsages, 'Why you start it.', 'none')),
    previous_network_reference: optional(
      text(64, 'The scheme’s transaction id of the first payment; ignored on initial ones.', 'scheme_txn_id'),
    ),
    previous_payment_id: optional(
      text(64, 'Our id of the first payment, instead; ignored on initial ones.', 'pay_01K00000000000000000000000'),
    ),
  },
  'How the payment uses a stored card.',
);

const cardNumber = (description: string) =>
  Type.String({ pattern: '^\\d{12,19}$', ...noted({ expected: '12 to 19 digits', description, example: '4242424242424242' }) });

const expiry = {
  expiry_month: wholeOrDigits(
    { least: 1, most: 12, digits: '^(0?[1-9]|1[0-2])$' },
    { expected: 'a month from 1 to 12', description: 'Month of expiry.', example: 12 },
  ),
  expiry_year: wholeOrDigits(
    { least: 1_000, most: 9_999, digits: '^\\d{4}$' },
    { expected: 'a year of four digits', description: 'Year of expiry.', example: 2077 },
  ),
};

const cardMethod = object(
  {
    ...{ number: cardNumber('The card number.'), ...expiry },
    cvc: optional(
      Type.String({
        pattern: '^\\d{3,4}$',
        ...noted({
          expected: 'a text of 3 or 4 digits',
          description: 'Verification code; needed where the customer pays.',
          example: '012',
        }),
      }),
    ),
    name: optional(personName),
    store_for_future_use: optional(flag('Store the card when the payment is approved; needs `customer.reference`.', true)),
  },
  'A card.',
);

const storedCardMethod = object(
  {
    id: Type.String({
      pattern: '^pm_[0-9a-f]{32}$',
      ...noted({ expected: 'an id that begins with pm_', description: 'The stored card.', example: `pm_${'a'.repeat(32)}` }),
    }),
    cvc: optional(
      Type.String({
        pattern: '^\\d{3,4}$',
        ...noted({ expected: 'a text of 3 or 4 digits', description: 'Verification code.', example: '012' }),
      }),
    ),
  },
  'A stored card.',
);

const networkTokenMethod = object(
  {
    ...{ number: cardNumber('The token: a number that the scheme has given out instead of the card’s.'), ...expiry },
    cryptogram: optional(
      Type.String({
        pattern: '^[A-Za-z0-9+/]{24,40}={0,2}$',
        ...noted({
          expected: '20 to 30 bytes in base64',
          description: 'What the scheme has made for this payment; needed where the customer pays.',
          example: 'AJkBBkhgQQAAAE4gSEJydQAAAAA=',
        }),
      }),
    ),
    eci: optional(
      Type.String({
        pattern: '^0?[0-7]$',
        ...noted({ expected: 'a text of one or two digits, from 0 to 7', description: 'Electronic commerce indicator.', example: '05' }),
      }),
    ),
    name: optional(personName),
  },
  'A network token. It is sent to the acquirer with its cryptogram; nobody is asked to authenticate again.',
);

/** What can be paid with, by the type that says so. */
export const methods = { card: cardMethod, stored_card: storedCardMethod, network_token: networkTokenMethod } as const;

export type MethodType = keyof typeof methods;
export type CardMethod = Static<typeof cardMethod>;
export type StoredCardMethod = Static<typeof storedCardMethod>;
export type NetworkTokenMethod = Static<typeof networkTokenMethod>;

const paymentMethod = object(
  { type: oneOf(Object.keys(methods), 'What is paid with; its fields stand beside it.', 'card') },
  'What is paid with.',
);

const captureWords = {
  capture: optional(oneOf(['auto', 'manual'], 'Whether the money is taken by itself; `auto` is the default.', 'auto')),
  capture_delay: optional(
    Type.String({
      pattern: '^\\d{1,3}[mhd]$',
      ...noted({
        expected: 'a number and m, h or d, up to seven days, as in 1d',
        description:
          'With `auto`: how long after the payment was begun; `capture_at` tells when. A customer who finishes later is charged at once.',
        example: '1d',
      }),
    }),
  ),
};

const order = {
  channel,
  amount,
  currency,
  reference,
  metadata: optional(metadata),
  customer: optional(customer),
  payment_data: optional(paymentData),
  ...captureWords,
  billing_details: optional(address),
  shipping_details: optional(address),
  return_url: optional(
    webAddress('Where the customer goes in the end, instead of the channel’s; at one of its allowed origins.', 'https://shop.example/done'),
  ),
};

export const authoriseBody = object(
  {
    ...order,
    payment_method: paymentMethod,
    device_info: optional(deviceInfo),
    callback_url: optional(
      webAddress('Told as well of what happens to this payment; at one of the channel’s allowed origins.', 'https://shop.example/hooks'),
    ),
  },
  'A payment.',
);

export const sessionBody = object({ ...order, device_info: optional(deviceInfo) }, 'A payment whose card the customer enters on our page.');

export const linkBody = object(
  {
    ...order,
    description: optional(text(128, 'What is paid, shown on the page.', 'Order 77')),
    expires_in: optional(
      Type.String({
        pattern: '^\\d{1,3}[mhd]$',
        ...noted({
          expected: 'a number and m, h or d, as in 7d',
          description: 'How long the link works; 7d is the default.',
          example: '7d',
        }),
      }),
    ),
    send_email: optional(flag('Mail the link to the customer.', false)),
  },
  'A link that can be sent to a customer.',
);

const day = (description: string, example: string) =>
  Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\d$', ...noted({ expected: 'a date, as in 2034-12-31', description, example }) });

export const documentForm = object(
  {
    type: oneOf(['asv_scan', 'saq', 'aoc'], 'What it is.', 'saq'),
    valid_from: day('First day on which it is valid.', '2034-01-01'),
    valid_to: day('Last day on which it is valid; at most a year later.', '2034-12-31'),
    file: Type.Unsafe<string>({ type: 'string', contentMediaType: 'application/pdf', description: 'The PDF.' }),
  },
  'A document.',
);

/** `channel` may be left out: the payment knows its own. */
const act = { channel: optional(channel), payment_id: optional(paymentId) };

export const captureBody = object(
  {
    ...act,
    amount: optional(amount),
    currency: optional(currency),
    reference: optional(text(64, 'Your own reference of the capture.', 'cap-1')),
    final: optional(flag('Nothing more will be captured: the rest of the hold is given back.', false)),
  },
  'A capture; without an amount all that is left.',
);

export const voidBody = object(
  { ...act, reason: optional(text(255, 'Why; kept with the payment.', 'customer changed their mind')) },
  'A void: only before anything is captured.',
);

export const refundBody = object(
  {
    ...act,
    amount: optional(amount),
    currency: optional(currency),
    reference: text(
      64,
      'Your own reference of the refund. A second one with the same reference within 24 hours is the same refund, or refused.',
      'ref-1',
    ),
    reason: optional(text(255, 'Why; kept with the refund.', 'returned goods')),
  },
  'A refund; without an amount all that is left.',
);

export const disableLinkBody = object({ channel: optional(channel), id: text(64, 'The link.', 'the id of the link') }, 'Ends a link.');
