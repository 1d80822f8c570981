/** A request to make a purchase, read whole: what it says, in the form it is shown in, and what the core is to do with it. */
import { isDay } from '../../core/day.ts';
import { bankMethods } from '../../core/instrument/bank.ts';
import { billingAddressOf } from '../../core/instrument/billing-address.ts';
import { maskCardNumber, maskCardNumbers } from '../../core/instrument/mask.ts';
import type { CheckoutTerms, OrderLine } from '../../core/payment/checkout-terms.ts';
import type { Origin } from '../../core/risk/rule.ts';
import { isTimeZone } from '../../core/settlement/cut-off.ts';
import { type ClientDocument, readClient } from './client.ts';
import { decimalOf } from './decimal.ts';
import { type Fields, fieldsOf, isObject } from './fields.ts';
import type { Billed } from './history.ts';
import { bankTransfer, brandsIn, methodNames } from './methods.ts';
import { type FieldErrors, fieldProblem, generalProblem, Problem } from './problem.ts';
import { amountOfLine, isDiscountTooLarge, type Product, totalOf } from './total.ts';

type Json = Readonly<Record<string, unknown>>;

/** Kept with the order as it is, and shown so. */
export interface PurchaseDocument {
  readonly client: ClientDocument;
  readonly clientId: string | null;
  readonly purchase: Json & {
    readonly request_client_details: readonly string[];
    readonly due_strict: boolean;
    readonly timezone: string;
    readonly single_attempt: boolean;
  };
  readonly top: Json & {
    readonly reference: string;
    readonly send_receipt: boolean;
    readonly skip_capture: boolean;
    readonly force_recurring: boolean;
    readonly success_redirect: string;
    readonly failure_redirect: string;
    readonly cancel_redirect: string;
    readonly success_callback: string;
    readonly payment_method_whitelist: readonly string[] | null;
  };
  /** Absent: the merchant made it. */
  readonly billing?: Billed;
  /** Epoch seconds. */
  readonly due: number;
  readonly issued: string;
  readonly referenceGenerated: string;
  readonly createdFromIp: string;
  /** Of the request, where that may be repeated. */
  readonly inputHash?: string;
}

export interface PurchaseRequest {
  readonly brandId: string;
  readonly client: ClientDocument | undefined;
  readonly clientId: string | undefined;
  readonly document: Omit<PurchaseDocument, 'client' | 'clientId' | 'referenceGenerated' | 'createdFromIp' | 'inputHash'>;
  /** Minor units. */
  readonly total: number;
  readonly currency: string;
  readonly lines: readonly OrderLine[];
}

interface PurchaseContext {
  /** Business time, epoch ms. */
  readonly nowMs: number;
  /** Of the brand. */
  readonly currency: string | undefined;
}

const clientDetails = [
  ...['email', 'phone', 'full_name', 'personal_code', 'brand_name', 'legal_name', 'registration_number', 'tax_number', 'bank_account'],
  ...['bank_code', 'billing_address', 'shipping_address'],
];

