/** What every act works with, and what every act answers. */
import type { Bank } from '../bank/bank.ts';
import type { ComplianceStore } from '../compliance/document.ts';
import type { DueHoldStore } from '../due/due-hold.ts';
import type { EndpointStore } from '../event/endpoints.ts';
import type { CustomerStore } from '../instrument/customer.ts';
import type { InvoiceStore } from '../invoice/invoice-store.ts';
import type { MerchantBooks } from '../ledger/merchant-books.ts';
import type { MailQueue } from '../mail/send.ts';
import type { TemplateStore } from '../merchant/template.ts';
import type { Acquirer } from '../ports/acquirer.ts';
import type { Clock } from '../ports/clock.ts';
import type { PaymentStore } from '../ports/payment-store.ts';
import type { RefundsInParts } from '../ports/refunds-in-parts.ts';
import type { TokenActStore } from '../ports/token-act-store.ts';
import type { Vault } from '../ports/vault.ts';
import type { Refused } from '../refusals.ts';
import type { RequestKeys } from '../request-keys.ts';
import type { CardTesting } from '../risk/card-testing.ts';
import type { RiskStore } from '../risk/risk-store.ts';
import type { StatementStore } from '../statement/statement.ts';
import type { BillingStore } from '../subscription/billing.ts';
import type { ScheduleStore } from '../subscription/schedule.ts';
import type { Shoppers } from '../three-d-secure/shoppers.ts';
import type { RetryLimits } from './card-block.ts';
import type { CheckoutStore, OrderExpiryStore } from './checkout-terms.ts';
import type { OperationView } from './operation.ts';

/** The parts of the gateway that the acts use, and the settings they follow. */
export interface Engine {
  readonly store: PaymentStore;
  readonly checkouts: CheckoutStore;
  readonly expiries: OrderExpiryStore;
  readonly refundsInParts: RefundsInParts;
  readonly endpoints: EndpointStore;
  readonly tokenActs: TokenActStore;
  readonly customers: CustomerStore;
  readonly invoices: InvoiceStore;
  readonly schedules: ScheduleStore;
  readonly billing: BillingStore;
  readonly holds: DueHoldStore;
  readonly compliance: ComplianceStore;
  readonly requestKeys: RequestKeys;
  readonly templates: TemplateStore;
  readonly risk: RiskStore;
  readonly books: MerchantBooks;
  readonly statements: StatementStore;
  /** Absent: nobody who tries out cards is looked for. */
  readonly cardTesting: CardTesting | undefined;
  /** For `sendMail`. */
  readonly mails: MailQueue;
  readonly vault: Vault;
  readonly acquirer: Acquirer;
  /** Absent: no payment goes to a bank. */
  readonly bank: Bank | undefined;
  readonly clock: Clock;
  readonly log: EngineLog;
  /** Told of each request that was refused since the database is away. */
  readonly noteUnavailable: (error: unknown) => void;
  /** Runs what no request has asked for, under names that its log lines, measurements and traces bear. */
  readonly within: <T>(names: WorkNames, run: () => Promise<T>) => Promise<T>;
  /** Keyed HMAC over text, for comparing the inputs of repeated requests; the same key on every node. */
  readonly inputMac: (text: string) => Uint8Array;
  /** What payments need that wait for their shopper. */
  readonly shoppers: Shoppers;
  readonly settings: EngineSettings;
  /** Outcomes that are known and not yet recorded: shutdown waits for them. */
  readonly unrecorded: Set<Promise<unknown>>;
}

export interface EngineSettings {
  /** How long a payment's PAN is kept after its last use, business ms. */
  readonly panRetentionMs: number;
  /** How long an idempotency key is remembered, wall ms. */
  readonly keyLifetimeMs: number;
  /** Which of the schemes' limits on trying declined cards again are kept. */
  readonly retryLimits: RetryLimits;
  /** How often a payment may be tried again after its first decline, within Visa's window. */
  readonly retriesAtMost: number;
  /** Whether merchants' limits on attempts are kept; their block lists always are. */
  readonly riskLimits: boolean;
  /** How long an operator has for a payment that is held for review, business ms. */
  readonly reviewMs: number;
}

/** What the gateway does by itself, and for which payment where that is known. */
export interface WorkNames {
  readonly work: string;
  readonly paymentId?: string;
  readonly operationId?: string;
}

export interface EngineLog {
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}

/**
 * `refused`: nothing was recorded. `recorded`: the operation exists in the state it has now; `repeat` tells that this request, by its
 * idempotency key, had created it before.
 */
export type ActResult = Refused | { readonly kind: 'recorded'; readonly operation: OperationView; readonly repeat: boolean };
