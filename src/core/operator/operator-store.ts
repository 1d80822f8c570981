/** What an operator looks through and changes, as interfaces; the store keeps it. Every act leaves its row in the trail, in its own transaction. */
import type { DocumentType } from '../compliance/document.ts';
import type { EndpointState } from '../event/outbox.ts';
import type { Template } from '../merchant/template.ts';
import type { SealedSecret, SecretToSeal } from '../ports/vault.ts';
import type { RiskRule } from '../risk/rule.ts';
import type { Role } from './operator.ts';

/** What can be listed, page by page. */
export const operatorLists = [
  'merchants',
  'accounts',
  'channels',
  'credentials',
  'endpoints',
  'payments',
  'operations',
  'attempts',
  'authentications',
  'messages',
  'events',
  'ledger_entries',
  'balances',
  'payout_balances',
  'deliveries',
  'delivery_attempts',
  'disputes',
  'escalations',
  'given_up_holds',
  'compliance_documents',
  'page_templates',
  'risk_rules',
  'reviews',
  'settlements',
  'settlement_parts',
  'settlement_comparisons',
  'settlement_operations',
  'operators',
  'audit',
] as const;

export type OperatorList = (typeof operatorLists)[number];

export interface ListRequest {
  readonly list: OperatorList;
  /** By the list's own names; each has the form that its column needs. */
  readonly filters: Readonly<Record<string, string>>;
  /** `next` of the page before. */
  readonly after?: readonly string[];
  readonly limit: number;
}

/** In the words of the console API: amounts in minor units, times as `Date`. */
export type ListRow = Readonly<Record<string, unknown>>;

export interface ListPage {
  readonly rows: readonly ListRow[];
  /** Where the next page begins; absent: this is the last one. */
  readonly next?: readonly string[];
}

/** Who acts: for the trail. */
interface ByActor {
  readonly actor: string;
}

export interface MerchantChange extends ByActor {
  readonly merchantId: string;
  readonly name?: string;
  readonly enabled?: boolean;
}

export interface ChannelToMake extends ByActor {
  readonly merchantId: string;
  readonly dialect: string;
  readonly wireId: string;
  readonly name: string;
  readonly accountId: string;
}

/** What of a channel can change; null removes a restriction, or what was set. */
export interface ChannelSettings {
  readonly name?: string;
  readonly enabled?: boolean;
  readonly currencies?: readonly string[] | null;
  readonly brands?: readonly string[] | null;
  readonly flows?: readonly string[] | null;
  readonly bank_methods?: readonly string[] | null;
  readonly policies?: Readonly<Record<string, unknown>>;
  readonly look?: Readonly<Record<string, string>> | null;
  readonly without_authentication?: 'proceed' | 'stop';
  readonly authenticates_without_shopper?: boolean;
  readonly accepts_partial_approval?: boolean;
}

export interface CredentialToMake extends ByActor {
  readonly merchantId: string;
  readonly dialect: string;
  readonly identifier?: string;
  readonly freshIdentifier: string;
  readonly secret: string;
  /** Only with an approved, valid PCI DSS document of one of these types. */
  readonly asksForOneOf?: readonly DocumentType[];
  /** Encrypts the secret, where requests are signed with it. */
  readonly seal?: (secret: SecretToSeal) => Uint8Array;
}

export interface EndpointToMake extends ByActor {
  readonly merchantId: string;
  readonly endpointId: string;
  readonly dialect: string;
  readonly channelId?: string;
  readonly url: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly sealedSecret?: Uint8Array;
  readonly state: 'inactive' | 'active';
}

export interface EndpointChange extends ByActor {
  readonly endpointId: string;
  readonly url?: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly sealedSecret?: Uint8Array;
}

/** An endpoint with the secret that it is told with, sealed. */
export interface KeptEndpoint {
  readonly endpointId: string;
  readonly merchantId: string;
  /** The merchant's name. */
  readonly merchant: string;
  readonly dialect: string;
  /** Null: whatever requests name. `mailto:` for mails. */
  readonly url: string | null;
  readonly settings: Readonly<Record<string, string>>;
  readonly secret: Uint8Array | null;
  readonly state: EndpointState;
}

/** Finished deliveries that are to be sent once more; `from` and `to` are when they were made, `to` not included. */
export interface ReplayOrder extends ByActor {
  readonly endpointId: string;
  readonly paymentId?: string;
  readonly sequence?: number;
  readonly onlyFailed: boolean;
  readonly from?: Date;
  readonly to?: Date;
}

