/**
 * One run of 3-D Secure as plain data: what it is about, what was asked, what came of it. It is bound to one amount, one currency and one card; its
 * evidence counts for nothing else. EMV 3-D Secure 2.2.0 and 2.3.1, browser channel; and without a shopper (3RI).
 */
import type { CredentialUse } from '../instrument/agreement.ts';
import type { BillingAddress } from '../instrument/billing-address.ts';
import type { CardBrand, CardSummary } from '../instrument/card.ts';
import type { AuthenticationEvent, AuthenticationState } from '../states/authentication.ts';

/** The issuer's word, as `transStatus` of an ARes or RReq has it; those that end a run. */
export type TransStatus = 'Y' | 'A' | 'I' | 'N' | 'R' | 'U';

/** Challenge windows: 250×400, 390×400, 500×600, 600×400, full screen. */
export type ChallengeWindow = '01' | '02' | '03' | '04' | '05';

/** The shopper's browser as the merchant describes it; everything may be missing, or odd. */
export interface ShopperBrowser {
  readonly acceptHeader?: string;
  readonly userAgent?: string;
  readonly language?: string;
  readonly javaEnabled?: boolean;
  readonly javascriptEnabled?: boolean;
  /** Bits per pixel. */
  readonly colorDepth?: number;
  /** Pixels. */
  readonly screenHeight?: number;
  readonly screenWidth?: number;
  /** Minutes, positive when the browser is behind UTC. */
  readonly timeZoneMinutes?: number;
  readonly ip?: string;
  readonly challengeWindow?: ChallengeWindow;
}

/**
 * Why the shopper need not be asked, as far as the merchant is concerned (strong customer authentication, EEA and UK): a low value, a low risk by the
 * acquirer's analysis, a merchant that the cardholder trusts, a payment between companies. The issuer need not follow; liability stays with the merchant.
 */
export type Exemption = 'low_value' | 'risk_analysis' | 'trusted' | 'corporate';

/** An earlier authentication of the same cardholder, for which the shopper was there. */
export interface PriorAuthentication {
  /** UUID. */
  readonly acsTransactionId: string;
  readonly method: 'frictionless' | 'challenge';
  /** Epoch ms. */
  readonly atMs: number;
}

/** What a shopper agrees to by a first payment, as far as their issuer is told. */
export interface AgreementTerms {
  readonly agreement: CredentialUse['type'];
  /** `YYYY-MM-DD`: nothing is charged after it. */
  readonly until?: string;
  /** The fewest days between two charges. */
  readonly everyDays?: number;
  /** In how many parts the purchase is paid. */
  readonly installments?: number;
}

/** A payment that the merchant starts (3RI): nobody is there who could be asked, so the issuer knows it by what the shopper has agreed to before. */
export interface WithoutShopper extends AgreementTerms {
  readonly prior?: PriorAuthentication;
}

/** What the issuer is told besides card and amount. Kept with the run; never holds a card number. */
export interface AuthenticationRequest {
  /** Empty without a shopper. */
  readonly browser: ShopperBrowser;
  /** Present: the merchant asks by itself. */
  readonly withoutShopper?: WithoutShopper;
  /** Present: by this payment the shopper lets the merchant charge them later, at fixed times or in parts. */
  readonly mandate?: AgreementTerms;
  /** `threeDSRequestorChallengeInd`: what the merchant wishes; 04 demands a challenge, 05 asks for an exemption. */
  readonly challengeIndicator?: string;
  /** What the acquirer is told as well, unless the shopper was authenticated after all. */
  readonly exemption?: Exemption;
  /** What the acquirer is told of the holder. */
  readonly address?: BillingAddress;
  /** The merchant wants no payment without an authentication. */
  readonly mustAuthenticate?: true;
  /** A decline for want of authentication stands: the shopper is not asked after it. */
  readonly withoutStepUp?: true;
  readonly brand: CardBrand;
  readonly holder?: string;
  readonly email?: string;
  /** As the shopper knows the merchant. */
  readonly merchantName: string;
  /** Two digits each, `YYMM`. */
  readonly cardExpiry: string;
  /** Of an authentication without a payment: what its merchant said and may see again. */
  readonly standAlone?: {
    readonly card: CardSummary;
    /** Under an idempotency key: hex of the keyed hash of what was asked for. */
    readonly inputHash?: string;
    readonly merchantReference?: string;
    readonly dialectData: Readonly<Record<string, string>>;
  };
  /** Sandbox only: what the simulated issuer should do, whatever the card; `enrolled`: the card takes part, if it does not anyway. */
  readonly simulate?: 'challenge' | 'frictionless' | 'enrolled';
}

