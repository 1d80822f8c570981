/** Money and cards as text: amounts keep every digit, brands are told by the first ones, and no card number survives masking. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { brandOf, type CardBrand, Pan, parsePan, passesLuhn } from '../src/core/instrument/card.ts';
import { holdsCardNumber, maskCardNumber, maskCardNumbers } from '../src/core/instrument/mask.ts';
import { formatDecimalAmount, largestAmount, parseDecimalAmount } from '../src/core/money/amount.ts';
import { currencyOf } from '../src/core/money/currency.ts';
import { dialects } from '../src/dialects/registry.ts';
import { shownName } from '../src/dialects/shown-name.ts';

const parameters = { seed: Number(process.env.POLYGATE_SEED ?? 1) | 0, numRuns: process.env.POLYGATE_SOAK === '1' ? 10_000 : 1_000 };

function currency(code: string) {
  const found = currencyOf(code);
  if (found === undefined) throw new Error(`no currency ${code}`);
  return found;
}

const amounts = fc.integer({ min: 0, max: largestAmount });
const currencies = fc.constantFrom('JPY', 'EUR', 'KWD').map(currency);

test('an amount that is written is read back as the same', () => {
  const law = fc.property(amounts, currencies, (amount, money) => {
    for (const minDecimals of [undefined, 2, 3])
      assert.equal(parseDecimalAmount(formatDecimalAmount(amount, money, minDecimals), money), amount);
  });
  fc.assert(law, parameters);
});

test('whatever is read as an amount is a safe integer of exactly the digits that were written', () => {
  const texts = fc.oneof(fc.string({ maxLength: 12 }), fc.stringMatching(/^\d{1,14}(\.\d{1,4})?$/));
  const law = fc.property(texts, currencies, (text, money) => {
    const amount = parseDecimalAmount(text, money);
    if (amount === undefined) return;
    const [whole = '', fraction = ''] = text.split('.');
    assert.equal(BigInt(amount) * 10_000n, BigInt(whole + fraction.padEnd(4, '0').slice(0, 4)) * 10n ** BigInt(money.decimals));
  });
  fc.assert(law, parameters);
});

const amountTexts: readonly (readonly [text: string, code: string, amount: number | undefined])[] = [
  ['12.30', 'EUR', 1230],
  ['12', 'EUR', 1200],
  ['0.01', 'EUR', 1],
  ['12.300', 'EUR', 1230],
  ['12.305', 'EUR', undefined],
  ['12.00', 'JPY', 12],
  ['12.50', 'JPY', undefined],
  ['1.234', 'KWD', 1234],
  ['1.2', 'KWD', 1200],
  ['', 'EUR', undefined],
  ['-1', 'EUR', undefined],
  ['+1', 'EUR', undefined],
  ['1e3', 'EUR', undefined],
  ['1,00', 'EUR', undefined],
  [' 1', 'EUR', undefined],
  ['1.', 'EUR', undefined],
  ['.5', 'EUR', undefined],
  ['٣', 'EUR', undefined],
  ['1234567890123456', 'EUR', undefined],
];

test('amounts as text', () => {
  for (const [text, code, amount] of amountTexts) assert.equal(parseDecimalAmount(text, currency(code)), amount, `${text} ${code}`);
  for (const wrong of [-1, 0.5, Number.NaN, 2 ** 53]) assert.throws(() => formatDecimalAmount(wrong, currency('EUR')), RangeError);
});

const brands: readonly (readonly [pan: string, brand: CardBrand])[] = [
  ['4242424242424242', 'visa'],
  ['5555555555554444', 'mastercard'],
  ['2221000000000009', 'mastercard'],
  ['2720990000000007', 'mastercard'],
  ['378282246310005', 'amex'],
  ['6011111111111117', 'discover'],
  ['3530111333300000', 'jcb'],
  ['6200000000000005', 'unionpay'],
  ['8171999927660000', 'unionpay'],
  ['6759649826438453', 'maestro'],
  ['36227206271667', 'diners'],
  ['2220990000000009', 'unknown'],
  ['1000000000000008', 'unknown'],
];

test('brands by the first digits', () => {
  for (const [pan, brand] of brands) assert.equal(brandOf(new Pan(pan)), brand, pan);
});

/** Digits whose last one makes them pass the check. */
function withCheckDigit(digits: string): string {
  return [...'0123456789'].map((check) => `${digits}${check}`).find(passesLuhn) ?? '';
}

