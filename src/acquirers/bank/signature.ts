/** The signature of the bank's notifications: `t` seconds since the epoch, `v1` the HMAC-SHA256 over them, a point, and the body, in hex. */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** How far the bank's clock may be from ours, and how long a notification may be on its way. */
const skewAtMostMs = 300_000;

export interface Signed {
  readonly signature: string | undefined;
  readonly body: Buffer;
  readonly secret: string;
  /** Wall time, epoch ms. */
  readonly nowMs: number;
}

export function isSigned({ signature, body, secret, nowMs }: Signed): boolean {
  const [, seconds, hex] = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(signature ?? '') ?? [];
  if (seconds === undefined || hex === undefined || Math.abs(nowMs - Number(seconds) * 1_000) > skewAtMostMs) return false;
  const expected = createHmac('sha256', secret).update(`${seconds}.`).update(body).digest();
  return timingSafeEqual(expected, Buffer.from(hex, 'hex'));
}
