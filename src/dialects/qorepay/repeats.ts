/** Requests that make something: under an `Idempotency-Key` the same one leads to the same thing, whose id follows from the key. */
import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Engine } from '../../core/payment/engine.ts';
import { generalProblem } from './problem.ts';
import { idempotencyKeyOf } from './request.ts';

export interface Making {
  /** Of the id; absent: a new one is made by chance. */
  readonly seed?: Uint8Array;
  /** Of the body, SHA-256 as base64url. */
  readonly inputHash: string;
}

/** `what`: a name of its own for each kind of thing. Throws 400 for a key that cannot be one. */
export function makingOf(
  { inputMac }: Pick<Engine, 'inputMac'>,
  { request, merchantId, what, body }: { request: FastifyRequest; merchantId: string; what: string; body: unknown },
): Making {
  const key = idempotencyKeyOf(request);
  return {
    inputHash: createHash('sha256').update(JSON.stringify(body)).digest('base64url'),
    ...(key === undefined ? {} : { seed: Buffer.from(inputMac(`qorepay ${what}|${merchantId}|${key}`)) }),
  };
}

/** Throws 400 when the key was used with another body. */
export function expectSameInput({ inputHash }: Making, first: string | undefined): void {
  if (first !== inputHash) throw generalProblem(400, 'idempotency_key_reused', 'The Idempotency-Key was used with another request.');
}
