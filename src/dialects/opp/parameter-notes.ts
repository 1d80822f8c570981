/** What each parameter means, with an example of its format: for the description of the API. The formats themselves are in wire.ts. */

/** Text, and an example that the parameter's format takes. */
export type ParameterNote = readonly [description: string, example: string];

const amountForm = 'A point and two decimals, or no decimals at all, whatever the currency.';

/** By name; every parameter of wire.ts that has a name of its own is here. */
export const parameterNotes: Readonly<Record<string, ParameterNote>> = {
  entityId: ['The entity (channel) that the request is for.', '00112233445566778899aabbccddeeff'],
  'authentication.entityId': ['Older name of `entityId`.', '00112233445566778899aabbccddeeff'],
  'authentication.userId': ['User id of the older login, instead of the bearer token.', '00112233445566778899aabbccddeeff'],
  'authentication.password': ['Password of the older login.', 'secret'],
  paymentType: ['`PA` holds money, `DB` takes it; on a payment: `CP` captures, `RV` reverses, `RF` refunds.', 'DB'],
  amount: [`How much. ${amountForm}`, '12.50'],
  currency: ['ISO 4217, three letters.', 'EUR'],
  paymentBrand: ['Brand of the card; may be left out, since the number tells it.', 'VISA'],
  descriptor: ['Text for the shopper’s statement.', 'Shop 7'],
  merchantTransactionId: ['Your reference; transactions of one order may share it.', 'order-1'],
  merchantInvoiceId: ['Your invoice number; kept and repeated.', 'invoice-1'],
  merchantMemo: ['A note of yours; kept and repeated.', 'gift'],
  taxAmount: [`Tax that the amount contains. ${amountForm}`, '2.00'],
  transactionCategory: ['How the shopper ordered: `EC` e-commerce, `MO` mail, `TO` telephone.', 'EC'],
  numberOfCaptures: ['How many captures an authorization is meant for.', '2'],
  testMode: ['Sandbox only: which test system the success code names.', 'INTERNAL'],
  shopperResultUrl: ['Where the shopper’s browser comes back to.', 'https://shop.example/result'],
  notificationUrl: ['Where a notification of this payment should go.', 'https://shop.example/notify'],
  createRegistration: ['`true` keeps the card under a token, the `registrationId` of the answer.', 'true'],
  recurringType: ['Older form of `standingInstruction.mode`.', 'INITIAL'],
  'card.number': ['Number of the card, digits only.', '4111111111111111'],
  'card.holder': ['Name on the card. In the sandbox a result code such as `800.100.159` declines with that code.', 'Ada Example'],
  'card.expiryMonth': ['Two digits.', '12'],
  'card.expiryYear': ['Four digits.', '2034'],
  'card.cvv': ['Verification code: three digits, four on American Express. Never kept.', '123'],
  'standingInstruction.mode': ['First payment of an agreement, or a later one.', 'INITIAL'],
  'standingInstruction.type': ['What the agreement is about.', 'RECURRING'],
  'standingInstruction.source': ['Who asks for this payment: `CIT` the shopper, `MIT` the merchant.', 'CIT'],
  'standingInstruction.recurringType': ['Kind of a recurring agreement.', 'SUBSCRIPTION'],
  'standingInstruction.initialTransactionId': ['The scheme’s id of the first payment of the agreement.', '012345678901234'],
  'standingInstruction.expiry': ['Last day of the agreement.', '2034-12-31'],
  'standingInstruction.frequency': ['Days between two payments, at least.', '30'],
  'standingInstruction.numberOfInstallments': ['How many installments there are.', '6'],
  'customer.merchantCustomerId': ['Your id of the customer.', 'customer-1'],
  'customer.givenName': ['First name.', 'Ada'],
  'customer.middleName': ['Middle name.', 'B.'],
  'customer.surname': ['Family name.', 'Example'],
  'customer.sex': ['`M` or `F`.', 'F'],
  'customer.birthDate': ['Year, month and day.', '1990-12-31'],
  'customer.phone': ['Telephone number.', '+44 20 1234567'],
  'customer.workPhone': ['Telephone number at work.', '+44 20 1234567'],
  'customer.mobile': ['Mobile number.', '+44 7700 900000'],
  'customer.email': ['E-mail address.', 'ada@example.com'],
  'customer.companyName': ['Company.', 'Example Ltd'],
  'customer.identificationDocType': ['Kind of an identity document.', 'PASSPORT'],
  'customer.identificationDocId': ['Number of that document.', 'X1234567'],
  'customer.ip': ['Address of the shopper’s browser.', '203.0.113.7'],
  'customer.status': ['New or known customer, in your words.', 'EXISTING'],
  'customer.language': ['Language of the shopper.', 'en'],
  'customer.taxId': ['Tax number.', 'GB123456789'],
  'customer.category': ['Private person or company.', 'INDIVIDUAL'],
  'customer.browserFingerprint.value': ['Fingerprint of the browser from your own script.', '0400l1oURA1kJHkN'],
};

/** Of a family of names: one of them, an example of its value, and what the family is. */
export interface FamilyNote {
  readonly name: string;
  readonly example: string;
  readonly description: string;
}

/** Every family of wire.ts has at least one of its names here. */
export const familyNotes: readonly FamilyNote[] = [
  { name: 'customParameters[order]', example: '7', description: 'Free parameters of yours, repeated in answers.' },
  { name: 'customer.browser.language', example: 'en', description: 'The shopper’s browser, for 3-D Secure.' },
  { name: 'billing.street1', example: '1 Example Street', description: 'Address for the invoice or the delivery: street.' },
  { name: 'billing.city', example: 'London', description: 'Address: town.' },
  { name: 'billing.state', example: 'LND', description: 'Address: state or county.' },
  { name: 'billing.postcode', example: 'N1 9GU', description: 'Address: postcode.' },
  { name: 'billing.country', example: 'GB', description: 'Address: country, ISO 3166 with two letters.' },
  { name: 'shipping.givenName', example: 'Ada', description: 'Who receives the delivery.' },
  { name: 'shipping.method', example: 'NEXT_DAY', description: 'How it is delivered.' },
  { name: 'shipping.cost', example: '4.00', description: 'What the delivery costs.' },
  { name: 'cart.items[0].name', example: 'Tea', description: 'Lines of the cart, numbered from 0.' },
  { name: 'cart.items[0].description', example: 'Black tea, 250 g', description: 'Long texts and links of a line.' },
  { name: 'cart.items[0].quantity', example: '2', description: 'How many of a line.' },
  { name: 'cart.items[0].price', example: '10.00', description: 'Amounts of a line.' },
  { name: 'cart.items[0].currency', example: 'EUR', description: 'Currency of a line.' },
  { name: 'cart.tax', example: '2.00', description: 'Amounts of the whole cart.' },
  { name: 'merchant.name', example: 'Shop 7', description: 'The merchant behind a payment facilitator.' },
  { name: 'risk.parameters[channel]', example: 'web', description: 'For risk systems of the platform; taken and not used.' },
  { name: 'threeDSecure.challengeIndicator', example: '04', description: 'What you wish of 3-D Secure.' },
  { name: 'airline.passengerName', example: 'Ada Example', description: 'Data of particular trades; taken and not used.' },
];
