/** What a dialect is to the gateway: a name and routes. Everything it needs from the engine comes in the context. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { DocumentType } from '../core/compliance/document.ts';
import type { PaymentEventRecord } from '../core/event/outbox.ts';
import type { TokenAct } from '../core/instrument/token.ts';
import type { OrderMail } from '../core/invoice/mail-order.ts';
import type { BookedLine } from '../core/ledger/merchant-books.ts';
import type { Channel, Directory } from '../core/merchant/channel.ts';
import type { CheckoutEventRecord } from '../core/payment/checkout-terms.ts';
import type { Engine } from '../core/payment/engine.ts';
import type { ImportedPayment, ImportedToken } from '../core/payment/imported.ts';
import type { OperationView, PaymentTree } from '../core/payment/operation.ts';
import type { OrderView } from '../core/payment/order.ts';
import type { ShopperStep } from '../core/payment/shopper-step.ts';
import type { BillWriter } from '../core/subscription/bill.ts';
import type { Subscriber } from '../core/subscription/billing.ts';
import type { DialectSandbox } from './demo.ts';

/** `sandbox`: simulators answer; `live`: acquirers do. */
export type Mode = 'sandbox' | 'live';

export interface DialectContext {
  readonly engine: Engine;
  readonly directory: Directory;
  /** `sandbox`: simulators answer, and dialects say so where their protocol has a word for it. */
  readonly mode: Mode;
  /**
   * To be awaited before a request is recorded that names a URL of its own to be told at: from then on the merchant's payments in this
   * dialect are looked through for one, under `notificationUrl` in the dialect's data of an operation, or else of its payment's first. Rejects
   * while the database is away.
   */
  expectUrlsInRequests(channel: Channel): Promise<void>;
  readonly limits: RequestLimits;
  readonly webhooks: Webhooks;
  /**
   * Whether an error means that something the request needs is away: nothing was recorded, and the same request may succeed later. False once anything of
   * the request stands.
   */
  readonly isUnavailable: (error: unknown) => boolean;
}

/** The endpoints of an account, for protocols that let merchants try them. */
export interface Webhooks {
  /** Those that an operator has set up, with their secrets, the oldest first. */
  addressesOf(channel: Channel): Promise<readonly CallbackAddress[]>;
  /** Sends one message apart from all that happens to payments. False when it was not acknowledged in time. */
  send(message: CallbackMessage & { readonly timeoutMs: number }): Promise<boolean>;
}

/** A request that was let through, and where it can be told how many more may follow at once; or one that was not. */
export type Counted =
  | { readonly allowed: true; readonly limit?: number; readonly remaining?: number }
  | { readonly allowed: false; readonly limit: number; readonly retryAfterMs: number };

/** How often something may be asked; the numbers are settings. A subject is whatever the dialect counts together. */
export interface RequestLimits extends LoginLimits {
  /** A status request where the protocol limits them: exact, over all nodes, in a sliding minute. `perMinute`: where the protocol allows more. */
  countStatus(request: { readonly merchantId: string; readonly subject: string; readonly perMinute?: number }): Promise<Counted>;
  /** Any request, against floods: generous, counted by each node for itself. */
  countRequest(request: { readonly merchantId: string; readonly subject: string }): Counted;
  /** Whether the subject comes for the first time within `withinMs`. */
  isFirst(request: { readonly merchantId: string; readonly subject: string; readonly withinMs: number }): Promise<boolean>;
}

/** Limits on who asks. A name is whatever finds the credentials: a login, a key's id; it is counted whether anybody has it or not. */
export interface LoginLimits {
  /** Before credentials are looked at. Throws TooManyRequests while whoever asks has to wait because of wrong ones. */
  beforeLogin(request: FastifyRequest, name: string): void;
  /** They were wrong. */
  loginFailed(request: FastifyRequest, name: string): void;
  /** They were right. Throws TooManyRequests where the credential has asked too often, or the merchant, where it is one, has too many requests under way. */
  loggedIn(request: FastifyRequest, who: { readonly name: string; readonly merchantId?: string }): void;
}

/** The part of a dialect that answers requests, and says how they are written. */
export interface DialectApi {
  /** Adds the routes to an encapsulated Fastify instance: parsers and error handlers set there stay there. */
  register(app: FastifyInstance, context: DialectContext): void;
  /** The API for people and for programs, shown at `/docs/<name>`; in live mode without any credentials. */
  describe(mode: Mode): ApiDescription;
}

