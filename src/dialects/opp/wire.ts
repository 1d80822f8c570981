/**
 * The protocol as data: parameters with their formats. Bodies are flat, dotted names with text values; an empty value means absent; names
 * are case-sensitive and unknown ones are refused. Patterns are the documented ones, except where clients in the field are known to send
 * more (merchant ids below eight characters, phone numbers, states, postcodes): there only the length counts.
 */
import type { ResultCode } from './result-codes.ts';

/** What the values of a parameter look like, as in JSON Schema: all of them are text. */
export interface Format {
  readonly type: 'string';
  readonly pattern: string;
  /** Of a violation; `200.300.404` where there is none of its own. */
  readonly 'x-result-code'?: ResultCode;
}

type Formats = Readonly<Record<string, Format>>;

const text = (maximum: number, minimum = 1) => pattern(`^[\\s\\S]{${minimum},${maximum}}$`);
const pattern = (source: string): Format => ({ type: 'string', pattern: source });
const coded = (code: ResultCode, format: Format): Format => ({ ...format, 'x-result-code': code });
const decimal = pattern('^[0-9]{1,12}(\\.[0-9]{2})?$');
const flag = pattern('^(true|false)$');

const operation = {
  entityId: pattern('^[a-f0-9]{32}$'),
  'authentication.entityId': pattern('^[a-f0-9]{32}$'),
  'authentication.userId': text(32),
  'authentication.password': text(128),
  paymentType: pattern('^(PA|DB|CD|CP|RV|RF|RB|CB|CR|RC|PA\\.CP)$'),
  amount: decimal,
  currency: pattern('^[A-Z]{3}$'),
  paymentBrand: pattern('^[a-zA-Z0-9_]{1,32}$'),
  descriptor: text(127),
  merchantTransactionId: text(255),
  merchantInvoiceId: text(255),
  merchantMemo: text(255),
  taxAmount: decimal,
  transactionCategory: text(32),
  numberOfCaptures: pattern('^([0-9]|[1-8][0-9]|9[0-8])$'),
  testMode: coded('100.300.101', pattern('^(EXTERNAL|INTERNAL)$')),
  shopperResultUrl: coded('100.370.102', text(2048)),
  notificationUrl: text(2048),
};

const account = {
  createRegistration: flag,
  recurringType: pattern('^(INITIAL|REPEATED)$'),
  'card.number': pattern('^[0-9]{8,32}$'),
  'card.holder': coded('100.100.401', text(128, 3)),
  'card.expiryMonth': coded('100.100.201', pattern('^(0[1-9]|1[0-2])$')),
  'card.expiryYear': coded('100.100.301', pattern('^(19|20)([0-9]{2})$')),
  'card.cvv': pattern('^[0-9]{3,4}$'),
  'standingInstruction.mode': pattern('^(INITIAL|REPEATED)$'),
  'standingInstruction.type': pattern('^(RECURRING|INSTALLMENT|UNSCHEDULED)$'),
  'standingInstruction.source': pattern('^(CIT|MIT)$'),
  'standingInstruction.recurringType': pattern('^(SUBSCRIPTION|STANDING_ORDER)$'),
  'standingInstruction.initialTransactionId': text(255),
  'standingInstruction.expiry': pattern('^\\d{4}-\\d{2}-\\d{2}$'),
  'standingInstruction.frequency': pattern('^[0-9]{1,4}$'),
  'standingInstruction.numberOfInstallments': pattern('^[0-9]{1,3}$'),
};

const customer = {
  'customer.merchantCustomerId': text(255),
  'customer.givenName': coded('100.700.201', text(50)),
  'customer.middleName': text(50),
  'customer.surname': coded('100.700.101', text(50)),
  'customer.sex': pattern('^[MF]$'),
  'customer.birthDate': coded('100.900.450', pattern('^\\d{4}-\\d{2}-\\d{2}$')),
  'customer.phone': coded('100.900.200', text(25)),
  'customer.workPhone': coded('100.900.200', text(25)),
  'customer.mobile': coded('100.900.300', text(25)),
  'customer.email': coded('100.900.101', text(128, 6)),
  'customer.companyName': coded('100.700.500', text(40)),
  'customer.identificationDocType': text(32),
  'customer.identificationDocId': coded('100.700.802', text(64)),
  'customer.ip': coded('100.900.401', text(255)),
  'customer.status': text(255),
  'customer.language': text(255),
  'customer.taxId': text(255),
  'customer.category': text(255),
  'customer.browserFingerprint.value': text(4000),
};

