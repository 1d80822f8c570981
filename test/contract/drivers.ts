/** The drivers of the contract suite, one for each dialect. */
import type { Driver } from './driver.ts';
import { opp } from './opp.ts';
import { paymentz } from './paymentz.ts';

export const drivers: readonly Driver[] = [opp, paymentz];
