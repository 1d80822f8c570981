/** The dialects this gateway speaks; the only place outside their folders that knows them. */
import type { Dialect } from './dialect.ts';
import { opp } from './opp/index.ts';
import { paymentz } from './paymentz/index.ts';
import { payone } from './payone/index.ts';
import { qorepay } from './qorepay/index.ts';
import { tzero } from './tzero/index.ts';

export const dialects: readonly Dialect[] = [opp, payone, qorepay, paymentz, tzero];
