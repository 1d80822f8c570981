/**
 * Idempotency: a key leads to its operation, and the answer is rendered afresh from the operation's present state. Core tells first,
 * repeat, or repeat with another input; what a dialect answers to each is the dialect's declared policy.
 */
import { timingSafeEqual } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Pan } from '../instrument/card.ts';
import { maskCardNumbers } from '../instrument/mask.ts';
import type { IdempotencyKey } from '../ports/new-operation.ts';
import { refused } from '../refusals.ts';
import type { ActResult, Engine } from './engine.ts';
import type { OperationView } from './operation.ts';
import { isCertainlyNotRecorded, lookAgainMs, lookForMs, refuseUnrecorded } from './store-failure.ts';

/** Keyed HMAC of a command in canonical form: the PAN enters as its fingerprint, the CVC not at all. */
export async function inputHash(
  engine: Engine,
  merchantId: string,
  pan: Pan | undefined,
  input: Readonly<Record<string, unknown>>,
): Promise<Uint8Array> {
  const fingerprint = pan === undefined ? '' : Buffer.from(await engine.vault.fingerprint(merchantId, pan)).toString('hex');
  return engine.inputMac(`${fingerprint}|${canonical(input)}`);
}

/** What of a command says under which key it is sent. */
interface KeyedCommand {
  readonly channel: { readonly merchantId: string };
  readonly idempotencyKey?: string;
  readonly referenceKey?: string;
  /** Ms; how long the key is remembered, where it is not as long as the settings say. */
  readonly keyLifetimeMs?: number;
  readonly keyMatchesAnyInput?: true;
}

/** The command's key as a new row has it, with what the command asks for; nothing for a command without one. */
export async function keyOfRow(
  engine: Engine,
  { channel, idempotencyKey: key, referenceKey, keyLifetimeMs = engine.settings.keyLifetimeMs, keyMatchesAnyInput }: KeyedCommand,
  input: Readonly<Record<string, unknown>>,
  pan?: Pan,
): Promise<{ readonly idempotencyKey?: IdempotencyKey }> {
  if (key === undefined) return {};
  return {
    idempotencyKey: {
      ...{ key, inputHash: await inputHash(engine, channel.merchantId, pan, input) },
      expiresAtMs: engine.clock.wallNow() + keyLifetimeMs,
      ...(referenceKey === undefined ? {} : { referenceKey }),
      ...(keyMatchesAnyInput === undefined ? {} : { matchesAnyInput: true }),
    },
  };
}

/** JSON with sorted names, so that equal commands have equal text. */
function canonical(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const entries = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
}

/** Whether two requests under one key ask for the same. */
export function sameInput(a: { readonly inputHash: Uint8Array }, b: { readonly inputHash: Uint8Array }): boolean {
  return a.inputHash.length === b.inputHash.length && timingSafeEqual(a.inputHash, b.inputHash);
}

/**
 * A key as it is stored. One in which a card number may stand is replaced by its keyed hash, which names the same request as well; every other one
 * stays as it is. Dialects pass what merchants send through it, before it is stored or looked for.
 */
export function storedKey({ inputMac }: Pick<Engine, 'inputMac'>, key: string): string {
  return maskCardNumbers(key) === key ? key : `hash ${Buffer.from(inputMac(`key|${key}`)).toString('hex')}`;
}

/** The command with its keys as they are stored. */
export function withStoredKey<C extends Pick<KeyedCommand, 'idempotencyKey' | 'referenceKey'>>(
  engine: Pick<Engine, 'inputMac'>,
  command: C,
): C {
  const { idempotencyKey: key, referenceKey } = command;
  if (key === undefined) return command;
  const stored = { ...command, idempotencyKey: storedKey(engine, key) };
  return referenceKey === undefined ? stored : { ...stored, referenceKey: storedKey(engine, referenceKey) };
}

interface Keyed {
  readonly merchantId: string;
  readonly channelId: string;
  readonly idempotencyKey?: IdempotencyKey;
}

/**
 * The result of a request whose first transaction has failed: refused where nothing of it stands. Where it may stand, a repeat is told of the first
 * request, instead of an id that never was. `operation`: what was to be recorded; told without a key, when nobody has it, and when the database does not
 * tell soon.
 */
export async function resultOfFailure(
  engine: Engine,
  error: unknown,
  row: Keyed & { readonly operationId: string },
  operation: OperationView,
): Promise<ActResult> {
  if (isCertainlyNotRecorded(error)) return refuseUnrecorded(engine, error);
  return (await holderOfKey(engine, row)) ?? { kind: 'recorded', operation, repeat: false };
}

async function holderOfKey(engine: Engine, row: Keyed & { readonly operationId: string }): Promise<ActResult | undefined> {
  if (row.idempotencyKey === undefined) return undefined;
  const untilMs = performance.now() + lookForMs;
  while (performance.now() < untilMs) {
    try {
      const holder = await repeatOf(engine, row);
      if (holder?.kind !== 'recorded' || holder.operation.operationId !== row.operationId) return holder;
      return { ...holder, repeat: false };
    } catch {
      await delay(lookAgainMs);
    }
  }
  return undefined;
}

/** The result of a request whose key somebody else has taken meanwhile: that of the other request, once it can be told. */
export async function resultOfHolder(engine: Engine, keyed: Keyed): Promise<ActResult> {
  return (await repeatOf(engine, keyed)) ?? refused('key_in_flight', 'idempotencyKey');
}

/** The result of the request that had this key before, or this reference; undefined when there was none. */
export async function repeatOf(engine: Engine, { merchantId, channelId, idempotencyKey }: Keyed): Promise<ActResult | undefined> {
  if (idempotencyKey === undefined) return undefined;
  const { key, referenceKey } = idempotencyKey;
  const underKey = await engine.store.findByKey({ merchantId, channelId, key });
  const isByReference = underKey === undefined && referenceKey !== undefined;
  const found = isByReference ? await engine.store.findByKey({ merchantId, channelId, key: referenceKey }) : underKey;
  if (found === undefined) return undefined;
  if (idempotencyKey.matchesAnyInput !== true && !sameInput(found, idempotencyKey))
    return refused('key_reused', isByReference ? 'merchantReference' : 'idempotencyKey');
  const operation = await engine.store.findOperation({ merchantId, operationId: found.operationId });
  return operation === undefined ? undefined : { kind: 'recorded', operation, repeat: true };
}