/** Throws a {@link Problem} that names every field at fault. `currency`: where the purchase names none. */
export function readPurchase(body: unknown, { nowMs, currency: standard }: PurchaseContext): PurchaseRequest {
  if (!isObject(body)) throw generalProblem(400, 'invalid', 'Invalid data. Expected a JSON object.');
  const fields = fieldsOf(body);
  const brandId = fields.uuid('brand_id', { required: true, standard: '' });
  const purchaseInput = fields.object('purchase', { required: true });
  const clientInput = fields.object('client');
  const clientId = fields.uuid('client_id', { standard: undefined, nullable: true });
  const top = {
    send_receipt: fields.flag('send_receipt'),
    skip_capture: fields.flag('skip_capture'),
    force_recurring: fields.flag('force_recurring'),
    reference: fields.text('reference', { max: 128, standard: '' }),
    payment_method_whitelist: readWhitelist(fields, body),
    success_redirect: fields.url('success_redirect'),
    failure_redirect: fields.url('failure_redirect'),
    cancel_redirect: fields.url('cancel_redirect'),
    success_callback: fields.url('success_callback'),
    creator_agent: fields.text('creator_agent', { max: 32, standard: '' }),
    platform: fields.text('platform', { max: 32, standard: 'api' }),
    tags: fields.texts('tags', { max: 128 }),
  };
  if (/[<>'"]/.test(top.cancel_redirect)) fields.fail('cancel_redirect', 'invalid', 'Enter a valid URL.');
  const seconds = Math.floor(nowMs / 1_000);
  const due = fields.integer('due', { min: 0, max: 253_402_300_799, standard: seconds + 3_600, nullable: true });
  const issued = fields.text('issued', { max: 10, standard: undefined, nullable: true });
  if (issued !== undefined && !isDay(issued)) fields.fail('issued', 'invalid', 'Date has wrong format. Use YYYY-MM-DD.');
  const errors: { [name: string]: FieldErrors[string] } = fields.errors;
  const client = clientInput === undefined ? undefined : readClient(clientInput);
  if (client !== undefined && Object.keys(client.errors).length > 0) errors.client = client.errors;
  const details = purchaseInput === undefined ? undefined : readDetails(purchaseInput, { client: client?.client, currency: standard });
  if (details !== undefined && Object.keys(details.errors).length > 0) errors.purchase = details.errors;
  if (Object.keys(errors).length > 0 || details === undefined) throw new Problem(400, errors);
  if (client === undefined && clientId === undefined) {
    throw generalProblem(400, 'purchase_client_or_id_required', 'Either `client` or `client_id` must be given.');
  }
  if (client !== undefined && clientId !== undefined) {
    throw generalProblem(400, 'purchase_client_or_id_only', 'Only one of `client` and `client_id` may be given.');
  }
  const { total, currency, lines, purchase } = details;
  refuseTotal(total, top.skip_capture);
  refuseTransfersAlone(top);
  return {
    ...{ brandId, client: client === undefined ? undefined : masked(client.client), clientId, total, currency, lines },
    document: {
      ...{ top: masked(top), purchase: masked(purchase), due, issued: issued ?? dayIn(purchase.timezone, nowMs) },
    },
  };
}

/** The same for a client that was registered before: what is known of the client need not be asked for. */
export function withDetailsOf(read: PurchaseRequest, client: ClientDocument): PurchaseRequest & { readonly client: ClientDocument } {
  const { document } = read;
  const { purchase } = document;
  const wanted = withoutKnown(purchase.request_client_details, client);
  return { ...read, client, document: { ...document, purchase: { ...purchase, request_client_details: wanted } } };
}

/** What is there already need not be asked for. */
export function withoutKnown(wanted: readonly string[], client: ClientDocument | undefined): readonly string[] {
  return wanted.filter((name) => client?.[name] === undefined || client[name] === '');
}

/** Throws 400 for what cannot be paid; a total of zero only keeps a card. */
export function refuseTotal(total: number, skipCapture: boolean): void {
  if (total < 0) throw new Problem(400, { purchase: { total: [{ code: 'min_value', message: 'The total must not be below 0.' }] } });
  if (total === 0 && !skipCapture) {
    throw generalProblem(400, 'purchase_zero_total', 'A total of 0 needs `skip_capture`: the card is kept and nothing is paid.');
  }
}

/** Throws 400 where a bank would have to hold money, or to keep a card: nobody could pay it. */
function refuseTransfersAlone({ payment_method_whitelist: allowed, skip_capture, force_recurring }: PurchaseDocument['top']): void {
  if (!(skip_capture || force_recurring) || allowed === null || allowed.some((name) => name !== bankTransfer)) return;
  const wanted = skip_capture ? 'skip_capture' : 'force_recurring';
  const message = `\`${wanted}\` needs a card, and the whitelist has none.`;
  throw fieldProblem('payment_method_whitelist', 'invalid_payment_method_whitelist', message);
}

/** `choices`: what can stand in it. */
export function readWhitelist(
  fields: Fields,
  body: Json,
  name = 'payment_method_whitelist',
  choices: readonly string[] = methodNames,
): readonly string[] | null {
  if (body[name] === undefined || body[name] === null) return null;
  const named = fields.texts(name, { max: 64, choices });
  if (named.length === 0) fields.fail(name, 'min_length', 'Ensure this field has at least 1 elements.');
  return named;
}

/** `purchase` of a request, with what it comes to. */
export function readDetails(
  input: Json,
  { client, currency: standard }: { readonly client?: ClientDocument | undefined; readonly currency: string | undefined },
) {
  const fields = fieldsOf(input);
  const currency = fields.currency('currency', standard);
  const products = readProducts(fields, input);
  const numbers = {
    debt: fields.integer('debt', { standard: 0 }),
    subtotal_override: fields.integer('subtotal_override', { standard: null, nullable: true }),
    total_tax_override: fields.integer('total_tax_override', { standard: null, nullable: true }),
    total_discount_override: fields.integer('total_discount_override', { standard: null, nullable: true }),
    total_override: fields.integer('total_override', { min: 0, standard: null, nullable: true }),
  };
  const wanted = fields.texts('request_client_details', { max: 32, choices: clientDetails });
  const timezone = fields.text('timezone', { max: 64, standard: 'UTC' });
  if (!isTimeZone(timezone)) fields.fail('timezone', 'invalid_choice', 'This is not a valid time zone.');
  const metadata = fields.object('metadata') ?? {};
  if (JSON.stringify(metadata).length > 10_000)
    fields.fail('metadata', 'max_length', 'Ensure this field has no more than 10000 characters.');
  const total = totalOf({ products, debt: numbers.debt, totalOverride: numbers.total_override });
  const purchase = {
    currency,
    products: products.map(writeProduct),
    total,
    language: fields.text('language', { max: 2, standard: 'en' }),
    notes: fields.text('notes', { max: 10_000, standard: '' }),
    ...numbers,
    request_client_details: withoutKnown(wanted, client),
    timezone,
    due_strict: fields.flag('due_strict'),
    email_message: fields.text('email_message', { max: 256, standard: '' }),
    shipping_options: [],
    payment_method_details: fields.object('payment_method_details') ?? {},
    has_upsell_products: false,
    single_attempt: fields.flag('single_attempt'),
    metadata,
  };
  return { total, currency, lines: products.map(lineOf), purchase, errors: fields.errors };
}

const productsAtMost = 1_000;

function readProducts(fields: ReturnType<typeof fieldsOf>, input: Json): readonly Product[] {
  const { products } = input;
  if (products === undefined || products === null) {
    fields.fail(
      'products',
      products === null ? 'null' : 'required',
      products === null ? 'This field may not be null.' : 'This field is required.',
    );
    return [];
  }
  if (!Array.isArray(products)) {
    fields.fail('products', 'invalid', 'Expected a list of items.');
    return [];
  }
  if (products.length === 0) fields.fail('products', 'min_length', 'Ensure this field has at least 1 elements.');
  if (products.length > productsAtMost)
    fields.fail('products', 'max_length', `Ensure this field has no more than ${productsAtMost} elements.`);
  const read = (products as readonly unknown[]).slice(0, productsAtMost).map(readProduct);
  if (read.some(({ errors }) => Object.keys(errors).length > 0)) fields.errors.products ??= read.map(({ errors }) => errors);
  return read.map(({ product }) => product);
}

function readProduct(input: unknown): { readonly product: Product; readonly errors: FieldErrors } {
  const fields = fieldsOf(isObject(input) ? input : {});
  const product: Product = {
    name: fields.text('name', { max: 256, required: true, standard: '' }),
    price: fields.integer('price', { min: 0, required: true, standard: 0 }),
    quantity: fields.decimal('quantity', { decimals: 4, digits: 14, standard: decimalOf(10_000n, 4) }),
    discount: fields.integer('discount', { min: 0, standard: 0 }),
    tax: fields.decimal('tax_percent', { decimals: 2, digits: 5, max: 100, standard: decimalOf(0n, 2) }),
    category: fields.text('category', { max: 256, standard: '' }),
    totalOverride: fields.integer('total_price_override', { min: 0, standard: null, nullable: true }),
  };
  if (!isObject(input)) return { product, errors: { __all__: [{ code: 'invalid', message: 'Invalid data. Expected an object.' }] } };
  if (Object.keys(fields.errors).length === 0 && isDiscountTooLarge(product)) {
    return {
      product,
      errors: { __all__: [{ code: 'product_subtotal_negative', message: "Discount can't be larger than price * quantity!" }] },
    };
  }
  return { product, errors: fields.errors };
}

function writeProduct({ name, price, quantity, discount, tax, category, totalOverride }: Product): Json {
  return { name, price, quantity: quantity.text, discount, tax_percent: tax.text, category, total_price_override: totalOverride };
}

export function dayIn(timeZone: string, nowMs: number): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(nowMs);
}

/** Texts and numbers without card numbers, however deep they are. */
export function masked<T>(value: T): T {
  if (typeof value === 'string') return maskCardNumbers(value) as T;
  if (typeof value === 'number') return maskCardNumber(value) as T;
  if (Array.isArray(value)) return value.map(masked) as T;
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [maskCardNumbers(name), masked(member as unknown)])) as T;
}

