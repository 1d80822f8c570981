/**
 * The protocol as data: every parameter with its format, what it is for, and an example. Names are dotted; JSON may nest them at the dots. An empty
 * value means absent; names that an endpoint does not have are refused.
 */

export interface Parameter {
  readonly pattern: RegExp;
  /** Completes "must be …". */
  readonly expected: string;
  readonly note: string;
  readonly example: string;
}

const parameter = (pattern: RegExp, expected: string, note: string, example: string): Parameter => ({ pattern, expected, note, example });

/** Control characters have no place in any value, and none in XML. */
const text = (maximum: number, note: string, example: string): Parameter =>
  parameter(new RegExp(`^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f]{1,${maximum}}$`), `text of at most ${maximum} characters`, note, example);
const digits = (maximum: number, note: string, example: string): Parameter =>
  parameter(new RegExp(`^[0-9]{1,${maximum}}$`), `a number of at most ${maximum} digits`, note, example);
const one = (words: readonly string[], note: string, example: string): Parameter =>
  parameter(new RegExp(`^(${words.join('|')})$`, 'i'), `one of ${words.join(', ')}`, note, example);
const amount = (note: string, example = '50.00'): Parameter =>
  parameter(/^[0-9]{1,10}\.[0-9]{2}$/, 'an amount with two decimals, such as 50.00', note, example);
const currency = (note: string): Parameter => parameter(/^[A-Z]{3}$/, 'an ISO 4217 code of three capital letters', note, 'EUR');
const url = (note: string): Parameter => text(2048, note, 'https://shop.example/done');

