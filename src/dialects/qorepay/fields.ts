/** Reads the fields of a JSON object one by one and collects what is wrong with them; unknown fields are ignored, as the platform does. */
import { holdsCardNumber } from '../../core/instrument/mask.ts';
import { currencyOf } from '../../core/money/currency.ts';
import { type Decimal, parseDecimal } from './decimal.ts';
import { isUuid } from './ids.ts';
import { type FieldErrors, type Message, Problem } from './problem.ts';

type Json = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface Rule<T> {
  readonly required?: true;
  /** Of a field that is not there, or is null where it may be. */
  readonly standard: T;
  readonly nullable?: true;
}

interface TextRule<T> extends Rule<T> {
  readonly max: number;
  readonly min?: number;
}

interface NumberRule<T> extends Rule<T> {
  readonly min?: number;
  readonly max?: number;
}

interface DecimalRule extends Rule<Decimal> {
  readonly decimals: number;
  readonly digits: number;
  readonly max?: number;
}

export interface Fields {
  readonly errors: { [field: string]: readonly (Message | FieldErrors)[] | FieldErrors };
  fail(name: string, code: string, message: string): void;
  /** Throws 400 with all that was wrong so far. */
  refuse(): void;
  text<T>(name: string, rule: TextRule<T>): string | T;
  url(name: string, rule?: { readonly required?: true }): string;
  email(name: string, rule?: { readonly required?: true }): string;
  uuid<T>(name: string, rule: Rule<T>): string | T;
  flag(name: string): boolean;
  integer<T>(name: string, rule: NumberRule<T>): number | T;
  decimal(name: string, rule: DecimalRule): Decimal;
  /** `standard`: of one that is not named. */
  currency(name: string, standard?: string): string;
  texts(name: string, rule: { readonly max: number; readonly choices?: readonly string[] }): readonly string[];
  object(name: string, rule?: { readonly required?: true }): Json | undefined;
}

const nulText = '\0';
const largest = 999_999_999_999;

/** Only what a browser can be sent to. */
function isWebUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

