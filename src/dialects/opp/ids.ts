/** Ids on the wire: the operation's id as 32 hex characters, and the numbers that accompany it. */
import { uuidOf } from '../../core/made-uuid.ts';
import { shortNumberOf } from '../../core/payment/operation.ts';

/** UUID → 32 lower-case hex characters. */
export function toWireId(id: string): string {
  return id.replaceAll('-', '');
}

/** 32 hex characters → UUID; undefined when it is no id of ours. */
export function fromWireId(wireId: string): string | undefined {
  return /^[a-f0-9]{32}$/.test(wireId) ? uuidOf(wireId) : undefined;
}

/** Three groups of four digits that people can read out; the same for the same operation. */
export function shortId(operationId: string): string {
  const digits = String(shortNumberOf(operationId)).padStart(12, '0');
  return `${digits.slice(0, 4)}.${digits.slice(4, 8)}.${digits.slice(8)}`;
}