export const parameters = {
  'authentication.memberId': digits(10, 'Your member id.', '27182'),
  'authentication.checksum': parameter(
    /^[0-9a-fA-F]{32}$/,
    '32 hex digits',
    'MD5 of the fields that the endpoint names, joined by `|`.',
    'd97376d050b34a25e9b89a523ad7b9d6',
  ),
  'authentication.terminalId': digits(
    6,
    'The terminal that the payment is made with. May be left out by members who have a single one.',
    '7700',
  ),
  'authentication.accountId': digits(10, 'Taken and not used.', '1'),
  'authentication.partnerId': digits(10, 'The partner that you came through, or are.', '1'),
  'authentication.sKey': text(128, 'The secret key.', 'a1b2c3d4e5f60718293a4b5c6d7e8f90'),
  'merchant.username': text(100, 'Your login.', 'shop-7'),
  'partner.userName': text(100, "The partner's login.", 'partner-1'),
  'merchant.email': text(255, 'An e-mail address, kept.', 'shop@shop.example'),
  authToken: text(2048, 'The token that is to be replaced; it may have expired up to 24 hours ago.', 'eyJhbGciOiJIUzI1NiJ9.e30.x'),

  merchantTransactionId: text(
    100,
    'Your reference, used once: a second payment under it is refused with 20015 and the first one’s id.',
    'ORDER-1',
  ),
  paymentId: parameter(/^([0-9]{1,10}|-)$/, 'a number of at most 10 digits', 'The payment: the `paymentId` of its answer.', '3000000000'),
  idType: one(['PID', 'MID'], '`PID`: by `paymentId`. `MID`: by `merchantTransactionId`.', 'PID'),
  amount: amount('Always with two decimals, in every currency.'),
  currency: currency('Of the payment.'),
  tmpl_amount: amount('An amount to show, given back as it came.'),
  tmpl_currency: currency('Its currency.'),
  paymentBrand: text(
    32,
    'The scheme: VISA, MC, AMEX, DINER, DISC, JCB, CUP, MAESTRO; with `NB` or `BT` the method: IDEAL, PREPAYMENT, or any other name for online transfers.',
    'VISA',
  ),
  paymentMode: text(
    32,
    'CC credit card, DC debit card, NB net banking, BT bank transfer; of payouts to accounts also SEPA, ACH, CHK.',
    'CC',
  ),
  paymentType: one(['PA', 'DB', 'CP', 'RF', 'RV', 'IN', 'PO', 'DL'], 'What is to be done.', 'DB'),
  orderDescriptor: text(255, 'What is bought.', 'Two books'),
  merchantRedirectUrl: url('Where the customer’s browser comes back to.'),
  notificationUrl: url('Where you are told what becomes of it.'),
  redirectMethod: one(['GET', 'POST'], 'How the browser comes back: POST (the standard) or GET.', 'POST'),
  attemptThreeD: one(
    ['Direct', '3D', 'Only3D'],
    '`3D`: the customer authenticates where the card can. `Only3D`: no payment without it. `Direct`: never. Absent: `3D` when there are `deviceDetails` and a `merchantRedirectUrl`.',
    '3D',
  ),
  recurringType: one(
    ['INITIAL', 'REPEATED'],
    '`INITIAL`: later payments may follow. `REPEATED`: you make one of them, without the customer.',
    'INITIAL',
  ),
  createRegistration: one(['true', 'false'], 'Keeps the card: the answer has its `registrationId`.', 'true'),
  installment: digits(2, 'Taken and not used.', '3'),
  paymentProvider: text(100, 'Taken and not used.', 'x'),
  virtualPrivateAddress: text(100, 'Taken and not used.', 'a@b'),

  'card.number': parameter(/^[0-9]{12,19}$/, '12 to 19 digits', 'Spaces are left out.', '4111111111111111'),
  'card.expiryMonth': parameter(/^(0?[1-9]|1[0-2])$/, 'a month, 1 to 12', 'One digit or two.', '12'),
  'card.expiryYear': parameter(/^20[0-9]{2}$/, 'a year of four digits', 'Four digits.', '2034'),
  'card.cvv': parameter(/^[0-9]{3,4}$/, '3 or 4 digits', 'The verification code; not needed where the customer is not there.', '123'),
  'card.holder': text(100, 'The name on the card; absent: given name and surname.', 'Ada Example'),

  'customer.customerId': digits(10, 'A cardholder whom you have registered.', '10000'),
  'customer.telnocc': parameter(/^\+?[0-9]{1,4}$/, 'a calling code', 'Calling code.', '44'),
  'customer.phone': text(24, 'Phone number.', '2070000000'),
  'customer.mobile': text(24, 'Mobile number.', '7000000000'),
  'customer.email': text(255, 'E-mail address.', 'ada@shop.example'),
  'customer.givenName': text(100, 'Given name.', 'Ada'),
  'customer.surname': text(100, 'Surname.', 'Example'),
  'customer.ip': text(64, 'Address of the customer’s browser.', '192.0.2.7'),
  'customer.birthDate': parameter(/^[0-9]{8}$/, 'a date as YYYYMMDD', 'Date of birth.', '19900131'),
  'customer.sex': text(16, 'Of the cardholder.', 'Female'),
  'customer.bankAccountNumber': text(40, 'An account to pay out to, where it has no IBAN; with `customer.bankCode`.', '9876543210'),
  'customer.bankAccountName': text(100, 'Whose account it is; absent: given name and surname.', 'Ada Example'),
  'customer.bankCode': text(20, 'The code of its bank.', '011000028'),
  'customer.bankName': text(100, 'Its bank’s name.', 'First Bank'),
  'bankAccount.iban': text(42, 'An account to pay out to; spaces are left out.', 'DE23100000001234567890'),
  'bankAccount.bic': text(11, 'Its bank; not needed.', 'MARKDEF1100'),
  'shipping.country': text(60, 'Country.', 'GB'),
  'shipping.city': text(100, 'City.', 'London'),
  'shipping.state': text(100, 'State.', 'NA'),
  'shipping.postcode': text(20, 'Postcode.', 'N1 7AA'),
  'shipping.street1': text(255, 'Street.', '1 Main Street'),
  'shipping.street': text(255, 'The same under another name.', '1 Main Street'),
  'shipping.givenName': text(100, 'Given name.', 'Ada'),
  'shipping.surname': text(100, 'Surname.', 'Example'),
  'shipping.language': text(16, 'Language.', 'en'),

  'deviceDetails.user_Agent': text(1024, 'Of the customer’s browser.', 'Mozilla/5.0'),
  'deviceDetails.browserLanguage': text(35, 'Of the browser.', 'en-GB'),
  'deviceDetails.browserTimezoneOffset': parameter(/^[+-]?[0-9]{1,5}$/, 'minutes', 'Minutes behind UTC.', '-60'),
  'deviceDetails.browserColorDepth': digits(3, 'Bits for each pixel.', '24'),
  'deviceDetails.browserAcceptHeader': text(2048, 'What the browser accepts.', 'text/html'),
  'deviceDetails.browserScreenHeight': digits(6, 'Pixels.', '1080'),
  'deviceDetails.browserScreenWidth': digits(6, 'Pixels.', '1920'),
  'deviceDetails.browserJavaEnabled': one(['true', 'false'], 'Whether it runs Java.', 'false'),
  'deviceDetails.browserJavascriptEnabled': one(['true', 'false'], 'Whether it runs scripts.', 'true'),

  merchantInvoiceId: text(100, 'Your reference of the invoice, used once.', 'INVOICE-1'),
  invoiceId: digits(15, 'The `systemInvoiceId` of the invoice.', '1000'),
  invoiceExpirationPeriod: parameter(
    /^([1-9]|[1-9][0-9]|[12][0-9]{2}|3[0-5][0-9]|36[0-5])$/,
    'a number of days, 1 to 365',
    'Days; 10 without it.',
    '10',
  ),
  merchantOrderId: text(100, 'Yours.', 'ORDER-1'),
  merchantOrderDescription: text(255, 'What is invoiced.', 'Two books'),
  cancelReason: text(255, 'Kept.', 'Ordered twice'),
  telnocc: parameter(/^\+?[0-9]{1,4}$/, 'a calling code', 'Calling code.', '44'),
  'authentication.expirationTime': parameter(
    /^([1-9]|[1-9][0-9]|[12][0-9]{2}|3[0-5][0-9]|36[0-5])$/,
    'a number of days, 1 to 365',
    'Days that the link works; 1 without it.',
    '1',
  ),
  'merchant.orderID': text(100, 'Your reference, used once.', 'ORDER-1'),
  'merchant.amount': amount('Always with two decimals.'),
  'merchant.currency': currency('Of the payment.'),
  'merchant.contactName': text(100, 'Who pays.', 'Ada Example'),
  'merchant.phone': text(24, 'Their phone number.', '2070000000'),
  'merchant.orderDescription': text(255, 'What is bought.', 'Two books'),
  memberId: digits(10, 'Your member id.', '27182'),
  totype: text(30, 'The name of the partner.', 'gateway'),
  TMPL_AMOUNT: amount('An amount to show, given back as it came.'),
  TMPL_CURRENCY: currency('Its currency.'),
  checksum: parameter(
    /^[0-9a-fA-F]{32}$/,
    '32 hex digits',
    'MD5 of the fields that the endpoint names.',
    'd97376d050b34a25e9b89a523ad7b9d6',
  ),
  orderDescription: text(255, 'What is bought.', 'Two books'),
  transactionType: one(['PA', 'DB'], 'PA holds the money, DB takes it.', 'DB'),
  terminalid: digits(6, 'The terminal.', '7700'),
  ip: text(64, 'Taken and not used.', '192.0.2.7'),
  firstName: text(50, 'Given name.', 'Ada'),
  lastName: text(50, 'Surname.', 'Example'),
  dateOfBirth: parameter(/^[0-9]{8}$/, 'a date as YYYYMMDD', 'Taken and not used.', '19900131'),
  country: text(60, 'Country.', 'GB'),
  city: text(100, 'City.', 'London'),
  state: text(100, 'State.', 'NA'),
  postcode: text(20, 'Postcode.', 'N1 7AA'),
  street: text(255, 'Street.', '1 Main Street'),
  phone: text(24, 'Phone number.', '2070000000'),
  email: text(255, 'E-mail address.', 'ada@shop.example'),
  customerId: text(100, 'Taken and not used.', '1'),
  customerBankId: text(20, 'Taken and not used.', '1'),
  lang: text(16, 'The language of the page.', 'en'),
  voucherNumber: text(20, 'Taken and not used.', '1'),
  voucherCode: text(20, 'Taken and not used.', '1'),
  accountid: digits(10, 'Taken and not used.', '1'),

  status: text(32, 'Only payments in this long status.', 'capturesuccess'),
  'pagination.fromdate': parameter(/^[0-9]{2}\/[0-9]{2}\/[0-9]{4}$/, 'a date as dd/MM/yyyy', 'From this day on.', '01/01/2030'),
  'pagination.todate': parameter(/^[0-9]{2}\/[0-9]{2}\/[0-9]{4}$/, 'a date as dd/MM/yyyy', 'To the end of this day.', '31/12/2034'),
  'pagination.pageno': parameter(/^[1-9][0-9]{0,5}$/, 'a number from 1 on', 'Which page; 1 is the first.', '1'),
  'pagination.records': parameter(/^([1-9][0-9]{0,2}|1000)$/, 'a number from 1 to 1000', 'How many on a page; 100 without it.', '100'),
} as const satisfies Readonly<Record<string, Parameter>>;

export type ParameterName = keyof typeof parameters;

/** What a request says: values under the names of the table above, as text. */
export type Parameters = Readonly<Partial<Record<ParameterName, string>>>;

export function isParameterName(name: string): name is ParameterName {
  return Object.hasOwn(parameters, name);
}

const allNames = Object.keys(parameters) as readonly ParameterName[];

/** All names that begin so. */
export function namesUnder(...prefixes: readonly string[]): readonly ParameterName[] {
  return allNames.filter((name) => prefixes.some((prefix) => name.startsWith(prefix)));
}

/** What is kept beside a payment, for answers, messages and lists. Free text loses any card number that somebody typed into it. */
export const keptNames: readonly ParameterName[] = [
  ...(['paymentBrand', 'paymentMode', 'paymentType', 'orderDescriptor', 'tmpl_amount', 'tmpl_currency', 'recurringType'] as const),
  ...(['customer.email', 'customer.givenName', 'customer.surname', 'customer.phone', 'customer.telnocc', 'merchant.email'] as const),
  ...(['shipping.country', 'shipping.city', 'shipping.state', 'shipping.postcode', 'shipping.street1', 'shipping.street'] as const),
];