export interface RiskRuleToMake extends ByActor {
  readonly merchantId: string;
  /** Absent: all channels of the merchant. */
  readonly channelId?: string;
  readonly rule: RiskRule;
}

export interface TemplateToWrite extends ByActor {
  readonly merchantId: string;
  readonly name: string;
  readonly template: Template;
}

export interface OperatorToMake extends ByActor {
  readonly name: string;
  readonly role: Role;
  /** SHA-256 of the key. */
  readonly keyHash: Uint8Array;
}

/** Orders within a span of business time, and what came of them. */
export interface ConversionRequest {
  readonly from: Date;
  readonly to: Date;
  readonly merchantId?: string;
  readonly channelId?: string;
  readonly currency?: string;
  /** What makes rows: some of `day`, `brand`, `flow`, `decline_reason`. */
  readonly by: readonly string[];
}

/** Throws `OperatorError` for what cannot be had. */
export interface OperatorStore {
  page(request: ListRequest): Promise<ListPage>;
  createMerchant(merchant: ByActor & { readonly name: string; readonly routingNumber?: number }): Promise<{ readonly merchantId: string }>;
  changeMerchant(change: MerchantChange): Promise<void>;
  createAccount(
    account: ByActor & {
      readonly accountId: string;
      readonly adapter: string;
      readonly merchantIdentifier: string;
      readonly categoryCode: string;
      readonly terminals: readonly string[];
    },
  ): Promise<unknown>;
  createChannel(channel: ChannelToMake & { readonly settings: ChannelSettings }): Promise<{ readonly channelId: string }>;
  changeChannel(
    change: ByActor & { readonly merchantId: string; readonly channelId: string; readonly settings: ChannelSettings },
  ): Promise<void>;
  createCredential(credential: CredentialToMake): Promise<{ readonly credentialId: string; readonly identifier: string }>;
  revokeCredential(credential: ByActor & { readonly credentialId: string }): Promise<unknown>;
  findEndpoint(endpointId: string): Promise<KeptEndpoint>;
  createEndpoint(endpoint: EndpointToMake): Promise<void>;
  changeEndpoint(change: EndpointChange): Promise<void>;
  pauseEndpoint(endpoint: ByActor & { readonly endpointId: string }): Promise<void>;
  resumeEndpoint(endpoint: ByActor & { readonly endpointId: string }): Promise<void>;
  /** A test message was acknowledged: an endpoint that was new or parked is sent what waits for it. */
  activateEndpoint(endpoint: ByActor & { readonly endpointId: string }): Promise<void>;
  removeEndpoint(endpoint: ByActor & { readonly endpointId: string }): Promise<void>;
  /** How many deliveries are sent once more. */
  replay(order: ReplayOrder): Promise<number>;
  /** `rejected` also ends an approval; its reason is told to the merchant. */
  decideDocument(
    decision: ByActor & { readonly documentId: string; readonly as: 'approved' | 'rejected'; readonly reason?: string },
  ): Promise<unknown>;
  /** The bytes of a document; `open` decrypts them. */
  readDocument(asked: ByActor & { readonly documentId: string; readonly open: (sealed: SealedSecret) => string }): Promise<Uint8Array>;
  addRiskRule(rule: RiskRuleToMake): Promise<{ readonly ruleId: string }>;
  removeRiskRule(rule: ByActor & { readonly merchantId: string; readonly ruleId: string }): Promise<void>;
  writeTemplate(template: TemplateToWrite): Promise<void>;
  removeTemplate(template: ByActor & { readonly merchantId: string; readonly name: string }): Promise<void>;
  /** The id of the card that a payment was tried with last. */
  cardOfPayment(key: { readonly merchantId: string; readonly paymentId: string }): Promise<string | undefined>;
  /** Adds to what a merchant may pay out; what is funded under the same id counts once. False: it was funded before. */
  fundPayouts(
    funding: ByActor & {
      readonly merchantId: string;
      readonly fundingId: string;
      readonly currency: string;
      /** Minor units. */
      readonly amount: number;
    },
  ): Promise<boolean>;
  conversion(request: ConversionRequest): Promise<readonly ListRow[]>;
  /** The operator with this key, unless it was revoked. */
  findOperator(keyHash: Uint8Array): Promise<{ readonly name: string; readonly role: Role } | undefined>;
  createOperator(operator: OperatorToMake): Promise<{ readonly operatorId: string }>;
  revokeOperator(operator: ByActor & { readonly operatorId: string }): Promise<void>;
}
