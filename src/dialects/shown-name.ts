import { maskCardNumbers } from '../core/instrument/mask.ts';

/** The longest name that an answer repeats. */
const longest = 256;

/**
 * The name of a member or parameter that a request has made up, as an answer may repeat it: a card number may stand where a name is expected, also with
 * digits beside it that hide where it begins, and the name may be endless.
 */
export function shownName(name: string, atMost = longest): string {
  const masked = maskCardNumbers(name).replaceAll(/\d(?:[ -]?\d){11,}/g, (run) => '*'.repeat(run.length));
  return cut(masked, atMost);
}

export function cut(text: string, atMost = longest): string {
  return text.length > atMost ? `${text.slice(0, atMost)}…` : text;
}
