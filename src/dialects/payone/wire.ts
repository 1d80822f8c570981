/**
 * The protocol as data: bodies in JSON, camelCase, amounts as integers in minor units. What steers a payment is described to the last member, and
 * unknown members are refused there, so that a misspelt one does not go unnoticed; what only describes the shopper or the goods may hold anything.
 */
import { type Static, type TObject, Type } from 'typebox';
import { anything, ascii, inputsOfOthers, oneOf, open, pattern, text, trimmed } from './members.ts';

/** Card number, expiry, code and holder as the platform's own limits have them. */
export const cardNumber = Type.String({ pattern: '^[1-9][0-9]{5}[0-9]{0,13}$', description: 'The card number, without spaces.' });
const expiryDate = Type.String({ pattern: '^(0[1-9]|1[0-2])[0-9]{2}$', description: 'MMYY.' });
const cvv = Type.String({ pattern: '^[0-9]{3,4}$', description: 'Three or four digits.' });
export const returnUrl = Type.String({ maxLength: 200, description: 'Where the shopper comes back to: absolute, http or https.' });

const card = Type.Object(
  {
    cardNumber,
    expiryDate,
    cardholderName: Type.Optional(trimmed),
    cvv: Type.Optional(cvv),
  },
  { additionalProperties: false },
);

export const amountOfMoney = Type.Object(
  {
    amount: Type.Integer({ minimum: 0, maximum: 999_999_999_999, description: 'In minor units of the currency.' }),
    currencyCode: pattern('^[A-Z]{3}$'),
  },
  { additionalProperties: false },
);

const address = open({
  additionalInfo: trimmed,
  city: trimmed,
  countryCode: pattern('^[A-Za-z]{2}$'),
  houseNumber: trimmed,
  state: trimmed,
  street: trimmed,
  zip: trimmed,
  name: anything('First name, surname, title.'),
  companyName: trimmed,
});

const device = open({
  acceptHeader: text(2048),
  browserData: open({
    colorDepth: Type.Integer({ minimum: 0, maximum: 99 }),
    javaEnabled: Type.Boolean(),
    javaScriptEnabled: Type.Boolean(),
    screenHeight: text(6),
    screenWidth: text(6),
  }),
  deviceFingerprint: text(1024),
  ipAddress: text(45),
  locale: text(35),
  timezoneOffsetUtcMinutes: text(6),
  userAgent: text(2048),
});

const customer = open({
  account: anything('The shopper’s account at the shop.'),
  accountType: oneOf('none', 'created', 'existing'),
  billingAddress: address,
  companyInformation: open({ name: trimmed }),
  contactDetails: open({
    emailAddress: trimmed,
    faxNumber: trimmed,
    mobilePhoneNumber: trimmed,
    phoneNumber: trimmed,
    workPhoneNumber: trimmed,
  }),
  device,
  fiscalNumber: text(14),
  locale: text(6),
  merchantCustomerId: text(50),
  personalInformation: anything('Name, date of birth, gender.'),
});

const references = open({
  descriptor: text(256),
  merchantParameters: text(1000),
  merchantReference: text(40),
  operationGroupReference: text(50),
});

const operationReferences = open({ merchantReference: text(40), operationGroupReference: text(50) });
/** The older member of captures and refunds. */
const olderReferences = open({ merchantParameters: text(1000), merchantReference: text(40), operationGroupReference: text(50) });

/** For the card, beside the amount; refused where there would be one. */
const surcharge = open({ mode: oneOf('pass-through', 'on-behalf-of'), surchargeAmount: amountOfMoney });

export const order = Type.Object(
  {
    amountOfMoney,
    additionalInput: Type.Optional(anything('Airline, lodging, loan, type of purchase.')),
    customer: Type.Optional(customer),
    discount: Type.Optional(anything('The discount that was given.')),
    references: Type.Optional(references),
    shipping: Type.Optional(anything('Where the goods go.')),
    shoppingCart: Type.Optional(anything('What is bought.')),
    surchargeSpecificInput: Type.Optional(surcharge),
  },
  { additionalProperties: false },
);