/** `threeDSRequestorChallengeInd`: directs the issuer to challenge the shopper. */
export const challengeMandated = '04';

/** What the rules of the schemes allow after a result. `merchant-decides`: at the merchant's risk. */
export type Permission = 'yes' | 'merchant-decides' | 'never';

/** How a run ended at the issuer. */
export interface AuthenticationResult {
  readonly status: TransStatus;
  /** `transStatusReason`. */
  readonly reason?: string;
  readonly eci?: string;
  /** The proof: a payment credential. It is sealed before it is stored. */
  readonly value?: string;
  readonly permission: Permission;
  readonly shiftsLiability: boolean;
  /** Name of the rule that said so, or why nobody could be asked. */
  readonly rule: string;
  /** Why a challenge ended early: 01 by the shopper, 04 and 05 too slow. */
  readonly challengeCancel?: string;
  readonly acsTransactionId?: string;
  readonly dsTransactionId?: string;
}

/** A run as it is stored, without the evidence's secret. */
export interface Authentication {
  readonly merchantId: string;
  /** UUID: the 3DS Server's transaction id. */
  readonly authenticationId: string;
  readonly visitId: string;
  /** 2 is the step-up after a soft decline. */
  readonly number: number;
  readonly state: AuthenticationState;
  /** Minor units. */
  readonly amount: number;
  readonly currency: string;
  readonly cardId: string;
  readonly request: AuthenticationRequest;
  readonly version: string;
  readonly methodUrl?: string;
  /** The issuer's page has run in the shopper's browser. */
  readonly methodDone: boolean;
  /** The issuer has sent the browser back after a challenge. */
  readonly hasReturned: boolean;
  readonly acsUrl?: string;
  readonly acsTransactionId?: string;
  readonly dsTransactionId?: string;
  readonly transStatus?: TransStatus;
  readonly reason?: string;
  readonly eci?: string;
  readonly sealedValue?: Uint8Array;
  readonly permission?: Permission;
  readonly shiftsLiability: boolean;
  readonly rule?: string;
  readonly challengeCancel?: string;
  /** Business time, epoch ms. */
  readonly createdAtMs: number;
}

/** What merchants may see of a run. */
export type AuthenticationView = Pick<
  Authentication,
  'state' | 'version' | 'transStatus' | 'reason' | 'eci' | 'dsTransactionId' | 'acsTransactionId' | 'acsUrl' | 'shiftsLiability'
>;

/** What an acquirer is told of a run; the proof itself is among the secrets. */
export interface AuthenticationEvidence {
  readonly eci?: string;
  readonly dsTransactionId?: string;
  /** Message version, `2.2.0`. */
  readonly version: string;
}

const eventByStatus: Readonly<Record<TransStatus, AuthenticationEvent>> = {
  Y: 'authenticate',
  A: 'attempt',
  I: 'inform',
  N: 'fail',
  R: 'forbid',
  U: 'give_up',
};

/** What a result does to the run. */
export function eventOf({ status }: Pick<AuthenticationResult, 'status'>): AuthenticationEvent {
  return eventByStatus[status];
}

/** Name of the rule by which a merchant has taken back a payment that waited for its shopper. */
export const calledOffRule = 'called off';

/** A run that nobody could be asked for: the schemes let the merchant decide, and no liability is shifted. */
export function unavailable(rule: string): AuthenticationResult {
  return { status: 'U', permission: 'merchant-decides', shiftsLiability: false, rule };
}
