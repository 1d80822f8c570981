/** What the tables of messages are written in: formats, conditions, and rows that say where an element stands and when it is needed. */

/** Message versions. 2.1.0 is read, because old data holds it, but never offered: the schemes switched it off in September 2024. */
export const VERSIONS = ['2.1.0', '2.2.0', '2.3.1'] as const;

/** One of `VERSIONS`. */
export type Version = (typeof VERSIONS)[number];

/** The versions in which messages may be sent. */
export const OFFERED_VERSIONS = ['2.2.0', '2.3.1'] as const satisfies readonly Version[];

/** What an element's value looks like. Lengths count characters (UTF-16 units), as the specification's tables do for these fields. */
export type Format =
  | {
      readonly kind: 'text';
      readonly least: number;
      readonly most: number;
      readonly says: string;
      readonly pattern?: RegExp;
      /** A code of ISO 3166-1, ISO 4217 or ISO 18245: a value of the right shape may still be none (errors 304, 306). */
      readonly code?: 'country' | 'currency' | 'merchant category';
    }
  | { readonly kind: 'url'; readonly most: number }
  /** A closed list. Two digits from `80` to `99` belong to the directory servers and are always accepted where `openToSchemes` is set. */
  | { readonly kind: 'code'; readonly values: readonly string[]; readonly openToSchemes: boolean }
  | { readonly kind: 'flag' }
  | { readonly kind: 'list'; readonly of: Format; readonly least: number; readonly most: number }
  | { readonly kind: 'object'; readonly rows: readonly Row[] }
  /** JSON whose inside belongs to somebody else; limited in the length of its text. */
  | { readonly kind: 'opaque'; readonly most: number };

/**
 * When something holds. Values are those of the message's own elements (`element`), or of the AReq that it answers (`asked`). A condition on an
 * AReq that is not at hand does not hold.
 */
export type Condition =
  | { readonly element: string; readonly in: readonly (string | boolean)[] }
  | { readonly asked: string; readonly in: readonly (string | boolean)[] }
  | { readonly present: string }
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition };

/** When an element must be there. */
export type Need = 'required' | 'optional' | Condition;

/** One element in a message or object. Rows of one name must not share a version. */
export interface Row<N extends string = string, F extends Format = Format, D extends Need = Need> {
  readonly name: N;
  readonly format: F;
  readonly need: D;
  /** Versions that know the element. */
  readonly versions: readonly Version[];
  /** When it may be sent; always when absent. On the way in it is tolerated: recorded messages break this rule and the schemes accept them. */
  readonly only?: Condition;
}

interface RowOptions {
  readonly versions?: readonly Version[];
  readonly only?: Condition;
}

/** Makes a row; it is optional and known to all versions unless said otherwise. */
export function row<const N extends string, F extends Format, const D extends Need = 'optional'>(
  name: N,
  format: F,
  need?: D,
  { versions = VERSIONS, only }: RowOptions = {},
): Row<N, F, D> {
  // The default of the type parameter and of the argument are the same word, which the compiler cannot see.
  const standing = (need ?? 'optional') as D;
  return only === undefined ? { name, format, need: standing, versions } : { name, format, need: standing, versions, only };
}

/** Known to 2.1.0 and 2.2.0 only. */
export const UNTIL_2_2 = ['2.1.0', '2.2.0'] as const satisfies readonly Version[];
/** Known since 2.2.0. */
export const SINCE_2_2 = ['2.2.0', '2.3.1'] as const satisfies readonly Version[];
/** Known since 2.3.1. */
export const SINCE_2_3 = ['2.3.1'] as const satisfies readonly Version[];

/** The TypeScript value that a format describes. */
type ValueOf<F extends Format> = F extends { kind: 'flag' }
  ? boolean
  : F extends { kind: 'list'; of: infer E extends Format }
    ? readonly ValueOf<E>[]
    : F extends { kind: 'object'; rows: infer R extends readonly Row[] }
      ? ObjectOf<R>
      : F extends { kind: 'opaque' }
        ? unknown
        : string;

/** The TypeScript object that a table describes. Elements that are not required in every case are optional. */
export type ObjectOf<R extends readonly Row[]> = {
  readonly [E in R[number] as E['need'] extends 'required' ? E['name'] : never]: ValueOf<E['format']>;
} & {
  readonly [E in R[number] as E['need'] extends 'required' ? never : E['name']]?: ValueOf<E['format']> | undefined;
};
