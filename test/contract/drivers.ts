/** The drivers of the contract suite, one for each dialect. */
import type { Driver } from './driver.ts';
import { opp } from './opp.ts';
import { paymentz } from './paymentz.ts';
import { payone } from './payone.ts';
import { qorepay } from './qorepay.ts';
import { tzero } from './tzero.ts';

export const drivers: readonly Driver[] = [opp, payone, qorepay, paymentz, tzero];