const pans = fc
  .tuple(
    fc.constantFrom('4', '51', '2221', '2720', '34', '37', '6011', '35', '62', '810', '817', '50', '67', '36'),
    fc.integer({ min: 12, max: 19 }),
    fc.infiniteStream(fc.nat(9)),
  )
  .map(([prefix, length, digits]) => withCheckDigit((prefix + [...digits.take(18)].join('')).slice(0, length - 1)));

/** Digit zero of some scripts; the others follow. */
const scripts = ['0', '\u{ff10}', '\u{660}', '\u{6f0}', '\u{966}', '\u{1d7ce}', '\u{1d7f6}'];
const blanks = ['', ' ', '-', '+', '\t', '\u{a0}', '\u{200b}', '\u{2009}', '\u{2013}', '\u{2011}', '\u{feff}'];

/** As people write it: in one piece or in groups, in the digits of their script. */
const written = fc
  .tuple(pans, fc.constantFrom(...blanks), fc.constantFrom(4, 6), fc.constantFrom('0', ...scripts))
  .map(([pan, separator, size, zero]) => {
    const groups = pan.match(new RegExp(`.{1,${size}}`, 'g')) ?? [];
    const inScript = (digit: string) => String.fromCodePoint((zero.codePointAt(0) ?? 0) + Number(digit));
    return { pan, text: groups.join(separator).replaceAll(/\d/g, inScript) };
  });

test('no card number stays in a text, whatever stands beside it', () => {
  const beside = fc.oneof(
    fc.constantFrom('', 'card ', 'a:', '"', '12 ', '0-', '1 2 3 '),
    fc.string({ maxLength: 6 }).map((text) => `${text} `),
  );
  const law = fc.property(beside, written, beside, (before, { pan, text }, after) => {
    const shown = maskCardNumbers(`${before}${text}${after.split('').toReversed().join('')}`);
    assert.ok(!shown.replaceAll(/[-\s+\u{200b}\u{2013}\u{2011}\u{feff}]/gu, '').includes(pan), shown);
    assert.ok(!shown.includes(text), shown);
  });
  fc.assert(law, parameters);
});

const texts: readonly (readonly [text: string, masked: string])[] = [
  ['4111111111111111', '411111******1111'],
  ['pay 4111 1111 1111 1111 now', 'pay 411111******1111 now'],
  ['4111-1111-1111-1111, 378282246310005', '411111******1111, 378282*****0005'],
  ['2 4111111111111111', '2 411111******1111'],
  ['12-4111-1111-1111-1111-99', '12-411111******1111-99'],
  ['4111111111111111 123', '411111******1111 123'],
  ['order 4111111111111112', 'order 4111111111111112'],
  ['9111111111111111', '9111111111111111'],
  ['+49 30 1234567', '+49 30 1234567'],
  ['41111111111111114111111111111111', '41111111111111114111111111111111'],
  ['4111  1111 1111 1111', '4111  1111 1111 1111'],
  ['2026-11-21 07:00:00', '2026-11-21 07:00:00'],
  ...['.', ',', '/', '_', '+', '\t', '\u00a0', '\u2013'].map(
    (sign) => [`no ${['4111', '1111', '1111', '1111'].join(sign)}.`, 'no 411111******1111.'] as const,
  ),
  ['3782.822463.10005', '378282*****0005'],
  ['3000_000000_0004', '300000****0004'],
  ['6304/0000/0000/0000/000', '630400*********0000'],
  ['4111111111111111,378282246310005', '411111******1111,378282*****0005'],
  ['\uff14\uff11\uff11\uff11\uff0e1111\uff0e1111\uff0e1111', '411111******1111'],
  // Marks between groups that no card has: addresses, amounts, versions, days.
  ['411.111.111.111.1111', '411.111.111.111.1111'],
  ['41111111.11111111', '41111111.11111111'],
  ['4.012.888.888.881.881', '4.012.888.888.881.881'],
  ['10.0.0.1, 52.103.211.140', '10.0.0.1, 52.103.211.140'],
  ['4111,1111.11/111_11111', '4111,1111.11/111_11111'],
  ['2026/11/21 07.00.00,000', '2026/11/21 07.00.00,000'],
  // Ids that machines make, and what looks like one.
  ['41111111-1111-4111-8111-411111111111', '41111111-1111-4111-8111-411111111111'],
  ['9f4111111111111111e0b1c2d3e4f5a6', '9f4111111111111111e0b1c2d3e4f5a6'],
  ['4111111111111111D2512201100001230000', '411111******1111D2512201100001230000'],
];

