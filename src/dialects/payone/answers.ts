/** Answers as the description of the API shows them. Members that are not listed may be there as well. */
import { type TProperties, type TSchema, Type } from 'typebox';

const text = Type.String();
const number = Type.Integer();
const flag = Type.Boolean();
const some = (properties: TProperties, required: readonly string[] = []) =>
  Type.Unsafe({ type: 'object', properties, required: [...required] } satisfies object);
const ref = (name: string): TSchema => Type.Unsafe({ $ref: `#/components/schemas/${name}` });
const list = (items: TSchema) => Type.Array(items);

const error = some(
  {
    errorCode: text,
    code: text,
    category: Type.Enum(['DIRECT_PLATFORM_ERROR', 'PAYMENT_PLATFORM_ERROR', 'IO_ERROR']),
    httpStatusCode: number,
    id: text,
    message: text,
    propertyName: text,
    retriable: flag,
  },
  ['errorCode', 'httpStatusCode', 'id', 'message', 'retriable'],
);

const money = some({ amount: number, currencyCode: text }, ['amount', 'currencyCode']);
const references = some({ merchantReference: text, merchantParameters: text, operationGroupReference: text });
const errorMembers = { errorId: text, errors: list(ref('Error')), status: number };
const errorRequired = ['errorId', 'errors', 'status'];

const statusOutput = some(
  {
    isAuthorized: flag,
    isCancellable: flag,
    isRefundable: flag,
    statusCategory: text,
    statusCode: number,
    errors: list(ref('Error')),
  },
  ['statusCode'],
);

const paymentOutput = some(
  {
    amountOfMoney: money,
    acquiredAmount: money,
    references,
    operationReferences: references,
    paymentMethod: Type.Enum(['card', 'redirect']),
    cardPaymentMethodSpecificOutput: some({
      paymentProductId: number,
      authorisationCode: text,
      token: text,
      card: some({ cardNumber: text, expiryDate: text, bin: text, countryCode: text }),
      fraudResults: some({ fraudServiceResult: text, avsResult: text, cvvResult: text }),
      threeDSecureResults: some({
        version: text,
        flow: Type.Enum(['frictionless', 'challenge']),
        authenticationStatus: text,
        eci: text,
        schemeEci: text,
        liability: Type.Enum(['issuer', 'merchant']),
      }),
      reattemptInstructions: some({ indicator: text }),
    }),
    redirectPaymentMethodSpecificOutput: some({ paymentProductId: number }),
  },
  ['amountOfMoney', 'acquiredAmount', 'paymentMethod'],
);

const payment = {
  ...{ id: text, status: text, statusOutput, paymentOutput },
  hostedCheckoutSpecificOutput: some({ hostedCheckoutId: text, variant: text }, ['hostedCheckoutId']),
};
const paymentRequired = ['id', 'status', 'statusOutput', 'paymentOutput'];

const operation = some({ id: text, amountOfMoney: money, status: text, statusOutput, paymentMethod: text, references }, [
  'id',
  'amountOfMoney',
  'status',
  'statusOutput',
]);

const token = { cardNumber: text, expiryDate: text, cardholderName: text };
const act = ['id', 'status', 'statusOutput'];

