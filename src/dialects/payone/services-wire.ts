/** The protocol's bodies for what is asked before anybody pays, as data: whose card it is, what it costs in its own currency, and what is added for it. */
import { type Static, Type } from 'typebox';
import { open, pattern, text, trimmed } from './members.ts';
import { amountOfMoney, cardNumber } from './wire.ts';

const bin = Type.String({ pattern: '^[0-9]{6,19}$' });

export const iinDetails = Type.Object(
  {
    bin,
    paymentContext: Type.Optional(open({ amountOfMoney, countryCode: pattern('^[A-Za-z]{2}$'), isRecurring: Type.Boolean() })),
  },
  { additionalProperties: false },
);

const cardSource = open({
  card: open({ cardNumber, paymentProductId: Type.Integer({ minimum: 0, maximum: 99_999 }) }),
  encryptedCustomerInput: Type.String({ maxLength: 20_000 }),
  hostedTokenizationId: trimmed,
  token: text(50),
});

export const currencyConversion = Type.Object(
  {
    cardSource: Type.Optional(cardSource),
    transaction: Type.Object({ amount: amountOfMoney }, { additionalProperties: false }),
  },
  { additionalProperties: false },
);

export const surchargeCalculation = Type.Object({ amountOfMoney, cardSource: Type.Optional(cardSource) }, { additionalProperties: false });

export type CardSource = Static<typeof cardSource>;
