/** The log's two nets: fields are removed by name, card data by shape, and everything else stays as it was. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Cvc, Pan, passesLuhn } from '../src/core/instrument/card.ts';
import { createLogger, redactionHits } from '../src/http/log.ts';
import { redactLine, removeSecrets } from '../src/http/redact.ts';
import { findCardData } from './harness/scrub.ts';

function logged(write: (log: ReturnType<typeof createLogger>) => void): { line: string; entry: Record<string, unknown>; hits: number } {
  const lines: string[] = [];
  const before = redactionHits();
  write(createLogger({ level: 'trace', destination: { write: (line) => lines.push(line) } }));
  assert.equal(lines.length, 1);
  const line = lines[0] as string;
  return { line, entry: JSON.parse(line) as Record<string, unknown>, hits: redactionHits() - before };
}

describe('the shape of card data', () => {
  const cases: readonly (readonly [text: string, redacted: string])[] = [
    ['paid with 4242424242424242.', 'paid with 424242******4242.'],
    ['4242 4242 4242 4242', '424242******4242'],
    ['4242-4242-4242-4242', '424242******4242'],
    ['amount 1000 4242424242424242 12', 'amount 1000 424242******4242 12'],
    ['4242424242424242 5555555555554444', '424242******4242 555555******4444'],
    ['number=4242+4242+4242+4242&x=1', 'number=424242******4242&x=1'],
    ['4242.4242.4242.4242 or 3782_822463_10005', '424242******4242 or 378282*****0005'],
    ['4242\t4242\t4242\t4242', '424242******4242'],
    ['4242\u00a04242\u20134242\u200b4242', '424242******4242'],
    ['\uff14\uff12\uff14\uff12424242424242', '424242******4242'],
    ['card.number=378282246310005&card.cvv=1234', 'card.number=378282*****0005&card.cvv=***'],
    ['DE2 164242424242424242', 'DE2 16424242******4242'],
    [';4242424242424242=29122011000000000000?', ';424242******4242=29122011000000000000?'],
    ['4242424242424242D2912201', '424242******4242D2912201'],
    ['order_6759649826438453', 'order_675964******8453'],
    ['e4242 5555555555554444 4242a', 'e4242 555555******4444 4242a'],
    ['6200000000000000000', '620000*********0000'],
    ['{\\"cvv\\":\\"123\\"}', '{\\"cvv\\":\\"***\\"}'],
    ['<cvc2>123</cvc2>', '<cvc2>***</cvc2>'],
  ];
  for (const [text, expected] of cases) {
    test(`is masked: ${expected}`, () => {
      const { entry, hits } = logged((log) => log.info(text));
      assert.equal(entry.msg, expected);
      assert.ok(hits > 0);
    });
  }

  test('is masked as a bare number too, and the line stays JSON', () => {
    const { entry } = logged((log) =>
      log.info({ reference: 4242424242424242, list: [1, 5555555555554444], after: 1 }, 'a:4242424242424242,b'),
    );
    assert.equal(entry.reference, '424242******4242');
    assert.deepEqual(entry.list, [1, '555555******4444']);
    assert.equal(entry.after, 1);
    assert.equal(entry.msg, 'a:424242******4242,b');
  });

  test('is not seen in ids, times and amounts', () => {
    const harmless = {
      time: 1790000000000,
      at: '2027-01-15T10:00:00.000Z',
      day: '2027-01-15 2027-01-16',
      amount: 424242424242,
      rrn: '612345678901',
      stan: '123456',
      id: '019a7f3e-4242-7242-8242-424242424242',
      digits: '42424242-4242-4242-8242-424242424242',
      hex: 'e4242424242424242a4242424242424242',
      entityId: '0f0e0d0c0b0a09080706050403020100',
      badCheckDigit: '4242424242424241',
      amounts: [4242, 4242, 4242, 4242],
      dotted: '4.242.424.242.424.242',
      noPrefix: '9999999999999995',
      masked: '424242******4242',
      cvvResult: 'M',
    };
    const { entry, hits } = logged((log) => log.info(harmless, 'nothing'));
    assert.equal(hits, 0);
    assert.deepEqual({ ...entry, ...harmless }, entry);
  });

  test('never stands in an id that we make', () => {
    for (let count = 0; count < 20_000; count += 1) {
      const line = `{"paymentId":"${randomUUID()}","time":${1_790_000_000_000 + count * 977},"requestId":"${randomUUID()}"}`;
      assert.equal(redactLine(line), line);
    }
  });

  test('is found in any surroundings, and a line is never lost (property)', async () => {
    const digits = fc
      .tuple(
        fc.constantFrom('4', '51', '2221', '34', '37', '36', '3528', '6011', '62', '50'),
        fc.integer({ min: 13, max: 19 }),
        fc.infiniteStream(fc.nat(9)),
      )
      .map(([prefix, length, stream]) => {
        let body = prefix;
        while (body.length < length - 1) body += String(stream.next().value);
        for (let check = 0; ; check += 1) if (passesLuhn(`${body}${check}`)) return `${body}${check}`;
      })
      .filter((number) => !/^5000|^500000/.test(number));
    const around = fc.string({ maxLength: 12 }).filter((text) => !/[\da-f\\]/i.test(text));
    await fc.assert(
      fc.asyncProperty(around, digits, around, fc.constantFrom('', ' ', '-'), async (before, number, after, separator) => {
        const grouped = number.replaceAll(/(\d{4})(?=\d)/g, `$1${separator}`);
        const { line } = logged((log) => log.info({ text: `${before}${grouped}${after}` }));
        assert.deepEqual(await findCardData({ logs: [line], pans: [number] }), []);
      }),
      { numRuns: 300 },
    );
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => typeof redactLine(text) === 'string'));
  });
});

describe('fields with secrets', () => {
  test('are removed by name, at any depth and in any spelling, on a copy', () => {
    const input = {
      card: { number: '1', cvv: '2', holder: 'Jane' },
      'card.number': '1',
      'card.cvv': '2',
      'authentication.password': '3',
      headers: {
        Authorization: '4',
        'X-Secret-Key': '5',
        'idempotency-key': '6',
        'X-GCS-Idempotence-Key': '7',
        cookie: '8',
        accept: 'json',
      },
      list: [{ cvc: '9', client_secret: '10', sKey: '11', apiKey: '12' }],
      number: 13,
      pan: '14',
    };
    const copy = structuredClone(input);
    const text = JSON.stringify(removeSecrets(input));
    assert.deepEqual(input, copy);
    assert.doesNotMatch(text, /"(?:[1-9]|1[0-2]|14)"/);
    assert.match(text, /"holder":"Jane".*"accept":"json".*"number":13/);
  });

  test('leave everything else as it is, without a copy', () => {
    const input = { paymentId: 'x', amount: 1, nested: { list: [1, 'a', null, undefined] }, secret: null, panelId: 'p', keyVersion: 1 };
    assert.equal(removeSecrets(input), input);
  });

  test('bytes are counted, not written', () => {
    assert.deepEqual(removeSecrets({ body: Buffer.from('4242') }), { body: '[4 bytes]' });
  });

  test('what cannot be read is left out', () => {
    const hostile = Object.defineProperty({}, 'trap', {
      enumerable: true,
      get() {
        throw new Error('no');
      },
    });
    assert.deepEqual(removeSecrets(hostile), { redaction: 'left out: it could not be read' });
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    assert.match(JSON.stringify(removeSecrets(circle)), /too deep/);
  });
});

describe('the logger', () => {
  test('prints typed secrets masked without the net having to act', () => {
    const { line, hits } = logged((log) =>
      log.info({ instrument: new Pan('4242424242424242'), code: new Cvc('123') }, `${new Pan('4242424242424242')}`),
    );
    assert.equal(hits, 0);
    assert.match(line, /"instrument":"424242\*{6}4242","code":"\*{3}"/);
  });

  test('writes of errors and requests only what is listed', () => {
    const cause = Object.assign(new Error('duplicate key'), {
      code: '23505',
      detail: 'Key (pan)=(x) already exists',
      parameters: ['secret value'],
    });
    const err = new Error('could not store', { cause });
    const req = { id: 'r1', method: 'POST', url: '/v1/payments?card.number=x', headers: { authorization: 'Bearer x' } };
    const { entry, line } = logged((log) => log.error({ err, req }, 'failed'));
    assert.deepEqual(entry.req, { id: 'r1', method: 'POST', path: '/v1/payments' });
    const described = entry.err as { message: string; cause: { code: string } };
    assert.equal(described.message, 'could not store');
    assert.equal(described.cause.code, '23505');
    assert.doesNotMatch(line, /already exists|secret value|Bearer|card\.number/);
  });
});