const threeDSecure = open({
  authenticationAmount: Type.Integer({ minimum: 0 }),
  challengeCanvasSize: oneOf('250x400', '390x400', '500x600', '600x400', 'full-screen'),
  challengeIndicator: oneOf(
    'no-preference',
    'no-challenge-requested',
    'challenge-requested',
    'challenge-required',
    'no-challenge-requested-risk-analysis-performed',
    'no-challenge-requested-data-share-only',
    'no-challenge-requested-consumer-authentication-performed',
    'no-challenge-requested-use-whitelist-exemption',
    'challenge-requested-whitelist-prompt-requested',
    'request-scoring-without-connecting-to-acs',
  ),
  deviceChannel: oneOf('AppBased', 'Browser', 'ThreeDSRequestorInitiated'),
  exemptionRequest: oneOf('none', 'transaction-risk-analysis', 'low-value', 'whitelist'),
  externalCardholderAuthenticationData: open({
    acsTransactionId: ascii(36),
    appliedExemption: text(4),
    cavv: ascii(50),
    cavvAlgorithm: text(1),
    directoryServerTransactionId: ascii(36),
    eci: Type.Integer({ minimum: 0, maximum: 99 }),
    flow: oneOf('frictionless', 'challenge'),
    schemeRiskScore: Type.Integer({ minimum: 0, maximum: 99 }),
    threeDSecureVersion: oneOf('v1', 'v2', '1.0.2', '2.1.0', '2.2.0', '2.3.1'),
    xid: ascii(50),
  }),
  merchantFraudRate: Type.Integer(),
  priorThreeDSecureData: anything('An earlier authentication.'),
  redirectionData: Type.Object({ returnUrl, variant: Type.Optional(trimmed) }, { additionalProperties: false }),
  secureCorporatePayment: Type.Boolean(),
  skipAuthentication: Type.Boolean(),
  skipSoftDecline: Type.Boolean(),
});

export const authorizationModes = ['FINAL_AUTHORIZATION', 'PRE_AUTHORIZATION', 'SALE'] as const;

export const cardInput = open({
  allowDynamicLinking: Type.Boolean(),
  authorizationMode: oneOf(...authorizationModes),
  autoCapture: open({ delayInMinutes: Type.Integer({ minimum: 0, maximum: 43_200 }) }),
  card,
  cardOnFileRecurringExpiration: pattern('^[0-9]{8}$'),
  cardOnFileRecurringFrequency: oneOf('Yearly', 'Quarterly', 'Monthly', 'Weekly', 'Daily'),
  cobrandSelectionIndicator: oneOf('default', 'alternative', 'notApplicable'),
  currencyConversion: open({
    acceptedByUser: Type.Boolean({ description: 'True is refused: conversions are quoted only.' }),
    dccSessionId: text(100),
  }),
  initialSchemeTransactionId: ascii(50),
  isRecurring: Type.Boolean(),
  marketPlace: anything('The market place that sells.'),
  multiplePaymentInformation: anything('Several payments of one purchase.'),
  networkTokenData: anything('A token of the scheme instead of the card.'),
  paymentProduct130SpecificInput: anything('Carte Bancaire.'),
  paymentProduct3012SpecificInput: anything('Bancontact.'),
  paymentProduct3013SpecificInput: anything('Illicado.'),
  paymentProduct3208SpecificInput: anything('Oney.'),
  paymentProduct3209SpecificInput: anything('Oney.'),
  paymentProductId: Type.Integer({ minimum: 0, maximum: 99_999 }),
  recurring: open({ recurringPaymentSequenceIndicator: oneOf('first', 'recurring') }),
  returnUrl,
  schemeReferenceData: ascii(100),
  skipAuthentication: Type.Boolean(),
  threeDSecure,
  token: text(50),
  tokenize: Type.Boolean(),
  transactionChannel: oneOf('ECOMMERCE', 'MOTO'),
  unscheduledCardOnFileRequestor: oneOf('merchantInitiated', 'cardholderInitiated'),
  unscheduledCardOnFileSequenceIndicator: oneOf('first', 'subsequent'),
});

const redirectInput = open({
  ...inputsOfOthers(840, 3203, 3204, 3302, 3306, 5001, 5300, 5402, 5403, 5406, 5410),
  paymentOption: trimmed,
  paymentProductId: Type.Integer({ minimum: 0, maximum: 99_999 }),
  paymentProduct5408SpecificInput: anything('Bank transfer.'),
  paymentProduct809SpecificInput: anything('iDEAL.'),
  redirectionData: Type.Object({ returnUrl, variant: Type.Optional(trimmed) }, { additionalProperties: false }),
  requiresApproval: Type.Boolean(),
  token: text(50),
  tokenize: Type.Boolean(),
});

export const feedbacks = open({ webhookUrl: text(325), webhooksUrls: Type.Array(text(325), { maxItems: 5 }) });
export const fraudFields = open({
  blackListData: text(50),
  customerIpAddress: text(45),
  productCategories: Type.Array(trimmed, { maxItems: 100 }),
});

