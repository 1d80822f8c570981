/** Ids on the wire: the operation's id as 32 hex characters, and the numbers that accompany it. */
import { shortNumberOf } from '../../core/payment/operation.ts';

/** UUID → 32 lower-case hex characters. */
export function toWireId(id: string): string {
  return id.replaceAll('-', '');
}

/** 32 hex characters → UUID; undefined when it is no id of ours. */
export function fromWireId(wireId: string): string | undefined {
  const [, a, b, c, d, e] = /^([a-f0-9]{8})([a-f0-9]{4})([a-f0-9]{4})([a-f0-9]{4})([a-f0-9]{12})$/.exec(wireId) ?? [];
  return a === undefined ? undefined : `${a}-${b}-${c}-${d}-${e}`;
}

/** Three groups of four digits that people can read out; the same for the same operation. */
export function shortId(operationId: string): string {
  const digits = String(shortNumberOf(operationId)).padStart(12, '0');
  return `${digits.slice(0, 4)}.${digits.slice(4, 8)}.${digits.slice(8)}`;
}
