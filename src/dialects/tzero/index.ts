/** The tZero dialect: the direct API of tZero Pay. */
import type { Dialect } from '../dialect.ts';
import { access } from './access.ts';
import { callbacks } from './callbacks.ts';
import { policies } from './policies.ts';
import { returnStep } from './returns.ts';
import { sandbox } from './sandbox.ts';

export const tzero: Dialect = {
  name: 'tzero',
  requestsPerSecond: 50,
  loadApi: () => import('./api.ts'),
  access,
  callbacks,
  policies,
  returnStep,
  emailIn: 'customer.email',
  sandbox,
};
