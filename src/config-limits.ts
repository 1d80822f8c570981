/** The settings against abuse: part of the table in config-table.ts. A sandbox keeps none of the limits on who asks, so that test suites run. */
import { onOff, wholeNumber } from './config-forms.ts';
import { setting } from './config-setting.ts';

const milliseconds = (min: number, max: number) => wholeNumber({ min, max, unit: 'milliseconds' });

export const limitSettings = {
  addressRequestsPerSecond: setting(
    'ADDRESS_REQUESTS_PER_SECOND',
    wholeNumber({ min: 0, max: 100_000 }),
    { sandbox: 0, live: 50 },
    'How many requests one address may send within a second without good credentials: pages of shoppers, and strangers; an IPv6 address counts with its /64 network. 0 removes the limit.',
  ),
  credentialRequestsPerSecond: setting(
    'CREDENTIAL_REQUESTS_PER_SECOND',
    wholeNumber({ min: 0, max: 100_000 }),
    { sandbox: 0, live: 100 },
    'How many requests may come with one credential within a second; a protocol that documents fewer keeps to its own number. 0 removes both.',
  ),
  merchantRequestsAtOnce: setting(
    'MERCHANT_REQUESTS_AT_ONCE',
    wholeNumber({ min: 0, max: 100_000 }),
    { sandbox: 0, live: 100 },
    'How many requests of one merchant may be under way at a time; 0 removes the limit.',
  ),
  loginFailures: setting(
    'LOGIN_FAILURES',
    wholeNumber({ min: 0, max: 10_000 }),
    { sandbox: 0, live: 10 },
    'How many wrong credentials an address may send, or one login receive, before there is a wait after each; the wait doubles from 1 second to 5 minutes. 0 removes it.',
  ),
  cardTesting: setting<'on' | 'off'>(
    'CARD_TESTING',
    onOff,
    { sandbox: 'off', live: 'on' },
    'Whether somebody who tries out cards is looked for, and kept from going on.',
  ),
  cardTestingWindowMinutes: setting(
    'CARD_TESTING_WINDOW_MINUTES',
    wholeNumber({ min: 1, max: 1_440, unit: 'minutes' }),
    10,
    'Over how long declines are counted for that, and how long what is found is refused at first.',
  ),
  cardTestingCardsPerAddress: setting(
    'CARD_TESTING_CARDS_PER_ADDRESS',
    wholeNumber({ min: 2, max: 1_000 }),
    5,
    'How many different cards of one shopper’s address may be declined before the address is refused.',
  ),
  cardTestingCardsPerEmail: setting(
    'CARD_TESTING_CARDS_PER_EMAIL',
    wholeNumber({ min: 2, max: 1_000 }),
    4,
    'How many different cards may be declined under one shopper’s mail address before payments under it are refused.',
  ),
  cardTestingCardsPerBin: setting(
    'CARD_TESTING_CARDS_PER_BIN',
    wholeNumber({ min: 2, max: 1_000 }),
    20,
    'How many different cards with the same first eight digits may be declined at one merchant before such cards need their holder’s authentication.',
  ),
  cardTestingCardsPerMerchant: setting(
    'CARD_TESTING_CARDS_PER_MERCHANT',
    wholeNumber({ min: 2, max: 1_000 }),
    100,
    'How many different cards may be declined at one merchant before new cards need their holder’s authentication; here and in the row before, those of small amounts count twice.',
  ),
  cardTestingDeclinePercent: setting(
    'CARD_TESTING_DECLINE_PERCENT',
    wholeNumber({ min: 1, max: 100, unit: 'percent' }),
    80,
    'Below this share of declines none of that happens.',
  ),
  connectionsAtMost: setting(
    'CONNECTIONS_AT_MOST',
    wholeNumber({ min: 16, max: 1_000_000 }),
    4_096,
    'How many connections a node keeps; new ones beyond it are closed.',
  ),
  connectionsPerAddress: setting(
    'CONNECTIONS_PER_ADDRESS',
    wholeNumber({ min: 0, max: 1_000_000 }),
    { sandbox: 0, live: 256 },
    'How many of them one address may have, except those of TRUSTED_PROXY; 0 removes the limit, and so does a TRUSTED_PROXY that is a number.',
  ),
  headersTimeoutMs: setting(
    'HEADERS_TIMEOUT_MS',
    milliseconds(500, 120_000),
    10_000,
    'How long a client may take to send the head of a request.',
  ),
  requestTimeoutMs: setting('REQUEST_TIMEOUT_MS', milliseconds(500, 600_000), 60_000, 'How long it may take to send all of it.'),
  readTimeoutMs: setting('READ_TIMEOUT_MS', milliseconds(500, 600_000), 15_000, 'How long it may leave an answer lying.'),
  requestHeaderLimitBytes: setting(
    'REQUEST_HEADER_LIMIT_BYTES',
    wholeNumber({ min: 4_096, max: 65_536, unit: 'bytes' }),
    16_384,
    'The largest head of a request that is read.',
  ),
};
