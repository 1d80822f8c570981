/** Forms that many parts of the console API share: ids, money, times, and what may be absent. */
import { type TProperties, type TSchema, Type } from 'typebox';
import { maskCardNumbers } from '../core/instrument/mask.ts';
import { currencies } from '../core/money/currency.ts';

/** A form with what it means, for the API's document. */
export function means<Schema extends TSchema>(schema: Schema, description: string): Schema {
  // What a form is beside its keywords is in properties that a spread would lose.
  const described = { ...Object.getOwnPropertyDescriptors(schema), description: { value: description, enumerable: true } };
  return Object.create(Object.getPrototypeOf(schema) as object, described) as Schema;
}

/** No other field may be there. */
export function fields<Properties extends TProperties>(properties: Properties) {
  return Type.Object(properties, { additionalProperties: false });
}

/** Fields of which none has to be there. */
export function optional<Properties extends TProperties>(properties: Properties) {
  return Type.Partial(Type.Object(properties), { additionalProperties: false });
}

/** What may be changed: some of these fields, at least one. */
export function changes<Properties extends TProperties>(properties: Properties) {
  const atLeastOne = { minProperties: 1, 'x-expected': 'an object with at least one field to change' };
  return Type.Partial(Type.Object(properties), { additionalProperties: false, ...atLeastOne });
}

export const nothing = Type.Object({}, { additionalProperties: false });

export function nullable<Schema extends TSchema>(schema: Schema) {
  return Type.Union([schema, Type.Null()]);
}

/** `x-expected` completes "must be …" when the form does not fit. */
function pattern(source: string, expected: string) {
  return Type.String({ pattern: source, 'x-expected': expected });
}

export const uuid = pattern('^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$', 'a UUID in lower case');
/** Text that people read and the database, often the trail, keeps: no control characters, and nobody's card number. */
export function words(minimum: number, maximum: number) {
  const expected = `${minimum} to ${maximum} characters, none of them a control character, and no card number`;
  return withoutCard(pattern(`^[^\\u0000-\\u001f\\u007f-\\u009f]{${minimum},${maximum}}$`, expected));
}

/** Where a card number could only be one that does not belong there. */
export function withoutCard<Schema extends TSchema>(schema: Schema) {
  return Type.Refine(schema, (given) => typeof given !== 'string' || maskCardNumbers(given) === given);
}

export const name = words(1, 100);
export const text = Type.String();
export const flag = Type.Boolean();
export const whole = Type.Integer();
/** Minor units. */
export const amount = Type.Integer();
/** ISO 8601, UTC. */
export const time = pattern('^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$', 'a time in UTC');
export const currency = pattern('^[A-Z]{3}$', 'an ISO 4217 code');

export function oneOf<const Value extends string>(values: readonly Value[]) {
  return Type.Enum([...values], { 'x-expected': values.length > 20 ? 'a known code' : `one of ${values.join(', ')}` });
}

/** Whether the calendar has the day (JavaScript takes the 31st of any month) and the clock the time; there is no year 0. */
function isReal(given: string): boolean {
  const day = given.slice(0, 10);
  if (Number.isNaN(Date.parse(given)) || Number.isNaN(Date.parse(day))) return false;
  return new Date(day).toISOString().startsWith(day) && !day.startsWith('0000');
}

/** Of a query, where all is text. */
export const inQuery = {
  uuid,
  currency,
  time: Type.Refine(
    pattern(
      '^\\d{4}-\\d\\d-\\d\\d(T\\d\\d:\\d\\d(:\\d\\d(\\.\\d{1,6})?)?(Z|[+-](0\\d|1[0-5]):[0-5]\\d))?$',
      'a day or a time with its zone that exists, as in 2034-01-31T10:00:00Z',
    ),
    isReal,
  ),
  flag: oneOf(['true', 'false']),
  whole: pattern('^\\d{1,15}$', 'a whole number'),
  text: pattern('^[^\\u0000]{1,255}$', '1 to 255 characters'),
};

/** A span of time, as filters of a list. */
export const span = {
  from: means(inQuery.time, 'Not before this time.'),
  to: means(inQuery.time, 'Before this time.'),
};

export const page = {
  cursor: means(pattern('^[\\w-]{1,1000}$', 'the `next_cursor` of a page'), 'Where the page begins: the `next_cursor` of the one before.'),
  limit: means(pattern('^([1-9]\\d{0,2}|1000)$', 'a whole number from 1 to 1000'), 'How many items a page has; 100 when not given.'),
  format: means(oneOf(['json', 'csv']), '`csv`: all that fits, from the cursor on, as one table.'),
};

export const codes = means(
  Type.Array(oneOf(currencies.map(({ code }) => code)), { minItems: 1, maxItems: 200, uniqueItems: true }),
  'ISO 4217 codes; null: all.',
);
