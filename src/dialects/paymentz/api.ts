/** What only a gateway needs of the dialect: see `DialectApi`. */
export { describeApi as describe } from './openapi.ts';
export { registerRoutes as register } from './routes.ts';