export function fieldsOf(input: Json): Fields {
  const errors: { [field: string]: readonly (Message | FieldErrors)[] | FieldErrors } = {};
  const fail = (name: string, code: string, message: string): void => {
    errors[name] ??= [{ message, code }];
  };
  const own = (name: string): unknown => (Object.hasOwn(input, name) ? input[name] : undefined);
  /** What is there; else the standard, once it is told that something is missing. */
  const read = <T, V>(name: string, { required, standard, nullable }: Rule<T>, convert: (value: unknown) => V | undefined): V | T => {
    const value = own(name);
    if (value === undefined || (value === null && (nullable === true || required === true))) {
      if (required === true) fail(name, 'required', 'This field is required.');
      return standard;
    }
    if (value === null) {
      fail(name, 'null', 'This field may not be null.');
      return standard;
    }
    return convert(value) ?? standard;
  };
  const wrong = (name: string, message: string): undefined => {
    fail(name, 'invalid', message);
    return undefined;
  };
  const text = <T>(name: string, rule: TextRule<T>): string | T =>
    read(name, rule, (value) => {
      if (typeof value !== 'string' && typeof value !== 'number') return wrong(name, 'Not a valid string.');
      const read = String(value);
      if (read.includes(nulText)) return wrong(name, 'Null characters are not allowed.');
      if (!read.isWellFormed()) return wrong(name, 'Not a valid string: it holds half a character.');
      if (read.length > rule.max) {
        fail(name, 'max_length', `Ensure this field has no more than ${rule.max} characters.`);
        return undefined;
      }
      if (rule.required === true && read === '') {
        fail(name, 'blank', 'This field may not be blank.');
        return undefined;
      }
      return read;
    });
  return {
    errors,
    fail,
    refuse() {
      if (Object.keys(errors).length > 0) throw new Problem(400, errors);
    },
    text,
    url(name, { required } = {}) {
      const value = text(name, { max: 500, standard: '', ...(required === undefined ? {} : { required }) });
      if (value !== '' && !isWebUrl(value)) fail(name, 'invalid', 'Enter a valid URL.');
      else if (holdsCardNumber(value)) fail(name, 'invalid', 'Enter a URL that holds no card number.');
      return value;
    },
    email(name, { required } = {}) {
      const value = text(name, { max: 254, standard: '', ...(required === undefined ? {} : { required }) });
      if (value !== '' && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value)) fail(name, 'invalid', 'Enter a valid email address.');
      return value;
    },
    uuid: (name, rule) =>
      read(name, rule, (value) =>
        isUuid(value) ? value.toLowerCase() : wrong(name, `“${typeof value === 'string' ? 'value' : typeof value}” is not a valid UUID.`),
      ),
    flag: (name) =>
      read(name, { standard: false, nullable: true }, (value) => {
        if (typeof value === 'boolean') return value;
        // Clients of the platform send text.
        if (value === 'true' || value === 'false') return value === 'true';
        return wrong(name, 'Must be a valid boolean.');
      }),
    integer: (name, rule) =>
      read(name, rule, (value) => {
        const number = typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
        if (typeof number !== 'number' || !Number.isSafeInteger(number)) return wrong(name, 'A valid integer is required.');
        const { min = -largest, max = largest } = rule;
        if (number < min) fail(name, 'min_value', `Ensure this value is greater than or equal to ${min}.`);
        else if (number > max) fail(name, 'max_value', `Ensure this value is less than or equal to ${max}.`);
        else return number;
        return undefined;
      }),
    decimal: (name, rule) =>
      read(name, rule, (value) => {
        if (typeof value !== 'string' && typeof value !== 'number') return wrong(name, 'A valid number is required.');
        if (typeof value === 'string' && value.length > 1000) {
          fail(name, 'max_string_length', 'String value too large.');
          return undefined;
        }
        const parsed = parseDecimal(String(value), rule);
        if (parsed === undefined) return wrong(name, 'A valid number is required.');
        if ('code' in parsed) {
          fail(name, parsed.code, parsed.message);
          return undefined;
        }
        if (parsed.scaled < 0n) fail(name, 'min_value', 'Ensure this value is greater than or equal to 0.');
        else if (rule.max !== undefined && parsed.scaled > BigInt(rule.max) * 10n ** BigInt(rule.decimals)) {
          fail(name, 'max_value', `Ensure this value is less than or equal to ${rule.max}.`);
        } else return parsed;
        return undefined;
      }),
    currency(name, standard) {
      const value =
        standard === undefined
          ? text(name, { max: 3, required: true, standard: '' })
          : text(name, { max: 3, standard, nullable: true }) || standard;
      if (value !== '' && currencyOf(value) === undefined) fail(name, 'invalid_choice', 'This is not a valid currency.');
      return value;
    },
    texts: (name, { max, choices }) =>
      read(name, { standard: [] as readonly string[], nullable: true }, (value) => {
        if (!Array.isArray(value)) return wrong(name, 'Expected a list of items.');
        const items = value as readonly unknown[];
        if (
          items.length > 100 ||
          !items.every(
            (item): item is string => typeof item === 'string' && item.length <= max && !item.includes(nulText) && item.isWellFormed(),
          )
        ) {
          return wrong(name, 'Not a valid list of strings.');
        }
        if (choices !== undefined && !items.every((item) => choices.includes(item))) {
          fail(name, 'invalid_choice', `Items must be of: ${choices.join(', ')}.`);
          return undefined;
        }
        return [...new Set(items)];
      }),
    object: (name, { required } = {}) =>
      read(name, { standard: undefined, ...(required === undefined ? { nullable: true } : { required }) }, (value) =>
        isObject(value) ? value : wrong(name, 'Invalid data. Expected an object.'),
      ),
  };
}
