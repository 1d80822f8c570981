/** The description of the API (OpenAPI 3.1). */
import type { ApiDescription, Mode } from '../dialect.ts';

export function describeApi(_mode: Mode): ApiDescription {
  return { title: 'QorePay', summary: 'QorePay, CHIP Collect, Klix, Libernetix and Sitesway.', document: {} };
}
