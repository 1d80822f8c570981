/** What issuers find of the holder's address and of the code on the card: asked for, read from hostile answers, kept, and told in each protocol that has words for it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { packCheckResults } from '../src/protocols/iso8583/card-checks.ts';
import { type ConsoleBody, createConsoleClient } from './harness/console.ts';
import { succeeded } from './harness/opp-client.ts';
import { usePayoneStack } from './harness/payone-stack.ts';
import { type ScriptedHost, startScriptedHost } from './harness/scripted-host.ts';
import { authenticateAt } from './harness/shopper.ts';
import { type Stack, startStack } from './harness/stack.ts';

const stack = usePayoneStack();
const console = createConsoleClient(() => stack.url);
let host: ScriptedHost;
let scripted: Stack;

before(async () => {
  host = await startScriptedHost();
  scripted = await startStack({ env: { ACQUIRER_ADDRESS: host.address } });
});
after(async () => {
  await scripted?.stop();
  host?.stop();
});

const home = { 'billing.street1': '1 Example Street', 'billing.postcode': 'N1 9GU', 'billing.country': 'GB' };
const approve = (more: Readonly<Record<number, string>> = {}) => host.script(() => ({ 38: 'ABC123', 39: '00', ...more }));
const results = (codes: Parameters<typeof packCheckResults>[0]) => ({ 44: packCheckResults(codes) ?? '' });
const bytes = (text: string) => ({ 44: Buffer.from(text, 'latin1').toString('hex') });

type Result = Readonly<Record<'avsResponse' | 'cvvResponse' | 'code', string | undefined>>;
const resultIn = (body: Readonly<Record<string, unknown>>) => body.result as Result;

async function isTold(codes: Readonly<Record<number, string>>, expected: readonly (string | undefined)[], card?: string): Promise<void> {
  approve(codes);
  const { code, body } = await scripted.api.pay({ more: home, ...(card === undefined ? {} : { card }) });
  assert.equal(code, succeeded);
  const { avsResponse, cvvResponse } = resultIn(body);
  assert.deepEqual([avsResponse, cvvResponse], expected, JSON.stringify(codes));
}

test('an authorization carries postcode and street of the billing address, and nothing else does', async () => {
  approve();
  const began = host.asked.length;
  const { id } = await scripted.api.pay({ type: 'PA', more: home });
  await scripted.api.operate(id, { type: 'CP', amount: '4.00' });
  await scripted.api.operate(id, { type: 'RV' });
  assert.deepEqual(
    host.asked.slice(began).map(({ mti, fields }) => [mti, fields[123]]),
    [
      ['0100', 'N19GU    1 Example Street'],
      ['0220', undefined],
      ['0420', undefined],
    ],
  );
});

test('what can be written of an address is sent, and no more', async () => {
  approve();
  const sent = async (more: Readonly<Record<string, string>>) => {
    await scripted.api.pay({ more });
    return host.asked.at(-1)?.fields[123];
  };
  assert.equal(await sent({ 'billing.postcode': '12345-6789' }), '123456789');
  assert.equal(
    await sent({ 'billing.houseNumber1': '12b', 'billing.street1': 'Straße des 17. Juni, Hinterhaus' }),
    '         12b Strae des 17. Ju',
  );
  assert.equal(await sent({ 'billing.street1': 'улица 5' }), '         5');
  assert.equal(await sent({ 'billing.postcode': '1234567890' }), undefined);
  assert.equal(await sent({ 'billing.street1': '4111111111111111 Street' }), '         411111******1111 Str');
  assert.equal(await sent({ 'billing.country': 'GB', 'billing.city': 'London' }), undefined);
  assert.equal(await sent({ 'shipping.postcode': 'N1 9GU' }), undefined);
});

test('a payment to a card carries none, and neither does a reversal of what was not answered', async () => {
  approve();
  await scripted.api.pay({ type: 'CD', more: home });
  assert.deepEqual([host.asked.at(-1)?.fields[3], host.asked.at(-1)?.fields[123]], ['260000', undefined]);
  host.script(({ mti }) => (mti === '0420' ? { 39: '00' } : undefined));
  const { id } = await scripted.api.pay({ more: home });
  for (let tries = 0; tries < 100 && (await scripted.api.read(id)).code !== '900.100.301'; tries += 1) await scripted.hurry();
  assert.deepEqual([host.asked.at(-1)?.mti, host.asked.at(-1)?.fields[123]], ['0420', undefined]);
});

test('a link that has no place for it is sent nothing', async () => {
  const other = await startStack({ env: { ACQUIRER_ADDRESS: host.address, ADDRESS_CHECKS: 'off' } });
  try {
    approve();
    assert.equal((await other.api.pay({ more: home })).code, succeeded);
    assert.equal(host.asked.at(-1)?.fields[123], undefined);
  } finally {
    await other.stop();
  }
});

test('every code of the schemes has its letter in OPP', async () => {
  const letters = { F: 'YXDMF', A: 'AB', Z: 'ZWP', N: 'N', U: 'CIGURSE' };
  for (const [letter, codes] of Object.entries(letters)) {
    for (const address of codes) await isTold(results({ address }), [letter, undefined]);
  }
  for (const [cvc, letter] of [...'MNPSU'].map((one) => [one, one] as const)) await isTold(results({ cvc }), [undefined, letter]);
  await isTold(results({ address: 'Z', cvc: 'N' }), ['Z', 'N']);
});

test('American Express means something else by some of them', async () => {
  const amex = '378282246310005';
  const cvc = { cvc: '1234' };
  for (const [address, letter] of [
    ['D', 'Z'],
    ['F', 'A'],
    ['W', 'N'],
    ['M', 'F'],
    ['K', 'N'],
    ['Y', 'F'],
  ] as const) {
    approve(results({ address }));
    const { body } = await scripted.api.pay({ card: amex, ...cvc, more: home });
    assert.equal(resultIn(body).avsResponse, letter, address);
  }
});

test('what nobody knows is kept as it came and counts as not compared; bytes that are no code are dropped, and no payment is lost by them', async () => {
  await isTold(results({ address: 'Q', cvc: '7' }), ['U', 'P']);
  for (const text of [
    '',
    ' ',
    '5',
    '     ',
    '\0\0\0\0\0\0\0\0\0\0\0',
    '\xff\xfe\x00"\\,{}\x1b\xff\xff',
    ` y        ${"'"}`,
    `  ${'"'.repeat(23)}`,
  ]) {
    await isTold(bytes(text), [undefined, undefined]);
  }
  await isTold(bytes(` N\xff\xff\xff\xff\xff\xff\xff\xff\x00${'\xff'.repeat(14)}`), ['N', undefined]);
});

test('a part that was not sent is not found to differ', async () => {
  approve(results({ address: 'N' }));
  const { id } = await scripted.api.pay({ more: { 'billing.postcode': 'N1 9GU' } });
  const [row] = (
    await scripted.database.query<{ checks: string }>(`select checks from polygate.operation where operation_id = $1::uuid`, [id])
  ).rows;
  assert.equal(row?.checks, 'N not_checked mismatch not_checked - -');
});

test('a decline bears them as well', async () => {
  host.script(() => ({ 39: 'N7', ...results({ address: 'Y', cvc: 'N' }) }));
  const { body } = await scripted.api.pay({ more: home });
  assert.deepEqual(resultIn(body).code, '800.100.153');
  assert.deepEqual([resultIn(body).avsResponse, resultIn(body).cvvResponse], ['F', 'N']);
  host.script(() => ({ 39: 'N7' }));
  assert.equal(resultIn((await scripted.api.pay({ more: home })).body).cvvResponse, 'N');
});

const oppPay = (more: Readonly<Record<string, string>>, cvc = '123') => stack.parts.api.pay({ more, cvc });

test('the sandbox: by postcode, street number and code; what is read later says the same', async () => {
  const of = (street: string, postcode: string) => ({ 'billing.street1': street, 'billing.postcode': postcode });
  for (const [more, cvc, expected] of [
    [{}, '123', [undefined, 'M']],
    [of('1 Example Street', '12345'), '123', ['F', 'M']],
    [of('200 Example Street', '12345'), '200', ['Z', 'N']],
    [of('1 Example Street', '20000'), '201', ['A', 'P']],
    [of('200 Example Street', '20000'), '301', ['N', 'U']],
    [of('201 Example Street', '20001'), '123', ['U', 'M']],
    [of('1 Example Street', '30000'), '123', ['U', 'M']],
  ] as const) {
    const { id, body, code } = await oppPay(more, cvc);
    const read = await stack.parts.api.read(id);
    for (const found of [body, read.body]) {
      assert.deepEqual([code, resultIn(found).avsResponse, resultIn(found).cvvResponse], [succeeded, ...expected], JSON.stringify(more));
    }
  }
});

test('the sandbox: a wrong code on a card that looks at it, and no code at all', async () => {
  const wrong = await stack.parts.api.pay({ card: '4444333322221111', cvc: '124' });
  assert.deepEqual([wrong.code, resultIn(wrong.body).cvvResponse], ['800.100.153', 'N']);
  const without = await stack.parts.api.pay({ plain: true, more: home });
  assert.deepEqual([resultIn(without.body).avsResponse, resultIn(without.body).cvvResponse], [undefined, undefined]);
});

const paymentOf = async (id: string): Promise<ConsoleBody> => {
  const { items } = await console.done('get', '/operations', { query: {} });
  const operation = (items ?? []).find(({ operation_id }) => String(operation_id).replaceAll('-', '') === id);
  return console.done('get', '/payments/{payment_id}', { ids: { payment_id: String(operation?.payment_id) } });
};

test('operators see the codes and what they mean, also in the time line; the capture has none', async () => {
  const { id } = await stack.parts.api.pay({
    type: 'PA',
    cvc: '200',
    more: { 'billing.street1': '200 Example Street', 'billing.postcode': '12345' },
  });
  await stack.parts.api.operate(id, { type: 'CP', amount: '10.00' });
  const { operations, events } = await paymentOf(id);
  const seen = (operations ?? []).map((one) => [
    one.address_code,
    one.address_street,
    one.address_postcode,
    one.address_name,
    one.cvc_code,
    one.cvc_result,
  ]);
  assert.deepEqual(seen, [
    ['Z', 'mismatch', 'match', 'not_checked', 'N', 'mismatch'],
    [null, null, null, null, null, null],
  ]);
  const snapshots = (events ?? []).map(({ name, snapshot }) => [name, snapshot?.checks]);
  assert.deepEqual(snapshots, [
    ['preauthorization.approved', 'Z mismatch match not_checked N mismatch'],
    ['capture.approved', undefined],
  ]);
});

test('PAYONE: the letters of the issuer, and 0 where nothing was compared; also after a challenge', async () => {
  const fraudOf = async (card: object, address?: object, more: object = {}) => {
    const order = {
      amountOfMoney: { amount: 1250, currencyCode: 'EUR' },
      ...(address === undefined ? {} : { customer: { billingAddress: address } }),
    };
    return (await stack.pay({ card, ...more }, { order })).body;
  };
  const found = (body: Awaited<ReturnType<typeof fraudOf>>) => {
    const results = (body.payment ?? body).paymentOutput?.cardPaymentMethodSpecificOutput?.fraudResults;
    return [results?.avsResult, results?.cvvResult];
  };
  assert.deepEqual(found(await fraudOf(stack.card())), ['0', 'M']);
  const address = { street: 'Example Street', houseNumber: '200', zip: '123456789', countryCode: 'US' };
  assert.deepEqual(found(await fraudOf(stack.card(undefined, '200'), address)), ['W', 'N']);
  const begun = await fraudOf(stack.card('4874970686672022'), address, { returnUrl: `${stack.url}/healthz` });
  assert.deepEqual(found(begun), ['0', '0']);
  const url = String(begun.merchantAction?.redirectData?.redirectURL);
  await authenticateAt({ url, method: 'GET', parameters: [] }, { code: '1234', act: 'confirm' });
  assert.deepEqual(found(await stack.becomes(begun.payment?.id ?? '', 5)), ['W', 'M']);
});
