/** tZero: what is paid with and from where: network tokens, apps, what 3-D Secure is told of a device, and what the acquirer is told of agreements. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { card, device, type Json, listIn, order, type TzeroReply, useTzero } from './harness/tzero.ts';

const stack = useTzero();

const cryptogram = 'AgAAAAAAAIR8CQrXSohbQAAAAAA=';
const networkToken = (number: string, more: Json = {}): Json => ({
  ...{ type: 'network_token', number, expiry_month: '12', expiry_year: 2077, cryptogram, eci: '5' },
  ...more,
});
const merchant = (more: Json = {}): Json => ({
  ...{ payment_type: 'mit', payment_sub_type: 'unscheduled-subsequent', credential_on_file: true, previous_network_reference: 'A1B2C3D4' },
  ...more,
});

function fieldsOf({ status, body, text }: TzeroReply): readonly string[] {
  assert.equal(status, 422, text);
  return listIn(body.error ?? ({} as never), 'details').map(({ field = '' }) => field);
}

/** What the acquirer has booked last. */
async function lastBooked() {
  const booked = (await stack.parts.host.books()).at(-1);
  assert.ok(booked !== undefined);
  return booked;
}

for (const [name, number] of [
  ['not enrolled', '4111111111111111'],
  ['of an issuer that challenges cards', '5555555555554444'],
  ['of an issuer that wants authentication', '4000000000000101'],
] as const) {
  test(`a network token, ${name}: the customer confirms, and its cryptogram goes to the acquirer`, async () => {
    const steps: string[] = [];
    const paid = await stack.pay(order({ payment_method: networkToken(number) }), { onStep: (step) => steps.push(step) });
    assert.deepEqual([paid.body.status, steps], ['captured', ['confirm']], paid.text);
    assert.deepEqual([paid.body.payment_method?.type, paid.body.payment_method?.last4], ['network_token', number.slice(-4)]);
    assert.deepEqual([paid.body.three_ds, paid.body.payment_method?.id], [undefined, undefined]);
    const { authentication } = await lastBooked();
    assert.deepEqual([authentication?.eci, authentication?.valueHash], ['05', hash('sha256', cryptogram)]);
    assert.ok(!paid.text.includes(cryptogram));
  });
}

test('a network token of a payment of the merchant has no cryptogram, and is done at once', async () => {
  const paid = await stack.authorise(
    order({ payment_method: networkToken('4111111111111111', { cryptogram: undefined, eci: undefined }), payment_data: merchant() }),
  );
  assert.deepEqual([paid.status, paid.body.status, paid.body.payment_method?.type], [200, 'captured', 'network_token'], paid.text);
  assert.equal((await lastBooked()).authentication, undefined);
});

test('a network token needs its cryptogram where the customer pays; one that was called off is sent nowhere', async () => {
  const without = networkToken('4111111111111111', { cryptogram: '' });
  assert.deepEqual(fieldsOf(await stack.authorise(order({ payment_method: without }))), ['payment_method.cryptogram']);
  const odd = networkToken('41', { cryptogram: 'not base64!', eci: '9', expiry_month: 13 });
  assert.deepEqual(
    fieldsOf(await stack.authorise(order({ payment_method: odd }))).toSorted(),
    ['cryptogram', 'eci', 'expiry_month', 'number'].map((name) => `payment_method.${name}`),
  );
  const before = (await stack.parts.host.books()).length;
  const called = await stack.pay(order({ payment_method: networkToken('4111111111111111') }), { cancels: true });
  assert.deepEqual([called.body.status, (await stack.parts.host.books()).length], ['cancelled', before]);
});

test('a payment in an app is finished at the same address, whatever its SDK says', async () => {
  const app: Json = {
    ...{ type: 'app', ip_address: '192.0.2.1', sdk_app_id: '9063b12c-fcde-43c7-b28e-8d0af5520e8a', sdk_max_timeout: '15' },
    ...{ sdk_trans_id: 'ed32fb8d-c7d0-40f6-b42f-3c7e3f4c3e2d', sdk_reference_number: '3DS_LOA_SDK_SHOP_020200_00123' },
    ...{ sdk_ephem_pub_key: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }, sdk_enc_data: 'eyJhbGciOiJSU0EtT0FFUC0yNTYifQ'.repeat(300) },
  };
  const steps: string[] = [];
  const paid = await stack.pay(order({ payment_method: card('5555555555554444'), device_info: app }), {
    onStep: (step) => steps.push(step),
  });
  assert.deepEqual([paid.body.status, paid.body.three_ds?.status, steps], ['captured', 'Y', ['challenge']], paid.text);
  const bare = await stack.pay(order({ payment_method: card('5555555555554444'), device_info: { type: 'app' } }));
  assert.equal(bare.body.status, 'captured');
});

