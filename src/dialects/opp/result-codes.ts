/** Result codes: the text of each one, the HTTP status it is sent with, and the list that clients can ask for. */
import { descriptions, type ResultCode } from './result-code-texts.ts';

export { descriptions, type ResultCode } from './result-code-texts.ts';

export interface Result {
  readonly code: string;
  readonly description: string;
}

export function resultOf(code: ResultCode): Result {
  return { code, description: descriptions[code] };
}

/** Every code with its text, in the order of the codes. */
export const allResults: readonly Result[] = Object.entries(descriptions).map(([code, description]) => ({ code, description }));

/** Classes of codes as the platform publishes them: success, success to be reviewed, chargeback reasons, pending. */
const answeredWith200 =
  /^(000\.000\.|000\.100\.[12]|000\.[36]|000\.400\.1[12]0|000\.400\.0[^3]|000\.400\.100|000\.200|800\.400\.5|100\.400\.500)/;

/** What the platform could not do is 5xx; a decline, a rejection and whatever is wrong with a request is 400. */
export function httpStatusOf(code: string): 200 | 400 | 500 | 503 {
  if (answeredWith200.test(code)) return 200;
  if (code === '999.999.999') return 500;
  if (code === '800.800.800' || code === '800.800.801') return 503;
  return 400;
}
