/** Card numbers that no other test has used: a fault of the host can be meant for one of them, and its account is untouched. */
import { passesLuhn } from '../../src/core/instrument/card.ts';

let used = 0;

/** A Visa number with a right check digit that the sandbox approves; another one at each call of this process. */
export function freshCardNumber(): string {
  used += 1;
  const digits = `41111110000${String(used).padStart(4, '0')}`;
  return [...'0123456789'].map((check) => `${digits}${check}`).find(passesLuhn) ?? '';
}