const twentyBytes = '^[A-Za-z0-9+/]{27}=$';

/** What the merchant's own 3-D Secure server found out, and what it wishes of the issuer. */
const threeDSecure = {
  'threeDSecure.eci': coded('100.370.121', pattern('^0[0124567]$')),
  'threeDSecure.verificationId': coded('100.370.125', pattern(twentyBytes)),
  'threeDSecure.xid': pattern(twentyBytes),
  'threeDSecure.version': pattern('^[12]\\.[0-9](\\.[0-9])?$'),
  'threeDSecure.dsTransactionId': pattern('^[a-fA-F0-9-]{32,36}$'),
  'threeDSecure.acsTransactionId': pattern('^[a-fA-F0-9-]{32,36}$'),
  'threeDSecure.flow': pattern('^(challenge|frictionless)$'),
  'threeDSecure.authenticationStatus': pattern('^[YANURCI]$'),
  'threeDSecure.amount': decimal,
  'threeDSecure.currency': pattern('^[A-Z]{3}$'),
  'threeDSecure.challengeIndicator': pattern('^0?[1-9]$'),
  'threeDSecure.exemptionFlag': pattern('^[0-9]{1,2}$'),
  'threeDSecure.deviceChannel': pattern('^0[23]$'),
};

/** Other ways to pay: their names are known, so that the answer is about the method and not about the name. */
const otherAccounts = {
  'bankAccount.holder': coded('100.100.401', text(128)),
  'bankAccount.bankName': text(255),
  'bankAccount.number': coded('100.200.104', text(64)),
  'bankAccount.iban': coded('100.200.104', pattern('^[A-Z0-9]{15,34}$')),
  'bankAccount.bankCode': text(12),
  'bankAccount.bic': pattern('^[A-Z0-9]{8}([A-Z0-9]{3})?$'),
  'bankAccount.country': coded('100.200.100', pattern('^[A-Z]{2}$')),
  'bankAccount.mandate.id': text(35),
  'bankAccount.mandate.dateOfSignature': pattern('^\\d{4}-\\d{2}-\\d{2}$'),
  'bankAccount.transactionDueDate': pattern('^\\d{4}-\\d{2}-\\d{2}$'),
  'virtualAccount.accountId': coded('100.210.101', text(100)),
  'virtualAccount.password': text(100),
  'tokenAccount.type': pattern('^NETWORK$'),
  'tokenAccount.number': pattern('^[0-9]{8,32}$'),
  'tokenAccount.expiryMonth': pattern('^(0[1-9]|1[0-2])$'),
  'tokenAccount.expiryYear': pattern('^(19|20)([0-9]{2})$'),
  'tokenAccount.cryptogram': text(255),
  'applePay.paymentToken': text(16_384),
  'googlePay.paymentToken': text(16_384),
};

