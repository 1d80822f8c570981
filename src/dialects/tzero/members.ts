/** Kinds of members of the protocol's bodies: each says what it takes, what is expected for whoever sent something else, and what it is for. */
import { type TSchema, Type } from 'typebox';

interface Note {
  readonly expected: string;
  readonly description: string;
  readonly example?: unknown;
}

export const noted = ({ expected, description, example }: Note) => ({
  'x-expected': expected,
  description,
  ...(example === undefined ? {} : { examples: [example] }),
});

export const optional = Type.Optional;

export const text = (most: number, description: string, example?: unknown) =>
  Type.String({ minLength: 1, maxLength: most, ...noted({ expected: `a text of 1 to ${most} characters`, description, example }) });

export const oneOf = (values: readonly string[], description: string, example: string) =>
  Type.String({ enum: [...values], ...noted({ expected: `one of ${values.join(', ')}`, description, example }) });

export const flag = (description: string, example: boolean) =>
  Type.Boolean({ ...noted({ expected: 'true or false', description, example }) });

/** Samples of the guide have numbers; clients that send text mean the same. */
export const wholeOrDigits = (
  { least, most, digits }: { readonly least: number; readonly most: number; readonly digits: string },
  note: Note,
) => Type.Union([Type.Integer({ minimum: least, maximum: most }), Type.String({ pattern: digits })], noted(note));

/** What the guide's sample sends as text, and some clients as numbers or booleans. Odd values are left out later, never refused. */
export const loose = (description: string, example: string) =>
  optional(
    Type.Union(
      [Type.String({ maxLength: 4_096 }), Type.Number(), Type.Boolean()],
      noted({ expected: 'a text of at most 4096 characters', description, example }),
    ),
  );

/** Of an app's 3-D Secure SDK. The customer is asked on the page, so that nothing of it is needed; it may be long. */
export const sdk = (description: string, example: string) =>
  optional(
    Type.Union(
      [Type.String({ maxLength: 64_000 }), Type.Number(), Type.Object({}, { additionalProperties: true })],
      noted({
        expected: 'a text of at most 64000 characters',
        description: `${description} Taken, and not needed: the address asks the customer.`,
        example,
      }),
    ),
  );

/** A link that a browser can go to. */
export const webAddress = (description: string, example: string) =>
  Type.String({
    maxLength: 2_048,
    pattern: '^[Hh][Tt][Tt][Pp][Ss]?://\\S+$',
    ...noted({ expected: 'an http or https URL of at most 2048 characters', description, example }),
  });

export const object = <P extends Record<string, TSchema>>(properties: P, description: string) =>
  Type.Object(properties, { ...noted({ expected: 'an object', description }), additionalProperties: true });
