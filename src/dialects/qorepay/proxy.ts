/**
 * The 3-D Secure 1 face of 3-D Secure 2: the merchant gets PaReq and MD, sends the payer's browser with them and a TermUrl to the proxy page, and gets
 * PaRes and MD back there. All of them are opaque and prove nothing but that they were made here, for this payment: what came of it is read, never
 * brought by a browser.
 */
import { timingSafeEqual } from 'node:crypto';
import { uuidOf } from '../../core/made-uuid.ts';
import type { Engine } from '../../core/payment/engine.ts';

type Part = 'PaReq' | 'PaRes' | 'MD' | 'session';

const bytesOf: Readonly<Record<Part, number>> = { PaReq: 24, PaRes: 24, MD: 16, session: 24 };

/** Of one operation, and of nothing else. */
export function proxyText({ shoppers }: Pick<Engine, 'shoppers'>, part: Part, operationId: string): string {
  const secret = Buffer.from(shoppers.ticketMac(`qorepay ${part}|${operationId}`)).subarray(0, bytesOf[part]);
  if (part === 'MD') return secret.toString('base64url');
  const id = Buffer.from(operationId.replaceAll('-', ''), 'hex');
  const bytes = Buffer.concat([id, secret]);
  return part === 'session' ? bytes.toString('base64url') : bytes.toString('base64');
}

/** The operation that a text is of; undefined for whatever was not made here. */
export function readProxyText(engine: Pick<Engine, 'shoppers'>, part: Exclude<Part, 'MD'>, text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > 200) return undefined;
  // In a form that was put together by hand, a plus has become a space.
  const bytes = Buffer.from(text.trim().replaceAll(' ', '+'), 'base64');
  if (bytes.length !== 16 + bytesOf[part]) return undefined;
  const operationId = uuidOf(bytes.toString('hex', 0, 16));
  const expected = Buffer.from(proxyText(engine, part, operationId), 'base64');
  return timingSafeEqual(bytes, expected) ? operationId : undefined;
}

export function isMd(engine: Pick<Engine, 'shoppers'>, text: string, operationId: string): boolean {
  const [given, expected] = [Buffer.from(text), Buffer.from(proxyText(engine, 'MD', operationId))];
  return given.length === expected.length && timingSafeEqual(given, expected);
}