/** By their names in the document. */
export const answerSchemas = {
  Error: error,
  Refusal: some(errorMembers, errorRequired),
  DeclinedPayment: some({ ...errorMembers, paymentResult: some({ payment: ref('Payment') }, ['payment']) }, [
    ...errorRequired,
    'paymentResult',
  ]),
  DeclinedRefund: some({ ...errorMembers, refundResult: ref('Refund') }, [...errorRequired, 'refundResult']),
  DeclinedPayout: some({ ...errorMembers, payoutResult: ref('Payout') }, [...errorRequired, 'payoutResult']),
  Payment: some(payment, paymentRequired),
  PaymentDetails: some({ ...payment, Operations: list(operation) }, [...paymentRequired, 'Operations']),
  CreatedPayment: some(
    {
      creationOutput: some({ externalReference: text, token: text, isNewToken: flag, tokenizationSucceeded: flag }, ['externalReference']),
      merchantAction: Type.Unsafe({
        type: ['object', 'null'],
        properties: { actionType: text, redirectData: some({ RETURNMAC: text, redirectURL: text }, ['RETURNMAC', 'redirectURL']) },
      }),
      payment: ref('Payment'),
    },
    ['creationOutput', 'merchantAction', 'payment'],
  ),
  SubsequentPayment: some({ payment: ref('Payment') }, ['payment']),
  CanceledPayment: some({ payment: ref('Payment') }, ['payment']),
  Capture: some(
    { id: text, status: text, statusOutput: some({ statusCode: number }), captureOutput: some({ amountOfMoney: money, references }) },
    [...act, 'captureOutput'],
  ),
  Captures: some({ captures: list(ref('Capture')) }, ['captures']),
  Refund: some({ id: text, status: text, statusOutput, refundOutput: some({ amountOfMoney: money, references }) }, [
    ...act,
    'refundOutput',
  ]),
  Refunds: some({ refunds: list(ref('Refund')) }, ['refunds']),
  CreatedToken: some({ token: text, isNewToken: flag, tokenStatus: text, card: some(token) }, [
    'token',
    'isNewToken',
    'tokenStatus',
    'card',
  ]),
  Token: some(
    { id: text, paymentProductId: number, isTemporary: flag, card: some({ alias: text, data: some({ cardWithoutCvv: some(token) }) }) },
    ['id', 'paymentProductId', 'isTemporary', 'card'],
  ),
  HostedCheckout: some(
    {
      RETURNMAC: text,
      hostedCheckoutId: text,
      redirectUrl: text,
      partialRedirectUrl: text,
      merchantReference: text,
      invalidTokens: list(text),
    },
    ['RETURNMAC', 'hostedCheckoutId', 'redirectUrl'],
  ),
  HostedCheckoutResult: some({ status: text, createdPaymentOutput: some({ payment: ref('Payment'), paymentStatusCategory: text }) }, [
    'status',
  ]),
  PaymentLink: some(
    {
      paymentLinkId: text,
      redirectionUrl: text,
      status: text,
      expirationDate: text,
      recipientName: text,
      isReusableLink: flag,
      paymentId: text,
      paymentLinkOrder: some({ amount: money, merchantReference: text }),
      paymentLinkEvents: list(some({ type: text, dateTime: text })),
    },
    ['paymentLinkId', 'redirectionUrl', 'status', 'expirationDate', 'paymentLinkOrder'],
  ),
  HostedTokenization: some(
    {
      hostedTokenizationId: text,
      hostedTokenizationUrl: text,
      partialRedirectUrl: text,
      invalidTokens: list(text),
      expiredCardTokens: list(text),
      sri: text,
    },
    ['hostedTokenizationId', 'hostedTokenizationUrl'],
  ),
  HostedTokenizationResult: some({ token: ref('Token'), tokenStatus: text }),
  Payout: some({ id: text, status: text, statusOutput, payoutOutput: some({ amountOfMoney: money, payoutReason: text }) }, [
    ...act,
    'payoutOutput',
  ]),
  Products: some({ paymentProducts: list(ref('Product')) }, ['paymentProducts']),
  Product: some(
    {
      id: number,
      paymentMethod: text,
      paymentProductGroup: text,
      allowsTokenization: flag,
      usesRedirectionTo3rdParty: flag,
      fields: list(some({ id: text })),
    },
    ['id', 'paymentMethod'],
  ),
  Networks: some({ networks: list(text) }, ['networks']),
  Directory: some({ entries: list(some({ issuerId: text, issuerName: text })) }, ['entries']),
  ProductGroups: some({ paymentProductGroups: list(ref('ProductGroup')) }, ['paymentProductGroups']),
  ProductGroup: some({ id: text, displayHints: some({ label: text }) }, ['id']),
  Connection: some({ result: text }, ['result']),
  IinDetails: some(
    { paymentProductId: number, countryCode: text, isAllowedInContext: flag, coBrands: list(some({ paymentProductId: number })) },
    ['paymentProductId'],
  ),
  Conversion: some(
    {
      dccSessionId: text,
      result: some({ result: text, resultReason: text }, ['result']),
      proposal: some({ baseAmount: money, targetAmount: money }),
    },
    ['result'],
  ),
  Surcharges: some(
    { surcharges: list(some({ paymentProductId: number, result: text, netAmount: money, surchargeAmount: money, totalAmount: money })) },
    ['surcharges'],
  ),
  PrivacyPolicy: some({ htmlContent: text }, ['htmlContent']),
  Session: some({ clientSessionId: text, customerId: text, clientApiUrl: text, assetUrl: text, invalidTokens: list(text) }, [
    'clientSessionId',
    'customerId',
    'invalidTokens',
  ]),
  PublicKey: some({ keyId: text, publicKey: text }, ['keyId', 'publicKey']),
  WebhookCredentials: some({ result: Type.Enum(['Valid', 'Invalid']) }, ['result']),
} as const satisfies Readonly<Record<string, TSchema>>;

export type AnswerName = keyof typeof answerSchemas;
