/** What a format cannot say of a value: that a date exists, that an address can be one. Each fault has a result code of its own. */
import { isIP } from 'node:net';
import { isDay } from '../../core/day.ts';
import { type ParameterError, parameterError } from './problem.ts';
import type { ResultCode } from './result-codes.ts';
import type { Parameters } from './wire.ts';

export interface MeaningError {
  readonly name: string;
  readonly code: ResultCode;
  readonly error: ParameterError;
}

interface Rule {
  readonly names: readonly string[];
  readonly code: ResultCode;
  readonly holds: (value: string) => boolean;
  readonly message: string;
}

const regions = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });
/** Codes that name no country, though the table of regions has them. */
const noCountries = new Set(['EU', 'EZ', 'UN', 'QO', 'XA', 'XB', 'ZZ']);

/** In the order in which they are told. */
const rules: readonly Rule[] = [
  { names: ['card.expiryYear'], code: '100.100.305', holds: (value) => /^\d{4}$/.test(value), message: 'must have four digits' },
  { names: ['customer.email'], code: '100.900.105', holds: (value) => value.length <= 128, message: 'must have at most 128 characters' },
  {
    names: ['customer.email'],
    code: '100.900.101',
    holds: (value) => value.length >= 6 && /^[^\s@]+@[^\s@]+$/.test(value),
    message: 'must be an address, as in jane@example.com',
  },
  { names: ['customer.ip'], code: '100.900.401', holds: (value) => isIP(value) !== 0, message: 'must be an IPv4 or IPv6 address' },
  { names: ['customer.birthDate'], code: '100.900.450', holds: isDay, message: 'must be a date, as in 1990-12-31' },
  {
    names: ['billing.country', 'shipping.country'],
    code: '100.800.501',
    holds: (value) => isCountry(value),
    message: 'must be an ISO 3166 country of two capital letters, as in DE',
  },
  { names: ['bankAccount.country'], code: '100.200.100', holds: isCountry, message: 'must be an ISO 3166 country, as in DE' },
  { names: ['shopperResultUrl'], code: '100.370.102', holds: isUrl, message: 'must be a URL, as in https://shop.example/return' },
];

/** Looked up by name: most parameters have no rule. */
const rulesByName = new Map(rules.flatMap(({ names }) => names).map((name) => [name, rules.filter(({ names }) => names.includes(name))]));

/** The first fault of each parameter. */
export function meaningErrors(parameters: Parameters): readonly MeaningError[] {
  const errors: MeaningError[] = [];
  for (const name in parameters) {
    const value = parameters[name];
    const broken = value === undefined ? undefined : rulesByName.get(name)?.find((rule) => !rule.holds(value));
    if (broken !== undefined) errors.push({ name, code: broken.code, error: parameterError(name, value, broken.message) });
  }
  return errors;
}

function isCountry(value: string): boolean {
  return /^[A-Z]{2}$/.test(value) && !noCountries.has(value) && regions.of(value) !== undefined;
}

/** Apps return to a scheme of their own, so any scheme may be. */
function isUrl(value: string): boolean {
  return value.length <= 2048 && /^[a-z][a-z0-9+.-]*:\/\/\S+$/i.test(value) && URL.canParse(value);
}