test('a number that could be a card number becomes a masked text', () => {
  const numbers: readonly (readonly [number: number, masked: number | string])[] = [
    ...([4111111111111111, 378282246310005] as const).map((number) => [number, maskCardNumbers(String(number))] as const),
    // The last digits are lost, so no check digit tells.
    [6304000000000000000, '630400*********0000'],
    ...[4111111111111112, 1_790_000_000_000, 0, -1.5, 1e21, 123_456_789_012].map((number) => [number, number] as const),
  ];
  for (const [number, masked] of numbers) assert.equal(maskCardNumber(number), masked);
});

test('an address holds a card number however it is written', () => {
  const percent = '4111111111111111'.replaceAll('1', '%31');
  const held = ['/4111111111111111', '?a=4111.1111.1111.1111', `/%zz${percent}`, `?b=${encodeURIComponent(`https://x/${percent}`)}`];
  for (const rest of held) assert.ok(holdsCardNumber(`https://shop.example${rest}`), rest);
  const free = ['/%zz%3', '?id=41111111-1111-4111-8111-411111111111', '/4111111111111112', '/2026/11/21/0001'];
  for (const rest of free) assert.ok(!holdsCardNumber(`https://shop.example${rest}`), rest);
});

test('what is masked in a text, and what is not', () => {
  for (const [text, masked] of texts) assert.equal(maskCardNumbers(text), masked);
});

test('a PAN shows its first six and last four digits wherever it is printed', () => {
  const pan = parsePan('4242424242424242');
  assert.equal(`${pan} ${JSON.stringify({ pan })}`, '424242******4242 {"pan":"424242******4242"}');
  assert.equal(parsePan('4242424242424241'), undefined);
  assert.equal(parsePan('42424242424'), undefined);
});

test('a made-up name is repeated without the card number in it, also one with digits beside it, and never at length', () => {
  const pan = '4111111111111111';
  const names = [pan, '4111 1111 1111 1111', `00000000${pan}`, '0041111 11111 11111 1', `${pan}00000`, `a.${pan}[0]`];
  for (const name of names) assert.doesNotMatch(shownName(name).replaceAll(/[ -]/g, ''), /\d{7}/, name);
  assert.equal(shownName('order.amountOfMoney.amount20'), 'order.amountOfMoney.amount20');
  assert.deepEqual([shownName('a'.repeat(257)), shownName('a'.repeat(256)).length], [`${'a'.repeat(256)}…`, 256]);
});

test('names and secrets that are made for merchants have their form, and none holds as many digits as a card number', () => {
  for (const { name, access, callbacks } of dialects) {
    const secret = callbacks?.form.secret;
    const makers: readonly (readonly [make: () => string, hasItsForm: (text: string) => boolean])[] = [
      [access.newWireId, access.isWireId],
      // One that follows from a secret is a piece of its hash.
      ...(access.identifierOf === undefined ? [[access.newIdentifier, access.isIdentifier] as const] : []),
      [access.newSecret, access.isSecret],
      ...(access.partners === undefined ? [] : [[access.partners.newIdentifier, access.partners.isIdentifier] as const]),
      // A key pair takes a second, and is no run of digits.
      ...(secret === undefined || name === 'qorepay' ? [] : [[secret.make, (text: string) => secret.pattern.test(text)] as const]),
    ];
    for (const [make, hasItsForm] of makers) {
      for (let made = 0; made < 3_000; made += 1) {
        const text = make();
        assert.ok(hasItsForm(text), `${name}: ${text}`);
        // A UUID is known by its form, whatever its digits are.
        if (!/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(text)) assert.doesNotMatch(text, /\d{12}/, name);
      }
    }
  }
});