export interface Dialect {
  readonly name: string;
  /** Loaded where requests are answered only: it is half of what there is to load, and commands do without. */
  loadApi(): Promise<DialectApi>;
  /** How often one credential may ask within a second, where the protocol documents a number. */
  readonly requestsPerSecond?: number;
  /** How long the dialect lets a hold stand on this channel, in ms; absent or undefined: as long as the card's scheme does. */
  holdLifeMs?(channel: Channel): number | undefined;
  /** What operators may set for a channel to be different, by name; `expected` completes "must be …". Absent: anything, unchecked. */
  readonly policies?: Readonly<Record<string, { readonly accepts: (value: unknown) => boolean; readonly expected: string }>>;
  /** Under which name of an operation's data the shopper's e-mail stands; absent where the dialect keeps none. */
  readonly emailIn?: string;
  /** How a shopper comes back to the shop, where more goes with them than the URL; absent: to the return URL as it is. */
  returnStep?(context: Pick<DialectContext, 'engine' | 'directory'>, back: ShopperReturn): Promise<ShopperStep | undefined>;
  /** What the orders of subscriptions say; absent where the protocol has none. */
  billing?(context: Pick<DialectContext, 'engine' | 'mode'>): BillWriter;
  /** How merchants are told what happened; absent where the protocol has no way. */
  readonly callbacks?: DialectCallbacks;
  /** How a line of a merchant's statement reads; absent where the protocol has no statements. */
  readonly statement?: DialectStatement;
  /** What an operator gives to a merchant, in the shapes of the protocol. */
  readonly access: DialectAccess;
  /** What reads what merchants bring along from another platform of this protocol; absent where nothing can be imported. */
  loadImporter?(): Promise<DialectImport>;
  /** What the sandbox has for those who speak this dialect; absent where nobody can try it. */
  readonly sandbox?: DialectSandbox;
}

/** Statements as tables. */
export interface DialectStatement {
  readonly columns: readonly string[];
  /** Columns whose texts are decimal numbers. */
  readonly numbers: readonly string[];
  /** `timeZone`: IANA name. Pure. */
  write(line: BookedLine, timeZone: string): Readonly<Record<string, string>>;
}

/** A shopper who has done their part, or will not. */
export interface ShopperReturn {
  readonly channel: Channel;
  /** The payment's first. */
  readonly operationId: string;
  /** As the payment was begun with. */
  readonly returnUrl: string;
}

/** What a dialect says to a merchant's endpoint, and how patiently. Order, retries, addresses and records are not its business. */
export interface DialectCallbacks {
  /** The pause after each failed try, in ms; after the last one comes one more try, and then none. */
  readonly retryDelaysMs: readonly number[];
  /** How long an endpoint may take to acknowledge. */
  readonly timeoutMs: number;
  /** Messages are signed with the secret of the merchant's newest credential: it comes as that of the address. */
  readonly signsWithCredential?: true;
  /** Messages about payments tell what came of 3-D Secure: their first operation has it. */
  readonly tellsAuthentication?: true;
  /** How a payment and an act upon it are called where merchants are told of them by mail. Absent: by their internal ids. */
  namesOf?(told: Pick<PaymentNotice, 'operation' | 'tree'>): { readonly paymentId: string; readonly operationId: string };
  readonly form: EndpointForm;
  /** The messages of an event, in order, always as many for the same event; none where the protocol does not tell of it. Pure. */
  write(notice: CallbackNotice): readonly CallbackMessage[];
  /**
   * The receipt that the payer is mailed because of an event of a payment whose request names a URL, or an empty one, which is told nothing. Once for each
   * `key`. Absent: the protocol mails none.
   */
  receiptOf?(notice: CallbackNotice): ReceiptMail | undefined;
  /** A message that means nothing, to see whether the endpoint takes what it is sent. */
  writeTest(test: CallbackTest): CallbackMessage;
}

export type ReceiptMail = Omit<OrderMail, 'channel' | 'purpose' | 'isTest' | 'key'> & { readonly key: string };

/** What an operator may say of an endpoint. */
export interface EndpointForm {
  /** Names of settings and what each may be. */
  readonly settings: Readonly<Record<string, { readonly pattern: RegExp; readonly expected: string; readonly standard: string }>>;
  /** Absent: no secret is needed. */
  readonly secret?: {
    readonly pattern: RegExp;
    /** Completes "expected …". */
    readonly expected: string;
    make(): string;
  };
  /** Whether nothing is sent before the endpoint has acknowledged a test message. */
  readonly needsTest: boolean;
}