function originOf({ email, country, street_address, zip_code }: ClientDocument): Origin {
  const text = (value: ClientDocument[string] | undefined) => (typeof value === 'string' ? value : undefined);
  const address = billingAddressOf({ street: text(street_address), postcode: text(zip_code) });
  return { email: text(email), country: text(country), address };
}

/** Where a payer goes who does not pay on the hosted page. */
function cancelUrlOf({ cancel_redirect, failure_redirect }: PurchaseDocument['top']): Pick<CheckoutTerms, 'cancelUrl'> {
  const url = cancel_redirect === '' ? failure_redirect : cancel_redirect;
  return url === '' ? {} : { cancelUrl: url };
}

/** A bank holds nothing: what is to be captured later needs a card. */
function methodsIn({ payment_method_whitelist: allowed, skip_capture }: PurchaseDocument['top']) {
  const brands = brandsIn(allowed);
  const named: CheckoutTerms['banks'] = allowed === null ? bankMethods : allowed.includes(bankTransfer) ? ['prepayment'] : [];
  return {
    brands,
    banks: skip_capture ? [] : named,
    ...(allowed !== null && brands.length === 0 ? { takesNoCards: true as const } : {}),
  };
}

function billOf({ referenceGenerated, issued, due, client, purchase }: PurchaseDocument): NonNullable<CheckoutTerms['bill']> {
  const text = (name: string): string => (typeof client[name] === 'string' ? client[name] : '');
  const place = [text('zip_code'), text('city')].filter((part) => part !== '').join(' ');
  const to = [text('legal_name'), text('full_name'), text('street_address'), place, text('country'), text('tax_number'), text('email')];
  const { notes } = purchase;
  return {
    ...{ number: referenceGenerated, issuedOn: issued, dueAtMs: due * 1_000, to: to.filter((line) => line !== '') },
    ...(typeof notes === 'string' && notes !== '' ? { notes } : {}),
  };
}

