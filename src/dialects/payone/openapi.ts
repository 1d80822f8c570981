/** The description of the API (OpenAPI 3.1). */
import type { ApiDescription, Mode } from '../dialect.ts';

export function describeApi(_mode: Mode): ApiDescription {
  return {
    title: 'PAYONE',
    summary: 'PAYONE Commerce Platform and the Worldline Direct family.',
    document: { openapi: '3.1.1', info: { title: 'x', version: '1' }, paths: {} },
  };
}
