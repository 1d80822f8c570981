/** The Paymentz dialect: transactionServices REST, as many brands of that platform speak it. */
import type { Dialect } from '../dialect.ts';
import { access } from './access.ts';
import { callbacks } from './callbacks.ts';
import { policies } from './policies.ts';
import { sandbox } from './sandbox.ts';
import { returnStep } from './shopper.ts';

export const paymentz: Dialect = {
  name: 'paymentz',
  loadApi: () => import('./api.ts'),
  access,
  callbacks,
  policies,
  returnStep,
  sandbox,
};