/** What 3-D Secure keeps of the browser of the latest payment. */
async function browserOf(deviceInfo: Json): Promise<unknown> {
  const begun = await stack.authorise(order({ device_info: deviceInfo }));
  assert.equal(begun.status, 201, begun.text);
  const { rows } = await stack.parts.database.query<{ browser: unknown }>(
    `select request->'browser' as browser from polygate.authentication order by created_at desc, authentication_id desc limit 1`,
  );
  return rows[0]?.browser;
}

test('what 3-D Secure is told of the device comes as text, as numbers and flags, and under either spelling', async () => {
  const said = {
    ...{ acceptHeader: 'text/html', userAgent: 'Mozilla/5.0', language: 'en', ip: '192.0.2.1', javaEnabled: false, colorDepth: 24 },
    ...{ screenHeight: 900, screenWidth: 1440, timeZoneMinutes: -60, challengeWindow: '05' },
  };
  const { ip_address, accept_header, language } = device;
  const rest = { ip_address, accept_header, language };
  assert.deepEqual(await browserOf({ ...device, timezone: '-60' }), said);
  assert.deepEqual(
    await browserOf({
      ...{ ...rest, screen_colorDepth: 24, javaEnabled: false, screenHeight: 900, screenWidth: 1440, timezone: -60 },
      ...{ challengeWindow: 5, userAgent: 'Mozilla/5.0' },
    }),
    said,
  );
  assert.deepEqual(
    await browserOf({
      ...{ ...rest, screen_color_depth: '24', java_enabled: 'false', screen_height: '900', screen_width: '1440', timezone: '-60' },
      ...{ challenge_window: '05', user_agent: 'Mozilla/5.0' },
    }),
    said,
  );
  const odd = { ip_address: 'here', javaEnabled: 'maybe', screenHeight: 'tall', timezone: '1.5', challengeWindow: '9', surprise: [1] };
  assert.deepEqual(await browserOf({ ...odd, language: 'de' }), { language: 'de' });
});

/** How each sub-type is told to the acquirer (DE48, 22): who starts it, and what is agreed. */
const told = {
  cit: {
    'one-off': undefined,
    'recurring-initial': 'C103',
    'installment-initial': 'C104',
    'unscheduled-initial': 'C101',
    'cof-initial': 'C101',
    'cof-subsequent': 'C101',
  },
  mit: { 'recurring-subsequent': 'M103', 'installment-subsequent': 'M104', 'unscheduled-subsequent': 'M101' },
} as const;

test('the acquirer is told of each sub-type who starts the payment and under what; the industry’s usage is kept', async () => {
  for (const [subType, initiation] of Object.entries(told.cit)) {
    const data = { payment_type: 'cit', payment_sub_type: subType, credential_on_file: subType !== 'one-off', industry_usage: 'none' };
    const paid = await stack.pay(order({ payment_data: data }));
    assert.equal(paid.body.status, 'captured', paid.text);
    assert.equal((await lastBooked()).storedCredential?.initiation, initiation, subType);
    assert.deepEqual([paid.body.payment_data?.payment_sub_type, paid.body.payment_data?.industry_usage], [subType, 'none']);
  }
  const first = await stack.pay(order({ payment_data: { payment_sub_type: 'recurring-initial', credential_on_file: true } }));
  const reference = first.body.payment_data?.network_reference;
  const usages = ['delayed-charge', 'no-show', 'reauthorisation', 'resubmission', 'incremental', 'partial-shipment'];
  for (const [subType, initiation] of Object.entries(told.mit)) {
    for (const previous of [{ previous_payment_id: first.body.id }, { previous_network_reference: reference }]) {
      const usage = usages.shift() ?? '';
      const data = { payment_type: 'mit', payment_sub_type: subType, credential_on_file: true, industry_usage: usage, ...previous };
      const again = await stack.authorise(order({ payment_data: data }));
      assert.deepEqual([again.status, again.body.status, again.body.redirect_url], [200, 'captured', null], again.text);
      const { storedCredential } = await lastBooked();
      assert.deepEqual([storedCredential?.initiation, storedCredential?.initialReference], [initiation, reference], subType);
      assert.equal(again.body.payment_data?.industry_usage, usage);
    }
  }
  assert.deepEqual(fieldsOf(await stack.authorise(order({ payment_data: { industry_usage: 'other' } }))), ['payment_data.industry_usage']);
});