export const createPayment = Type.Object(
  {
    order,
    cardPaymentMethodSpecificInput: Type.Optional(cardInput),
    encryptedCustomerInput: Type.Optional(Type.String({ maxLength: 20_000 })),
    feedbacks: Type.Optional(feedbacks),
    fraudFields: Type.Optional(fraudFields),
    hostedFieldsSessionId: Type.Optional(trimmed),
    hostedTokenizationId: Type.Optional(trimmed),
    mobilePaymentMethodSpecificInput: Type.Optional(anything('Wallets, which are not taken here.')),
    omnichannelPaymentSpecificInput: Type.Optional(anything('Payments in shops, which are not taken here.')),
    redirectPaymentMethodSpecificInput: Type.Optional(redirectInput),
    sepaDirectDebitPaymentMethodSpecificInput: Type.Optional(anything('Direct debits, which are not taken here.')),
  },
  { additionalProperties: false },
);

export const capturePayment = open({
  amount: Type.Integer({ minimum: 0, maximum: 999_999_999_999 }),
  isFinal: Type.Boolean(),
  operationReferences,
  references: olderReferences,
});

export const refundPayment = open({
  amountOfMoney,
  captureId: text(50),
  isFinal: Type.Boolean(),
  lineItemDetails: Type.Array(Type.Unknown(), { maxItems: 1000 }),
  omnichannelRefundSpecificInput: anything('The operator in a shop.'),
  operationReferences,
  reason: text(100),
  references: olderReferences,
});

export const cancelPayment = open({ amountOfMoney, isFinal: Type.Boolean(), operationReferences });

export const subsequentTypes = [
  'Recurring',
  'Unscheduled',
  'Installment',
  'NoShow',
  'DelayedCharge',
  'PartialShipment',
  'Resubmission',
] as const;

export const subsequentPayment = Type.Object(
  {
    order,
    // The platform's own spelling.
    subsequentcardPaymentMethodSpecificInput: Type.Optional(
      open({
        authorizationMode: oneOf(...authorizationModes),
        paymentNumber: Type.Integer({ minimum: 1 }),
        schemeReferenceData: ascii(100),
        subsequentType: oneOf(...subsequentTypes),
        token: text(50),
        transactionChannel: oneOf('ECOMMERCE', 'MOTO'),
      }),
    ),
    subsequentPaymentProduct5001SpecificInput: Type.Optional(anything('Bizum.')),
  },
  { additionalProperties: false },
);

export const completePayment = open({
  cardPaymentMethodSpecificInput: anything('Of a wallet.'),
  order: anything('What is completed.'),
  redirectPaymentMethodSpecificInput: anything('Of a wallet.'),
});

export const createToken = Type.Object(
  {
    card: Type.Optional(
      open({
        cobrandSelectionIndicator: oneOf('default', 'alternative', 'notApplicable'),
        data: Type.Object({ card, cobrandSelectionIndicator: Type.Optional(trimmed) }, { additionalProperties: false }),
      }),
    ),
    encryptedCustomerInput: Type.Optional(Type.String({ maxLength: 20_000 })),
    paymentProductId: Type.Optional(Type.Integer({ minimum: 0, maximum: 99_999 })),
  },
  { additionalProperties: false },
);

export const createPayout = Type.Object(
  {
    amountOfMoney,
    cardPayoutMethodSpecificInput: Type.Optional(
      open({
        card,
        paymentProductId: Type.Integer({ minimum: 0, maximum: 99_999 }),
        payoutReason: oneOf('Gambling', 'Refund', 'Loyalty'),
        token: text(50),
      }),
    ),
    descriptor: Type.Optional(text(256)),
    feedbacks: Type.Optional(feedbacks),
    omnichannelPayoutSpecificInput: Type.Optional(anything('Payouts in shops.')),
    references: Type.Optional(references),
  },
  { additionalProperties: false },
);

export const createSession = open({ tokens: Type.Array(text(50), { maxItems: 10 }) });

export const validateCredentials = Type.Object({ key: text(200), secret: text(200) }, { additionalProperties: false });

export const sendTest = open({ url: text(325) });

/** Bodies that are only looked at so far as to answer that there is no such thing here. */
export const anyBody = anything('Whatever the platform’s contract has.');

export type CreatePayment = Static<typeof createPayment>;
export type CardInput = NonNullable<CreatePayment['cardPaymentMethodSpecificInput']>;
export type CardData = Static<typeof card>;
export type Order = Static<typeof order>;
export type Money = Static<typeof amountOfMoney>;
export type CancelPayment = Static<typeof cancelPayment>;
export type SubsequentPayment = Static<typeof subsequentPayment>;
export type CreatePayout = Static<typeof createPayout>;

export type BodySchema = TObject | ReturnType<typeof anything>;
