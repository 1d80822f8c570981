/** Tokenization without a payment: the card goes to the vault and gets a token; nobody is asked whether it is good. */
import { randomUUIDv7 } from 'node:crypto';
import type { Channel } from '../merchant/channel.ts';
import { purgeTime } from '../merchant/retention.ts';
import type { Engine } from '../payment/engine.ts';
import { inputHash } from '../payment/idempotency.ts';
import type { RejectionReason } from '../payment/operation.ts';
import type { CardSummary, Pan } from './card.ts';
import type { TokenAct } from './token.ts';
import { recordAct, repeatedAct, type TokenActResult, type TokenKey } from './token-acts.ts';

/** What is to be kept. `rejected`: a card that no acquirer would be asked about; recorded with its reason, without the number. */
export type CardToKeep =
  | { readonly type: 'card'; readonly pan: Pan; readonly summary: CardSummary }
  | { readonly type: 'rejected'; readonly summary: CardSummary; readonly reason: RejectionReason };

export interface TokenizeCommand {
  readonly channel: Channel;
  readonly card: CardToKeep;
  readonly merchantReference?: string;
  readonly idempotencyKey?: string;
  /** For one payment: it is never taken for the token that the card has. */
  readonly forOnePayment?: true;
  readonly dialectData: Readonly<Record<string, string>>;
}

/** The token that a card has, by its number, for protocols that give each card one; undefined when it has none. */
export async function tokenOf({ vault }: Engine, merchantId: string, pan: Pan): ReturnType<Engine['vault']['tokenOfCard']> {
  return vault.tokenOfCard({ merchantId, fingerprint: await vault.fingerprint(merchantId, pan) });
}

/**
 * Keeps a card under a new token. A crash between the vault and the record leaves a card that nobody knows a token of; its purge date takes
 * it. Throws when the vault or the database is away: nothing was acknowledged, and the same request may succeed later.
 */
export async function tokenize(engine: Engine, command: TokenizeCommand): Promise<TokenActResult> {
  const { channel, card, merchantReference, dialectData } = command;
  const { merchantId, channelId } = channel;
  const key = await keyOf(engine, command);
  const repeated = await repeatedAct(engine, { merchantId, channelId, key });
  if (repeated !== undefined) return repeated;
  const actId = randomUUIDv7();
  const createdAtMs = engine.clock.businessNow();
  const act: TokenAct = {
    ...{ merchantId, channelId, actId, kind: 'tokenization', dialectData, createdAtMs, card: card.summary },
    // Of a refused card the act's own id, which begins as no token of the vault does.
    token:
      card.type === 'card'
        ? await keep(engine, { channel, card, createdAtMs, ...(command.forOnePayment === true ? { isNotOfCard: true } : {}) })
        : actId.replaceAll('-', ''),
    ...(merchantReference === undefined ? {} : { merchantReference }),
    ...(card.type === 'card' ? {} : { rejection: card.reason }),
  };
  const recorded = await recordAct(engine, act, key);
  if (card.type === 'card' && (recorded.kind === 'refused' || recorded.repeat)) {
    await engine.vault.deleteToken({ merchantId, token: act.token, cardPurgeAtMs: createdAtMs });
  }
  return recorded;
}

async function keyOf(engine: Engine, command: TokenizeCommand): Promise<TokenKey | undefined> {
  const { channel, card, merchantReference, idempotencyKey, dialectData } = command;
  if (idempotencyKey === undefined) return undefined;
  const input = { kind: 'tokenization', card: card.summary, merchantReference, dialectData };
  const pan = card.type === 'card' ? card.pan : undefined;
  return { key: idempotencyKey, inputHash: await inputHash(engine, channel.merchantId, pan, input) };
}

async function keep(
  { vault, settings }: Engine,
  {
    channel,
    card,
    createdAtMs,
    ...more
  }: { channel: Channel; card: CardToKeep & { type: 'card' }; createdAtMs: number; isNotOfCard?: true },
): Promise<string> {
  const { merchantId } = channel;
  const cardId = randomUUIDv7();
  const purgeAtMs = purgeTime(createdAtMs, channel, settings);
  await vault.store({ merchantId, cardId, pan: card.pan, purgeAtMs });
  return vault.tokenize({ merchantId, cardId, purgeAtMs, summary: card.summary, ...more });
}
