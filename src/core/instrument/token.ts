/**
 * Tokens outside payments: a card put under a token for later, and the end of a token. Both are recorded once, and never change; the card is
 * the vault's. A card that no acquirer would be asked about is recorded as refused, under a name that the vault does not know.
 */
import type { RejectionReason } from '../payment/operation.ts';
import type { CardSummary } from './card.ts';

export interface TokenAct {
  readonly merchantId: string;
  readonly channelId: string;
  /** UUID. */
  readonly actId: string;
  readonly kind: 'tokenization' | 'deletion';
  /** 32 lower-case hex characters. */
  readonly token: string;
  /** Of a tokenization: what may be shown of the card. */
  readonly card?: CardSummary;
  /** Why the card was not kept. */
  readonly rejection?: RejectionReason;
  readonly merchantReference?: string;
  /** Echo fields only the dialect knows; flat, size-limited, without card data. */
  readonly dialectData: Readonly<Record<string, string>>;
  /** Business time, epoch ms. */
  readonly createdAtMs: number;
}

/** A token as its merchant may see it. */
export interface TokenView {
  readonly token: string;
  readonly card: CardSummary;
  /** The act that made it; absent when a payment did. */
  readonly act?: TokenAct;
}
