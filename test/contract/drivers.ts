/** The drivers of the contract suite, one for each dialect. */
import type { Driver } from './driver.ts';
import { opp } from './opp.ts';
import { qorepay } from './qorepay.ts';

export const drivers: readonly Driver[] = [opp, qorepay];
