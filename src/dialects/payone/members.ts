/** Kinds of members of the protocol's bodies, as the platform describes them. */
import { type TProperties, Type } from 'typebox';

/** No other members than these; all of them may be left out. */
export const open = <Properties extends TProperties>(properties: Properties) =>
  Type.Partial(Type.Object(properties), { additionalProperties: false });
export const text = (maxLength: number) => Type.String({ maxLength });
/** What goes into a message to the acquirer as it is, and such messages have nothing else. */
export const ascii = (maxLength: number) => Type.String({ maxLength, pattern: '^[\\x20-\\x7e]*$', description: 'Printable ASCII.' });
/** The platform cuts longer text off instead of refusing it. */
export const trimmed = Type.String({ maxLength: 2048 });
export const oneOf = (...values: readonly string[]) => Type.Enum([...values]);
export const pattern = (source: string) => Type.String({ pattern: source });
/** Inputs of other products: what they are for is refused by the product's number, not for the member. */
export const inputsOfOthers = <Id extends number>(...ids: readonly Id[]) =>
  Object.fromEntries(ids.map((id) => [`paymentProduct${id}SpecificInput`, anything('Of a product that is not taken here.')])) as Record<
    `paymentProduct${Id}SpecificInput`,
    ReturnType<typeof anything>
  >;
/** Described by the platform at length, and nothing that a payment depends on. */
export const anything = (description: string) => Type.Record(Type.String(), Type.Unknown(), { description });
