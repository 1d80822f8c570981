/**
 * What the contract suite needs of a dialect: a driver that makes the requests of the protocol and tells the answers in words that all
 * protocols share. The stories are written once, in these words, and run over every driver. A new dialect adds one file with its driver and
 * a line in drivers.ts.
 */
import type { Expiry } from '../../src/core/instrument/card.ts';
import type { DeclineReason } from '../../src/core/payment/decline.ts';
import type { RejectionReason } from '../../src/core/payment/operation.ts';
import type { CaughtHook } from '../harness/hooks.ts';
import type { Redirect } from '../harness/shopper.ts';
import type { Traces } from '../harness/traces.ts';

/**
 * What became of a request. `approved`; `declined` by the issuer; `rejected`: recorded and never sent; `pending`: not answered yet;
 * `undone`: it was not answered and has been reversed; `refused`: no trace of it is left.
 */
export type Outcome = 'approved' | 'declined' | 'rejected' | 'pending' | 'undone' | 'refused';

/**
 * Why a request was refused. `unauthorized`: bad credentials; `unknown`: what it names does not exist for this caller; `limit`: more than
 * there is to take; `conflict`: the payment's state, or another request under way, forbids it; `key_reused`: its key belongs to another
 * request; `malformed`: it breaks the protocol's form.
 */
export type RefusalReason = 'unauthorized' | 'unknown' | 'limit' | 'conflict' | 'key_reused' | 'malformed';

/** Parts of a request in neutral words; a name that only the request has stands for itself. */
export type Field = 'amount' | 'currency' | 'card number' | 'expiry month' | 'expiry year' | 'cvc' | (string & {});

export interface Answer {
  readonly outcome: Outcome;
  /** Of HTTP. */
  readonly status: number;
  /** Names the payment or operation in later calls of the same driver; nobody else reads it. Absent where nothing was recorded. */
  readonly handle: string | undefined;
  /** Minor units, where the answer tells the amount. */
  readonly amount: number | undefined;
  readonly currency: string | undefined;
  /** Of a decline, a rejection or a refusal. */
  readonly reason: DeclineReason | RejectionReason | RefusalReason | undefined;
  /** What the answer says is at fault. */
  readonly fields: readonly Field[];
  /** Where the shopper has to go, while there is something for them to do. */
  readonly redirect: Redirect | undefined;
  /** The stored card, where one was asked for. */
  readonly token: string | undefined;
  /** The answer says that it repeats an earlier one. */
  readonly replayed: boolean;
  /** Of a repeat that is refused: what was made first, where the answer names it. */
  readonly first?: string;
  /** The answer as it came, for the messages of failing tests. */
  readonly text: string;
}

/**
 * Who calls. `demo` and `other` are merchants; `nobody` sends no credentials; `wrong`: the demo merchant's channel with a secret that is
 * nobody's; `borrowed`: the demo merchant's channel with the other merchant's credentials.
 */
export type CallerName = 'demo' | 'other' | 'nobody' | 'wrong' | 'borrowed';

export interface Card {
  readonly number: string;
  /** Without one: the protocol's way to leave it out. */
  readonly cvc?: string;
  /** Absent: years from now. */
  readonly expiry?: Expiry;
}

/** A payment with card data; the driver fills in what the protocol wants beside it. */
export interface Order {
  /** Minor units. */
  readonly amount: number;
  readonly currency?: string;
  readonly card: Card;
  readonly holder?: string;
  /** Free text that the merchant chooses and the gateway keeps. */
  readonly description?: string;
  readonly idempotencyKey?: string;
  /** The shopper is there with a browser, and comes back to this address of the merchant. */
  readonly comesBackTo?: string;
  /** Something in the form of the request is to be wrong. */
  readonly fault?: Fault;
}

/** What acts upon a payment; `amount` in minor units, absent: all there is. */
export interface Act {
  readonly amount?: number;
  readonly currency?: string;
  readonly idempotencyKey?: string;
}

/** A payment that the shopper makes at their bank, and comes back from to this address of the merchant. */
export interface BankOrder {
  /** Minor units. */
  readonly amount: number;
  readonly comesBackTo: string;
}

/** Ways to spoil an order, and the part that the answer has to name. */
export const faults = {
  'no amount': 'amount',
  'an amount of zero': 'amount',
  'a negative amount': 'amount',
  'an amount that is no number': 'amount',
  'no currency': 'currency',
  'a currency that does not exist': 'currency',
  'no card number': 'card number',
  'letters in the card number': 'card number',
  'no expiry month': 'expiry month',
  'a month that does not exist': 'expiry month',
  'no expiry year': 'expiry year',
  'a code of letters': 'cvc',
  'a field that nobody knows': 'surprise',
} as const satisfies Readonly<Record<string, Field>>;

export type Fault = keyof typeof faults;

/** Everything a merchant can do in all protocols. `target` is the handle of an earlier answer. */
export interface Client {
  authorize(order: Order): Promise<Answer>;
  debit(order: Order): Promise<Answer>;
  capture(target: string, act: Act): Promise<Answer>;
  /** Gives back what was not settled yet: a hold, a debit, a capture. */
  void(target: string, act?: Act): Promise<Answer>;
  refund(target: string, act: Act): Promise<Answer>;
  read(target: string): Promise<Answer>;
  /** Stores a card, alone where the protocol can, else with a payment. */
  createToken(order: Order): Promise<Answer>;
  /** By a method whose shopper pays at the bank at once. Absent where `redirect method` is lacking. */
  payAtBank?(order: BankOrder): Promise<Answer>;
  /** A debit with a stored card. */
  payWithToken(token: string, act: Act & { readonly amount: number }): Promise<Answer>;
}

/** What not every protocol, or not yet every dialect, can do. */
export const capabilities = [
  'several captures',
  'several refunds',
  'partial void',
  'void of a debit',
  'tokens',
  'idempotency key',
  'refusal of unknown fields',
  'unauthenticated shoppers',
  'frictionless authentication',
  'challenge',
  'redirect method',
  'webhooks',
] as const;

export type Capability = (typeof capabilities)[number];

/** What a protocol answers to a key that it has seen before. */
export interface KeyPolicy {
  /** The same request again. */
  readonly repeat: 'replayed' | 'refused';
  /** Another request with that key. */
  readonly mismatch: 'replayed' | 'refused';
}

export interface Driver {
  readonly dialect: string;
  /** Stories that need one of these are skipped, and say so. */
  readonly lacks: readonly Capability[];
  readonly keyPolicy: KeyPolicy;
  /** Ids of the right form that nothing has. */
  readonly nothing: { readonly handle: string; readonly token: string };
  /** Absent where `webhooks` is lacking. */
  readonly webhooks?: WebhookReader;
  /** `url`: scheme, host and port of the gateway. Every answer and every card goes to the traces. */
  connect(connection: Connection): Client;
}

/** What the demo merchant is told, at the webhook catcher. */
export interface WebhookReader {
  /** Of the endpoint at the catcher. */
  readonly name: string;
  /** Checks the seal or the signature and returns the handle of the payment or operation that a message is about; undefined for others. */
  read(hook: CaughtHook): string | undefined;
}

export interface Connection {
  readonly url: string;
  readonly caller: CallerName;
  readonly traces: Traces;
}
