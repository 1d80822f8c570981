/** Paymentz: checksums are those of published vectors, each made over its own fields in its own order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checksumOf, type Formula, formulas, isSigned, resultChecksum } from '../src/dialects/paymentz/checksum.ts';

const signer = { who: '11344', key: 's3cr3tKey' };

const vectors: readonly (readonly [name: string, formula: Formula, sum: string])[] = [
  ['a payment', formulas.payment('ORDER-1', '50.00'), 'd97376d050b34a25e9b89a523ad7b9d6'],
  ['a capture or a refund', formulas.idAndAmount('54289', '50.00'), '8cf19625737178192d4259386b205f71'],
  ['a reversal or an inquiry', formulas.id('54289'), '810badabbdf2e07b9ab4503d6d430000'],
  ['lists', formulas.list(), '968df7087fb9711668f8124a25069d18'],
  ['a registration', formulas.registration('4111111111111111'), '80c98870bdd0a695844ac6a5e8c173bf'],
  ['a payment with a registration', formulas.idAndAmount('REG123', '50.00'), '7803c019e06dd966581e10d252868486'],
  ['the end of a registration', formulas.id('REG123'), '634bba0102ee5151954c178f340400b7'],
  ['a cardholder', formulas.customer('Jon', 'Doe', 'jon.doe@domain.com'), '0eca8c529f100d51ebe52831d098c408'],
  ['a payout', formulas.payout('PO-1', '50.00'), 'e3659af29fa627942b143f82b38369fc'],
  ['a payment link', formulas.payout('ORDER-1', '50.00'), '67a85123f4bea93e3006423f5503a06a'],
  ['an invoice', formulas.invoice('Invoice01', '50.00', 'https://shop.test/return'), '999aafbc13c7710f27306170a8a88e02'],
  ['an invoice anew', formulas.invoiceNumber('1746', 'https://shop.test/return'), '8ba0cf194578e4506457885d9c253273'],
  [
    'a form that leads to the hosted page',
    formulas.checkout('gateway', '50.00', 'ORDER-1', 'https://shop.test/return'),
    'a186f9fe80d787a5aedd2eedc9015102',
  ],
  ['an inquiry of an invoice', formulas.id('Invoice01'), '3977426592c5913c53a7f72b74c0670b'],
];

for (const [name, formula, sum] of vectors) {
  test(`the checksum of ${name}`, () => {
    assert.equal(checksumOf(formula, signer), sum);
    assert.ok(isSigned(sum, [formula], [signer]));
    assert.ok(isSigned(sum.toUpperCase(), [formulas.list(), formula], [{ ...signer, key: 'other' }, signer]));
    assert.ok(!isSigned(sum, [formula], [{ ...signer, key: 'other' }]));
    assert.ok(!isSigned('', [formula], [signer]));
    assert.ok(!isSigned(sum, [formula], []));
  });
}

test('the checksum of messages and of the way back', () => {
  const result = { paymentId: '54289', merchantTransactionId: 'ORDER-1', amount: '50.00', status: 'Y' };
  assert.equal(resultChecksum(result, 's3cr3tKey'), 'd85bee3af4ca94ad5e0b4ff39f8c896b');
});
