/** The QorePay dialect: QorePay and its siblings of the same platform (CHIP Collect, Klix, Libernetix, Sitesway). */
import type { Dialect } from '../dialect.ts';
import { access } from './access.ts';
import { billWriter } from './billing.ts';
import { callbacks } from './callbacks.ts';
import { describeApi } from './openapi.ts';
import { policies } from './policies.ts';
import { returnStep } from './routes/direct-post.ts';
import { registerRoutes } from './routes.ts';
import { sandbox } from './sandbox.ts';
import { statement } from './statement.ts';

export const qorepay: Dialect = {
  name: 'qorepay',
  register: registerRoutes,
  access,
  describe: describeApi,
  returnStep,
  billing: billWriter,
  callbacks,
  policies,
  statement,
  sandbox,
};
