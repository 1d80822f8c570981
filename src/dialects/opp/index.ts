/** The OPP dialect: Zoopay and its siblings of the Open Payment Platform family. */
import type { Dialect } from '../dialect.ts';
import { access } from './access.ts';
import { callbacks } from './callbacks.ts';
import { policies, policiesOf } from './policies.ts';
import { sandbox } from './sandbox.ts';

export const opp: Dialect = {
  name: 'opp',
  loadApi: () => import('./api.ts'),
  access,
  loadImporter: async () => (await import('./import.ts')).importer,
  callbacks,
  policies,
  emailIn: 'customer.email',
  holdLifeMs: (channel) => policiesOf(channel).holdForMs,
  sandbox,
};
