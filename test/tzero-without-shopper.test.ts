/** tZero: payments of the merchant whose channel wants their issuer asked (3RI): the protocol has no word for it, and its answers stay as they are. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { card, type Json, order, useTzero } from './harness/tzero.ts';

const stack = useTzero({});

const merchant = (more: Json): Json => ({
  payment_type: 'mit',
  payment_sub_type: 'recurring-subsequent',
  credential_on_file: true,
  ...more,
});

/** What the acquirer was told with the latest payment. */
const toldLast = async () => (await stack.parts.host.books()).at(-1)?.authentication;

test('what the customer has agreed to, authenticated, is charged later and authenticated by that; all other answers of issuers count as well', async () => {
  // Before anybody has asked for the channel.
  await stack.parts.database.query(`update polygate.channel set authenticates_without_shopper = true where wire_id = 'ch_demo'`);
  const payment_method = card('5555555555554444');
  const first = await stack.pay(
    order({ payment_method, payment_data: { payment_sub_type: 'recurring-initial', credential_on_file: true } }),
  );
  assert.equal(first.body.status, 'captured', first.text);
  const rows: readonly (readonly [previous: Json, number: string, status: string, eci: string | undefined])[] = [
    [{ previous_payment_id: first.body.id }, '5555555555554444', 'captured', '07'],
    [{ previous_network_reference: first.body.payment_data?.network_reference }, '5555555555554444', 'captured', '00'],
    [{ previous_network_reference: 'A1B2C3D4' }, '4111111111111111', 'captured', undefined],
  ];
  for (const [previous, number, status, eci] of rows) {
    const again = await stack.authorise(order({ payment_method: card(number), payment_data: merchant(previous) }));
    assert.deepEqual([again.status, again.body.status, again.body.redirect_url], [200, status, null], again.text);
    assert.equal((await toldLast())?.eci, eci, number);
  }
  const before = (await stack.parts.host.books()).length;
  const forbidden = order({ payment_method: card('4000000000003113'), payment_data: merchant({ previous_network_reference: 'A1B2C3D4' }) });
  const refused = await stack.authorise(forbidden);
  assert.deepEqual([refused.status, refused.body.redirect_url], [200, null], refused.text);
  assert.match(String(refused.body.status), /^(failed|declined|rejected)$/);
  assert.equal((await stack.parts.host.books()).length, before);
});