/** Where a message goes and with what it is sealed or signed. */
export interface CallbackAddress {
  readonly url: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly secret?: string;
}

export interface CallbackTest {
  readonly address: CallbackAddress;
  readonly mode: Mode;
  /** Wall time, epoch ms. */
  readonly nowMs: number;
}

interface AnyNotice extends CallbackTest {
  /** Business time, epoch ms: what is due by now. */
  readonly businessNowMs: number;
  /** The request named the URL itself; no operator has set the endpoint up. Settings and secret are those of the channel's oldest endpoint. */
  readonly namedByRequest: boolean;
  readonly channel: Channel;
  /** Failed tries before this one. */
  readonly retries: number;
}

export interface PaymentNotice extends AnyNotice {
  readonly subject: 'payment';
  readonly event: PaymentEventRecord;
  /** As they are now. */
  readonly tree: PaymentTree;
  readonly operation: OperationView;
  /** The order that it pays, where it pays one. */
  readonly order?: OrderView;
}

/** Something happened to an order, apart from its payments. */
export interface OrderNotice extends AnyNotice {
  readonly subject: 'order';
  readonly event: CheckoutEventRecord;
  readonly order: OrderView;
}

/** A card was put under a token without a payment, or a token was deleted. */
export interface TokenNotice extends AnyNotice {
  readonly subject: 'token';
  readonly act: TokenAct;
  /** The order that the card was kept with, where it was one. */
  readonly order?: OrderView;
}

/** A customer's subscription has ended before its time. */
export interface SubscriberNotice extends AnyNotice {
  readonly subject: 'subscriber';
  readonly subscriber: Subscriber;
}

export type CallbackNotice = PaymentNotice | TokenNotice | OrderNotice | SubscriberNotice;

export interface CallbackMessage {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Names and secrets of the protocol: made for new merchants, checked for those who bring theirs along. */
export interface DialectAccess {
  /** A new random name of a channel (an entity, a brand, a terminal). */
  newWireId(): string;
  isWireId(text: string): boolean;
  /** A new random name of a login, as credentials are found by. */
  newIdentifier(): string;
  isIdentifier(text: string): boolean;
  /** Where a request brings nothing but the secret: the identifier that goes with it. */
  identifierOf?(secret: string): string;
  /** The same of a secret that is brought along, where those that are made here bear their identifier. `asked`: the identifier that was given with it. */
  identifierOfGiven?(secret: string, asked: string | undefined): string;
  /** Whether requests are signed with the secret: then it is kept so that it can be read again, encrypted, and not as a hash alone. */
  readonly signsWithSecret?: true;
  /** In live mode a merchant gets a credential only with an approved, valid PCI DSS document of one of these types; absent: without. */
  readonly asksForOneOf?: readonly DocumentType[];
  /** Where the protocol has resellers that act for merchants. */
  readonly partners?: DialectPartners;
  /** A new random secret, of 128 bits at least. */
  newSecret(): string;
  isSecret(text: string): boolean;
  /** What the forms above are, for an error: "32 lower-case hex characters". */
  readonly expected: { readonly wireId: string; readonly identifier: string; readonly secret: string };
  /** What the merchant enters in his integration, in the words of the protocol. */
  show(login: { readonly identifier: string; readonly secret: string }): readonly { readonly name: string; readonly value: string }[];
}

/** Names of resellers; their keys have the form of merchants' secrets. */
export interface DialectPartners {
  newIdentifier(): string;
  isIdentifier(text: string): boolean;
  /** Completes "must be …". */
  readonly expected: string;
  /** What the partner enters, in the words of the protocol. */
  show(partner: {
    readonly identifier: string;
    readonly login: string;
    readonly secret: string;
  }): readonly { readonly name: string; readonly value: string }[];
}

/** Why a line cannot be imported: names the field, never its value. */
export interface ImportProblem {
  readonly problem: string;
}

/** Lines of an import, as they come out of JSON. */
export interface DialectImport {
  readToken(line: unknown): ImportedToken | ImportProblem;
  readPayment(line: unknown): ImportedPayment | ImportProblem;
}

/** A dialect's API as its documentation shows it. */
export interface ApiDescription {
  /** A few words, and one sentence for the list of dialects. */
  readonly title: string;
  readonly summary: string;
  /** An OpenAPI 3.1 document. What the form for trying it out begins with is each parameter's `example`. */
  readonly document: object;
  /** Filled in before anybody asks: a security scheme of the document and its value. Published credentials only. */
  readonly credential?: { readonly scheme: string; readonly value: string };
}
