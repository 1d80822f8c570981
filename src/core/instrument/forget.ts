/** The end of a token: nobody can pay with it any more. Its card stays for refunds of what was paid with it, until its purge date. */
import { randomUUIDv7 } from 'node:crypto';
import type { Channel } from '../merchant/channel.ts';
import { purgeTime } from '../merchant/retention.ts';
import type { Engine } from '../payment/engine.ts';
import { inputHash } from '../payment/idempotency.ts';
import { refused } from '../refusals.ts';
import type { TokenView } from './token.ts';
import { recordAct, repeatedAct, type TokenActResult } from './token-acts.ts';
import { whyNoToken } from './why-no-token.ts';

export interface ForgetCommand {
  readonly channel: Channel;
  readonly token: string;
  readonly merchantReference?: string;
  readonly idempotencyKey?: string;
  readonly dialectData: Readonly<Record<string, string>>;
}

/**
 * Deletes a token of the merchant, once: `token_deleted` afterwards. The vault comes first and the record second, so that a crash between
 * them leaves a token that is gone, and whose deletion can be asked for again.
 */
export async function forget(engine: Engine, command: ForgetCommand): Promise<TokenActResult> {
  const { channel, token, merchantReference, idempotencyKey, dialectData } = command;
  const { merchantId, channelId } = channel;
  const key =
    idempotencyKey === undefined
      ? undefined
      : {
          key: idempotencyKey,
          inputHash: await inputHash(engine, merchantId, undefined, { kind: 'deletion', token, merchantReference, dialectData }),
        };
  const repeated = await repeatedAct(engine, { merchantId, channelId, key });
  if (repeated !== undefined) return repeated;
  if ((await engine.vault.describeToken({ merchantId, token })) === undefined) {
    return { kind: 'refused', refusal: await whyNoToken(engine, { merchantId, token }) };
  }
  if ((await engine.tokenActs.find({ merchantId, token, kind: 'deletion' })) !== undefined) {
    return refused('token_deleted', 'token');
  }
  const createdAtMs = engine.clock.businessNow();
  await engine.vault.deleteToken({ merchantId, token, cardPurgeAtMs: purgeTime(createdAtMs, channel, engine.settings) });
  const act = {
    ...({ merchantId, channelId, actId: randomUUIDv7(), kind: 'deletion', token, dialectData, createdAtMs } as const),
    ...(merchantReference === undefined ? {} : { merchantReference }),
  };
  return recordAct(engine, act, key);
}

/** `found`: a token that can be paid with. `recorded`: a card that was refused when it was to be stored. */
export async function readToken(
  engine: Engine,
  key: { readonly merchantId: string; readonly token: string },
): Promise<{ readonly kind: 'found'; readonly view: TokenView } | TokenActResult> {
  const act = await engine.tokenActs.find({ ...key, kind: 'tokenization' });
  if (act?.rejection !== undefined) return { kind: 'recorded', act, repeat: false };
  const known = await engine.vault.resolveToken(key);
  if (known === undefined) return { kind: 'refused', refusal: await whyNoToken(engine, key) };
  return { kind: 'found', view: { token: key.token, card: known.summary, ...(act === undefined ? {} : { act }) } };
}
