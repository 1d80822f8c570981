/** What the drivers of protocols with flat parameters have in common: their names, and how a payment is spoiled. */
import type { Fault, Field } from './driver.ts';

/** Of parameters with dots in their names, as both protocols have them. */
export const fieldsOfParameters: Readonly<Record<string, Field>> = {
  'card.number': 'card number',
  'card.expiryMonth': 'expiry month',
  'card.expiryYear': 'expiry year',
  'card.cvv': 'cvc',
};

/** A good payment becomes a faulty one with these; undefined removes. */
export const spoiled: Readonly<Record<Fault, Readonly<Record<string, string | undefined>>>> = {
  'no amount': { amount: undefined },
  'an amount of zero': { amount: '0.00' },
  'a negative amount': { amount: '-1.00' },
  'an amount that is no number': { amount: 'ten' },
  'no currency': { currency: undefined },
  'a currency that does not exist': { currency: 'ABC' },
  'no card number': { 'card.number': undefined },
  'letters in the card number': { 'card.number': '4111x11111111111' },
  'no expiry month': { 'card.expiryMonth': undefined },
  'a month that does not exist': { 'card.expiryMonth': '13' },
  'no expiry year': { 'card.expiryYear': undefined },
  'a code of letters': { 'card.cvv': 'abc' },
  'a field that nobody knows': { surprise: 'x' },
};
