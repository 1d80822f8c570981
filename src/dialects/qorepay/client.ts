/** The payer as the merchant describes them. */
import { countryOf } from './countries.ts';
import { type Fields, fieldsOf } from './fields.ts';
import type { FieldErrors } from './problem.ts';

const limits = {
  phone: 32,
  full_name: 128,
  personal_code: 32,
  street_address: 128,
  city: 128,
  zip_code: 32,
  state: 128,
  shipping_street_address: 128,
  shipping_city: 128,
  shipping_zip_code: 32,
  shipping_state: 128,
  legal_name: 128,
  brand_name: 128,
  registration_number: 32,
  tax_number: 32,
  bank_account: 34,
  bank_code: 11,
} as const;

export type ClientDocument = { readonly [name: string]: string | readonly string[] };

/** By code or English name; empty stays empty. */
function readCountry(fields: Fields, name: string): string {
  const text = fields.text(name, { max: 128, standard: '' });
  if (text === '') return '';
  const found = countryOf(text);
  if (found === undefined) fields.fail(name, 'invalid_choice', 'This is not a valid country.');
  return found ?? '';
}

export function readClient(input: Readonly<Record<string, unknown>>): { readonly client: ClientDocument; readonly errors: FieldErrors } {
  const fields = fieldsOf(input);
  const email = fields.email('email', { required: true });
  const texts = Object.entries(limits).map(([name, max]) => [name, fields.text(name, { max, standard: '' })] as const);
  const client = {
    cc: fields.texts('cc', { max: 254 }),
    bcc: fields.texts('bcc', { max: 254 }),
    email,
    ...Object.fromEntries(texts),
    country: readCountry(fields, 'country'),
    shipping_country: readCountry(fields, 'shipping_country'),
  };
  return { client, errors: fields.errors };
}

/** As it is shown; every key is always there. */
export function writeClient(client: ClientDocument): object {
  return { ...client, client_type: null, delivery_methods: [{ method: 'email', options: {} }] };
}
