/** Who asks: a merchant's channel, as its dialect found it from the request's credentials. */
import type { CardBrand } from '../instrument/card.ts';
import type { RiskRule } from '../risk/rule.ts';
import type { Look } from './look.ts';
import type { Partner } from './partner.ts';

/**
 * Ways that payments may go. `synchronous`: a card payment without its shopper, also a later one that the merchant initiates. `three_d_secure`: a
 * card payment with authentication, by this gateway or by the merchant's own server. `redirect`: at a bank.
 */
export const flows = ['synchronous', 'three_d_secure', 'redirect'] as const;

export type Flow = (typeof flows)[number];

/** An entity, brand, PSPID or terminal of a merchant: where its payments enter and by which acquirer account they leave. */
export interface Channel {
  readonly merchantId: string;
  /** Small number of the merchant, carried inside ids that the outside shows without naming the merchant. */
  readonly routingNumber: number;
  readonly channelId: string;
  readonly dialect: string;
  /** The id by which the dialect's callers name the channel. */
  readonly wireId: string;
  readonly name: string;
  /** The acquirer account (MID, terminals, MCC) its payments use. */
  readonly accountId: string;
  readonly enabled: boolean;
  /** When an issuer cannot authenticate the shopper: `proceed` (default) without liability shift, or `stop`. */
  readonly withoutAuthentication?: 'proceed' | 'stop';
  /** Whether the issuer is asked about payments that the merchant starts, unless a request says otherwise (3RI). */
  readonly authenticatesWithoutShopper?: boolean;
  /** Whether a payment stands that the issuer approved for less than was asked; else the part is reversed and the payment declined. */
  readonly acceptsPartialApproval?: boolean;
  /** Methods of banks that it has activated; absent: none. */
  readonly bankMethods?: readonly string[];
  /** Card brands it may use; absent: all. */
  readonly brands?: readonly CardBrand[];
  /** Ways its payments may go; absent: all. */
  readonly flows?: readonly Flow[];
  /** Currencies it may use; absent: all. */
  readonly currencies?: readonly string[];
  /** How long its merchant keeps card numbers, business ms; absent: as long as the gateway's setting says. */
  readonly panRetentionMs?: number;
  /** What keeps a payment from being sent; absent: nothing. */
  readonly riskRules?: readonly RiskRule[];
  /** How the pages look that its shoppers see. */
  readonly look?: Look;
  /** What its dialect does differently for it, in the dialect's own words. */
  readonly policies: Readonly<Record<string, unknown>>;
}

/** A secret that lets a caller in, as its SHA-256. */
export interface Credential {
  readonly merchantId: string;
  readonly credentialId: string;
  /** What it is found by. */
  readonly identifier: string;
  readonly secretHash: Uint8Array;
  /** Where requests are signed with it: the secret as the vault has sealed it, under the credential's id. */
  readonly sealedSecret?: Uint8Array;
}

/** Finds channels and credentials; answers from memory, at most seconds old, so that the payment path asks no database. */
export interface Directory {
  channel(key: { readonly dialect: string; readonly wireId: string }): Promise<Channel | undefined>;
  /** For what the gateway does by itself, without a request that names the channel. */
  channelById(key: { readonly merchantId: string; readonly channelId: string }): Promise<Channel | undefined>;
  /** Active credentials under an identifier (a user id, a key id): two during rotation. */
  credentials(key: { readonly dialect: string; readonly identifier: string }): Promise<readonly Credential[]>;
  /** Active credentials of a merchant in a dialect, the newest first. */
  credentialsOf(key: { readonly dialect: string; readonly merchantId: string }): Promise<readonly Credential[]>;
  /** A merchant's channels in a dialect, the oldest first: for requests that name the merchant and no channel. */
  channelsOf(key: { readonly dialect: string; readonly merchantId: string }): Promise<readonly Channel[]>;
  partner(key: { readonly dialect: string; readonly identifier: string }): Promise<Partner | undefined>;
}
