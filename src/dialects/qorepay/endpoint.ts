/** What the description of the API says of one endpoint, and what many of them answer. */

export interface Endpoint {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  readonly path: string;
  readonly name: string;
  readonly group: string;
  readonly summary: string;
  readonly description: string;
  /** `either`: with an S2S token, or without anything. */
  readonly auth: 'api' | 'either' | 'none';
  readonly query?: readonly { readonly name: string; readonly required: boolean }[];
  readonly takesKey?: true;
  readonly body?: {
    readonly types: readonly string[];
    readonly schema: string;
    readonly required: boolean;
    readonly example?: Readonly<Record<string, unknown>>;
  };
  /** A schema, `page` for HTML, or nothing. */
  readonly answers: readonly { readonly status: number; readonly description: string; readonly schema?: string }[];
}

export const json = ['application/json'];
export const forms = ['application/x-www-form-urlencoded', 'multipart/form-data'];

export const unauthorized = { status: 401, description: 'The key is missing or wrong.', schema: 'Errors' };
export const missing = { status: 404, description: 'There is no such thing, or it is another company’s.', schema: 'Errors' };
export const invalid = { status: 400, description: 'The fields at fault.', schema: 'Errors' };
export const away = { status: 503, description: 'Nothing was recorded; try again.', schema: 'Errors' };