/** Families of names: addresses, cart lines, free parameters, and what other products of the platform use, which is taken and ignored. */
const families: Formats = {
  '^customParameters\\[[a-zA-Z0-9._]{3,64}\\]$': text(2048),
  '^customer\\.browser\\.(acceptHeader|language|screenHeight|screenWidth|timezone|userAgent|javaEnabled|javascriptEnabled|screenColorDepth|challengeWindow)$':
    text(2048),
  '^(billing|shipping)\\.(street1|street2|houseNumber1|houseNumber2)$': coded('100.800.101', text(100)),
  '^(billing|shipping)\\.city$': coded('100.800.301', text(80)),
  '^(billing|shipping)\\.state$': coded('100.800.401', text(50)),
  '^(billing|shipping)\\.postcode$': coded('100.800.201', text(16)),
  '^(billing|shipping)\\.country$': coded('100.800.501', pattern('^[A-Z]{2}$')),
  '^shipping\\.(customer\\.)?(givenName|middleName|surname)$': text(50),
  '^shipping\\.(method|comment)$': text(255),
  '^shipping\\.cost$': decimal,
  '^cart\\.items\\[[0-9]{1,3}\\]\\.(name|merchantItemId|sku|type|status|color|weight)$': text(255),
  '^cart\\.items\\[[0-9]{1,3}\\]\\.(description|productUrl|imageUrl)$': text(2048),
  '^cart\\.items\\[[0-9]{1,3}\\]\\.quantity$': pattern('^[0-9]{1,12}(\\.[0-9]{0,3})?$'),
  '^cart\\.items\\[[0-9]{1,3}\\]\\.(price|totalAmount|tax|totalTaxAmount|taxRate|discount|shipping|originalPrice)$': decimal,
  '^cart\\.items\\[[0-9]{1,3}\\]\\.currency$': pattern('^[A-Z]{3}$'),
  '^cart\\.(tax|shippingAmount|discount)$': decimal,
  '^merchant\\.(name|street|city|postcode|state|country|mcc|phone|submerchantId)$': text(255),
  '^risk\\.(parameters\\[[^\\]]{1,64}\\]|channelId|brand)$': text(2048),
  '^(airline|lodging|recipient|sender|corporate|forex|passenger|pointOfSale)\\.': text(2048),
};

/** The parameters of a request, all optional: those with a name of their own, and those of a family of names, by the pattern of these. */
export interface ParameterFormats {
  readonly exact: Formats;
  readonly families: Formats;
}

const parameters = (exact: Formats, families: Formats): ParameterFormats => ({ exact, families });

/** Body of `POST /v1/payments` and of `POST /v1/registrations/{id}/payments`. */
export const paymentParameters = parameters({ ...operation, ...account, ...otherAccounts, ...customer, ...threeDSecure }, families);

const { amount, currency, paymentType, numberOfCaptures, taxAmount, ...registration } = operation;

/** Body of `POST /v1/registrations`: a card and who it belongs to, nothing about a payment. */
export const registrationParameters = parameters({ ...registration, ...account, ...otherAccounts, ...customer }, families);

/** Body of `POST /v1/checkouts` and of `POST /v1/checkouts/{id}`: a payment without its card, and the stored cards that are offered. */
export const checkoutParameters = parameters(
  { ...operation, ...without(account, 'card.'), ...customer, integrity: flag },
  { ...families, '^registrations\\[[0-9]{1,2}\\]\\.id$': pattern('^[a-f0-9]{32}$') },
);

function without(formats: Formats, prefix: string): Formats {
  return Object.fromEntries(Object.entries(formats).filter(([name]) => !name.startsWith(prefix)));
}

/** Body of `POST /v1/threeDSecure`: a card, an amount, and who is to authenticate. */
export const authenticationParameters = parameters(
  {
    ...registration,
    ...{ amount, currency, ...account, ...otherAccounts, ...customer },
    'threeDSecure.challengeIndicator': threeDSecure['threeDSecure.challengeIndicator'],
    'threeDSecure.exemptionFlag': threeDSecure['threeDSecure.exemptionFlag'],
  },
  families,
);

/** Body of `POST /v1/payments/{id}`. */
export const operationParameters = parameters(operation, families);

const job = {
  'job.second': text(64),
  'job.minute': text(64),
  'job.hour': text(64),
  'job.dayOfMonth': text(64),
  'job.month': text(64),
  'job.dayOfWeek': text(64),
  'job.year': text(64),
  'job.expression': text(255),
  'job.startDate': pattern('^\\d{4}-\\d{2}-\\d{2}( \\d{2}:\\d{2}:\\d{2})?$'),
  'job.endDate': pattern('^\\d{4}-\\d{2}-\\d{2}( \\d{2}:\\d{2}:\\d{2})?$'),
};

/** Body of `POST /scheduling/v1/schedules`: what to pay, with which stored card, and when. */
export const scheduleParameters = parameters(
  { ...registration, amount, currency, paymentType: coded('100.250.105', pattern('^(PA|DB|CD)$')), registrationId: text(64), ...job },
  families,
);

