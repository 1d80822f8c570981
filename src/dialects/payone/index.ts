/** The PAYONE dialect: the PAYONE Commerce Platform and its siblings of the Worldline Direct family. */
import type { Dialect } from '../dialect.ts';
import { access } from './access.ts';
import { callbacks } from './callbacks.ts';
import { sandbox } from './sandbox.ts';

export const payone: Dialect = {
  name: 'payone',
  loadApi: () => import('./api.ts'),
  access,
  callbacks,
  emailIn: 'email',
  sandbox,
};
