/** What the shapes of requests and answers are made of. */
export type Schema = { readonly [name: string]: unknown };

export const text: Schema = { type: 'string' };
export const url: Schema = { type: 'string', maxLength: 500 };
export const integer: Schema = { type: 'integer' };
export const flag: Schema = { type: 'boolean' };
export const orNull = (type: string): Schema => ({ type: [type, 'null'] });
export const minor: Schema = { type: 'integer', minimum: 0, description: 'In the minor unit of the currency.' };
export const seconds: Schema = { type: 'integer', description: 'Unix seconds.' };
export const uuid: Schema = { type: 'string', format: 'uuid' };
export const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
export const listOf = (items: Schema): Schema => ({ type: 'array', items });

export const object = (properties: Readonly<Record<string, Schema>>, required: readonly string[] = Object.keys(properties)): Schema => ({
  ...{ type: 'object', required, properties },
});