/** Whether its payer is mailed a receipt by itself. */
export function sendsReceipt({ top, billing }: PurchaseDocument): boolean {
  return top.send_receipt && billing === undefined;
}

/** A subscription is charged again by itself: its periods decide how often. */
function isTriedOnce({ purchase, billing }: PurchaseDocument): boolean {
  return purchase.single_attempt && (billing === undefined || billing.product === 'billing_invoices');
}

/** What the core keeps of it: `orderId` and the address of its `success_callback` go with every payment. */
export function termsOf(
  orderId: string,
  { total, currency, lines }: Pick<PurchaseRequest, 'total' | 'currency' | 'lines'>,
  document: PurchaseDocument,
): CheckoutTerms {
  const { skip_capture, force_recurring, reference, success_redirect, success_callback } = document.top;
  const { clientId } = document;
  return {
    order: {
      ...{ kind: skip_capture ? 'preauthorization' : 'debit', amount: total, currency, tokenize: force_recurring },
      ...(reference === '' ? {} : { merchantReference: reference }),
      origin: originOf(document.client),
      dialectData: {
        orderId,
        // The cards of a client are found by it.
        ...(clientId === null ? {} : { customerReference: clientId }),
        // An empty one is told nothing, and the payer is mailed.
        ...(success_callback !== '' || sendsReceipt(document) ? { notificationUrl: success_callback } : {}),
      },
    },
    ...(success_redirect === '' ? {} : { returnUrl: success_redirect }),
    ...cancelUrlOf(document.top),
    ...methodsIn(document.top),
    ...(force_recurring || total === 0 ? {} : { offersToKeep: true }),
    ...(isTriedOnce(document) ? { singleAttempt: true } : {}),
    ...(document.billing === undefined ? {} : { product: document.billing.product }),
    ...{ bill: billOf(document), tokens: [], lines, document },
  };
}

function lineOf(product: Product): OrderLine {
  const quantity = product.quantity.text.replace(/\.?0+$/, '');
  return { name: maskCardNumbers(product.name), quantity, amount: amountOfLine(product) };
}
