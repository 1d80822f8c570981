/** The protocol's bodies for what shoppers see of it, as data: the form for cards, the hosted checkout and the payment link. */
import { type Static, Type } from 'typebox';
import { anything, open, text, trimmed } from './members.ts';
import { amountOfMoney, cardInput, feedbacks, fraudFields, order, returnUrl } from './wire.ts';

const productFilter = open({
  groups: Type.Array(text(64), { maxItems: 50 }),
  products: Type.Array(Type.Integer({ minimum: 0, maximum: 99_999 }), { maxItems: 100 }),
});
const paymentProductFilters = open({ exclude: productFilter, restrictTo: productFilter });
const locale = Type.String({ pattern: '^[A-Za-z]{2}(?:[_-][A-Za-z]{2})?$', description: 'Such as `en_US`.' });

const validationRules = open({
  cvvMandatoryForExistingToken: Type.Boolean({ description: 'False: a stored card needs no code.' }),
  cvvMandatoryForNewToken: Type.Boolean({ description: 'False: a new card needs no code.' }),
});

export type ValidationRules = Static<typeof validationRules>;

export const createHostedTokenization = open({
  askConsumerConsent: Type.Boolean({ description: 'The form asks whether the card may be kept.' }),
  creditCardSpecificInput: open({
    ValidationRules: validationRules,
    paymentProductPreferredOrder: Type.Array(Type.Integer({ minimum: 0, maximum: 99_999 }), { maxItems: 100 }),
  }),
  locale,
  paymentProductFilters,
  tokens: Type.String({ maxLength: 2048, description: 'Stored cards to choose from, with commas.' }),
  variant: trimmed,
});

const hostedCheckoutInput = open({
  allowedNumberOfPaymentAttempts: Type.Integer({ minimum: 1, maximum: 10 }),
  cardPaymentMethodSpecificInput: anything('How cards are offered.'),
  isNewUnscheduledCardOnFileSeries: Type.Boolean(),
  isRecurring: Type.Boolean(),
  locale,
  paymentProductFilters,
  returnUrl,
  sessionTimeout: Type.Integer({ minimum: 1, maximum: 1440, description: 'In minutes; 180 unless said.' }),
  showResultPage: Type.Boolean(),
  tokens: Type.String({ maxLength: 2048, description: 'Stored cards to choose from, with commas.' }),
  variant: trimmed,
});

/** How the page takes cards; what is offered beside is not. */
const cardInputOfPage = Type.Partial(
  Type.Object({
    ...cardInput.properties,
    currencyConversionSpecificInput: anything('Conversions are not offered on the page.'),
    paymentProduct5100SpecificInput: anything('Cpay, which is not taken here.'),
  }),
  { additionalProperties: false },
);

const paidOnPage = {
  order,
  cardPaymentMethodSpecificInput: Type.Optional(cardInputOfPage),
  feedbacks: Type.Optional(feedbacks),
  fraudFields: Type.Optional(fraudFields),
  hostedCheckoutSpecificInput: Type.Optional(hostedCheckoutInput),
  mobilePaymentMethodSpecificInput: Type.Optional(anything('Wallets, which are not offered.')),
  redirectPaymentMethodSpecificInput: Type.Optional(anything('Methods of banks, which are offered as the account has them.')),
  sepaDirectDebitPaymentMethodSpecificInput: Type.Optional(anything('Direct debits, which are not offered.')),
};

export const createHostedCheckout = Type.Object(paidOnPage, { additionalProperties: false });

const linkInput = {
  description: text(1000),
  expirationDate: Type.String({
    maxLength: 40,
    description: 'With its offset from UTC; at most six months ahead. A day unless said.',
  }),
  recipientName: text(255),
};

/** `order` and `paymentLinkSpecificInput` have older names beside them, which integrations go on using. */
export const createPaymentLink = Type.Object(
  {
    ...paidOnPage,
    order: Type.Optional(order),
    description: Type.Optional(linkInput.description),
    displayQRCode: Type.Optional(Type.Boolean()),
    expirationDate: Type.Optional(linkInput.expirationDate),
    isReusableLink: Type.Optional(Type.Boolean()),
    paymentLinkOrder: Type.Optional(
      Type.Object(
        {
          amount: amountOfMoney,
          merchantReference: Type.Optional(text(40)),
          surchargeSpecificInput: order.properties.surchargeSpecificInput,
        },
        { additionalProperties: false },
      ),
    ),
    paymentLinkSpecificInput: Type.Optional(open(linkInput)),
    recipientName: Type.Optional(linkInput.recipientName),
  },
  { additionalProperties: false },
);

export type CreateHostedTokenization = Static<typeof createHostedTokenization>;
export type ProductFilters = Static<typeof paymentProductFilters>;
export type CreateHostedCheckout = Static<typeof createHostedCheckout>;
export type CreatePaymentLink = Static<typeof createPaymentLink>;
