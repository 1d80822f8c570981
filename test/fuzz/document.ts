/** Reads an OpenAPI document for what can be sent: each operation with its parameters and the schemas of its bodies. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly example?: unknown;
  readonly examples?: readonly unknown[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxLength?: number;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header' | 'cookie';
  readonly required?: boolean;
  readonly schema?: Schema;
  readonly example?: unknown;
}

export interface Content {
  /** `application/json` and the like. */
  readonly mediaType: string;
  readonly schema: Schema;
  readonly example: unknown;
}

export interface Operation {
  readonly method: string;
  /** With names in braces. */
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly contents: readonly Content[];
}

interface RawOperation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: Schema; readonly example?: unknown }>> };
}

interface Document {
  readonly paths?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const methods = ['get', 'put', 'post', 'delete', 'patch'];

/** All operations, in the order of the document. */
export function operationsOf(document: object): readonly Operation[] {
  return Object.entries((document as Document).paths ?? {}).flatMap(([path, item]) => {
    const shared = (item.parameters ?? []) as readonly Parameter[];
    return methods
      .filter((method) => method in item)
      .map((method) => readOperation(document, { method, path, shared, raw: item[method] as RawOperation }));
  });
}

function readOperation(
  document: object,
  {
    method,
    path,
    shared,
    raw,
  }: { readonly method: string; readonly path: string; readonly shared: readonly Parameter[]; readonly raw: RawOperation },
): Operation {
  const parameters = [...shared, ...(raw.parameters ?? [])].map((parameter) => resolve(document, parameter));
  const contents = Object.entries(raw.requestBody?.content ?? {}).map(([mediaType, { schema = {}, example }]) => ({
    ...{ mediaType, example },
    schema: resolve(document, schema),
  }));
  return { method: method.toUpperCase(), path, parameters, contents };
}

/** What a reference points to, or the thing itself. */
export function resolve<T extends object>(document: object, node: T): T {
  const { $ref } = node as { readonly $ref?: string };
  if ($ref === undefined) return node;
  const names = $ref.slice(2).split('/');
  const found = names.reduce<unknown>(
    (at, name) => (at as Record<string, unknown>)[name.replaceAll('~1', '/').replaceAll('~0', '~')],
    document,
  );
  if (typeof found !== 'object' || found === null) throw new Error(`The document has nothing at ${$ref}.`);
  return resolve(document, found as T);
}
