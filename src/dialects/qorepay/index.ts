/** The QorePay dialect: QorePay and its siblings of the same platform (CHIP Collect, Klix, Libernetix, Sitesway). */
import type { Dialect } from '../dialect.ts';
import { access } from './access.ts';
import { billWriter } from './billing.ts';
import { callbacks } from './callbacks.ts';
import { policies } from './policies.ts';
import { sandbox } from './sandbox.ts';
import { statement } from './statement.ts';

export const qorepay: Dialect = {
  name: 'qorepay',
  loadApi: () => import('./api.ts'),
  access,
  returnStep: async (context, back) => (await import('./routes/direct-post.ts')).returnStep(context, back),
  billing: billWriter,
  callbacks,
  policies,
  statement,
  sandbox,
};
