/** What a channel may ask to be different: switches of the platform's own entities, each off unless the channel has it. */
import { parseDelay } from '../../core/due/delay.ts';
import type { Channel } from '../../core/merchant/channel.ts';
import type { Dialect } from '../dialect.ts';

export interface Policies {
  /** `GET` of a payment that failed is answered with HTTP 200 instead of 400; the result code is the same. */
  readonly failedStatusIs200: boolean;
  /** `GET /v1/payments/{id}` tells a final result once, and nothing 30 minutes after the payment, as the platform's sessions do. */
  readonly strictSession: boolean;
  /** A card payment needs the code, unless the merchant initiates it. */
  readonly requireCvv: boolean;
  readonly requireHolder: boolean;
  /** The brand is not told from the card's number. */
  readonly requireBrand: boolean;
  /** After how long what is left of a preauthorization is captured, in ms: `"captureAfter": "1d"`. */
  readonly captureAfterMs?: number;
  /** How long a hold may stand, in ms, where that is shorter than its scheme's time: `"holdFor": "3d"`. */
  readonly holdForMs?: number;
}

const flag = { accepts: (value: unknown) => typeof value === 'boolean', expected: 'true or false' };
const delay = { accepts: (value: unknown) => delayIn(value) !== undefined, expected: 'a duration, as in "1d"' };

/** What each may be, for whoever sets them. */
export const policies: NonNullable<Dialect['policies']> = {
  ...{ failedStatusIs200: flag, strictSession: flag, requireCvv: flag, requireHolder: flag, requireBrand: flag },
  ...{ captureAfter: delay, holdFor: delay },
};

/** Policies are the operator's JSON: what is not `true`, or no duration, is off. */
export function policiesOf({ policies: given }: Channel): Policies {
  const captureAfterMs = delayIn(given.captureAfter);
  const holdForMs = delayIn(given.holdFor);
  return {
    ...(captureAfterMs === undefined ? {} : { captureAfterMs }),
    ...(holdForMs === undefined ? {} : { holdForMs }),
    failedStatusIs200: given.failedStatusIs200 === true,
    strictSession: given.strictSession === true,
    requireCvv: given.requireCvv === true,
    requireHolder: given.requireHolder === true,
    requireBrand: given.requireBrand === true,
  };
}

function delayIn(policy: unknown): number | undefined {
  return typeof policy === 'string' ? parseDelay(policy) : undefined;
}
