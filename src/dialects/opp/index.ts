/** The OPP dialect: Zoopay and its siblings of the Open Payment Platform family. */
import type { Dialect } from '../dialect.ts';
import { access } from './access.ts';
import { callbacks } from './callbacks.ts';
import { importer } from './import.ts';
import { describeApi } from './openapi.ts';
import { policies, policiesOf } from './policies.ts';
import { registerRoutes } from './routes.ts';
import { sandbox } from './sandbox.ts';

export const opp: Dialect = {
  name: 'opp',
  register: registerRoutes,
  access,
  importer,
  describe: describeApi,
  callbacks,
  policies,
  emailIn: 'customer.email',
  holdLifeMs: (channel) => policiesOf(channel).holdForMs,
  sandbox,
};