const caller = {
  entityId: operation.entityId,
  'authentication.entityId': operation.entityId,
  'authentication.userId': operation['authentication.userId'],
  'authentication.password': operation['authentication.password'],
};

/** Query of `GET /v1/resultcodes`: whoever asks may say so. */
export const openParameters = parameters(caller, {});

/** Query of the `GET` requests. */
export const queryParameters = parameters({ ...caller, merchantTransactionId: text(255) }, {});

const linked = { includeLinkedTransactions: flag };

/** Query of `GET /v1/query/{id}` and `GET /v3/query/{id}`. */
export const queryByIdParameters = parameters({ ...caller, ...linked }, {});

/** Query of `GET /v1/query`. */
export const queryByReferenceParameters = parameters({ ...caller, ...linked, merchantTransactionId: text(255) }, {});

const time = pattern('^\\d{4}-\\d{2}-\\d{2} \\d{2}:\\d{2}:\\d{2}$');

/** Query of `GET /v3/query`: at least a reference, or a span of time. */
export const searchParameters = parameters(
  {
    ...caller,
    ...linked,
    merchantTransactionId: text(255),
    paymentTypes: pattern('^[A-Z0-9.]{2,5}(,[A-Z0-9.]{2,5})*$'),
    paymentMethods: pattern('^[A-Z]{2}(,[A-Z]{2})*$'),
    shortId: pattern('^\\d{4}\\.\\d{4}\\.\\d{4}$'),
    'date.from': time,
    'date.to': time,
    limit: pattern('^([1-9]|[1-9][0-9]|[1-4][0-9]{2}|500)$'),
    pageNumber: pattern('^[1-9][0-9]{0,4}$'),
  },
  {},
);

/** Query of `DELETE /v1/registrations/{id}`. */
export const deletionParameters = parameters({ ...caller, testMode: operation.testMode, merchantTransactionId: text(255) }, {});

/** Parameters as they come: text under flat names. */
export type Parameters = Readonly<Record<string, string | undefined>>;

/** Echoed in answers as they were sent, so kept with the operation. */
export const echoed =
  /^(paymentBrand|descriptor|merchantInvoiceId|merchantMemo|testMode|recurringType|customParameters\[|bankAccount\.(holder|bankName|number|iban|bankCode|bic|country)$|customer\.(?!browserFingerprint)|billing\.|shipping\.|cart\.|merchant\.|threeDSecure\.(?!verificationId|amount|currency)|standingInstruction\.(source|type|mode)$)/;

/** What is kept for echoing, in characters of names and values; parameters that come after it is full are not echoed. */
export const echoLimit = 16_384;

/** Brands that the platform knows beside the cards of this gateway: other schemes, wallets, banks, vouchers. */
export const otherBrands: ReadonlySet<string> = new Set(
  `UNIONPAY_SMS MADA BCMC CARTEBANCAIRE CARTEBLEUE DANKORT ELO HIPERCARD CARNET CABAL AIRPLUS ALIA ALIADEBIT ARGENCARD CENCOSUD NARANJA NATIVA
  SERVIRED TARJETASHOPPING TCARD TCARDDEBIT MERCADOLIVRE APPLEPAY GOOGLEPAY DIRECTDEBIT_SEPA GIROPAY EPS IDEAL SOFORTUEBERWEISUNG
  INTERAC_ONLINE TRUSTPAY_VA TRUSTLY PREPAYMENT BOLETO OXXO POLI SADAD ENTERCASH EFT PAYPAL PAYSAFECARD STC_PAY ALIPAY MBWAY
  SIBS_MULTIBANCO PRZELEWY KLARNA_INVOICE KLARNA_INSTALLMENTS KLARNA_PAYMENTS_PAYLATER KLARNA_PAYMENTS_PAYNOW KLARNA_PAYMENTS_SLICEIT
  PAYOLUTION_INVOICE PAYOLUTION_INS PAYOLUTION_ELV RATENKAUF AFTERPAY MASTERPASS QIWI TENPAY CHINAUNIONPAY YANDEX PAYTRAIL MONEYBOOKERS
  AFFIRM ACI_INSTANTPAY`.split(/\s+/),
);
