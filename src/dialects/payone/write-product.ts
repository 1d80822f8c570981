/** Payment products as answers show them, with the fields that a form for them has. */
import { cvcLengthOf } from '../../core/instrument/card.ts';
import type { CardProduct, Product } from './products.ts';

interface Showing {
  readonly hidesFields: boolean;
  readonly index: number;
}

export function writeProduct(product: Product, { hidesFields, index }: Showing): object {
  const isCard = product.kind === 'card';
  const hints = { displayOrder: index, label: product.label, logo: '' };
  return {
    id: product.id,
    paymentMethod: product.kind,
    ...(isCard ? { paymentProductGroup: 'Cards' } : {}),
    allowsRecurring: isCard,
    allowsTokenization: isCard,
    allowsAuthentication: isCard,
    usesRedirectionTo3rdParty: !isCard,
    displayHints: hints,
    displayHintsList: [hints],
    accountsOnFile: [],
    ...(hidesFields ? {} : { fields: isCard ? fieldsOf(product) : [] }),
  };
}

interface FieldForm {
  readonly id: string;
  readonly type: string;
  readonly label: string;
  readonly isRequired: boolean;
  readonly validators: object;
  readonly mask?: string;
}

function fieldsOf({ brands }: CardProduct): readonly object[] {
  const [brand = 'unknown'] = brands;
  const codeLength = cvcLengthOf(brand) ?? 3;
  const forms: readonly FieldForm[] = [
    {
      ...{ id: 'cardNumber', type: 'numericstring', label: 'Card number', isRequired: true },
      validators: { length: { minLength: 12, maxLength: 19 }, luhn: {} },
    },
    {
      ...{ id: 'expiryDate', type: 'expirydate', label: 'Expiry date', isRequired: true, mask: '{{99}}/{{99}}' },
      validators: { expirationDate: {}, regularExpression: { regularExpression: '^(0[1-9]|1[0-2])\\d{2}$' } },
    },
    {
      ...{ id: 'cvv', type: 'numericstring', label: 'Security code', isRequired: false },
      validators: { length: { minLength: codeLength, maxLength: codeLength } },
    },
    {
      ...{ id: 'cardholderName', type: 'string', label: 'Name on the card', isRequired: true },
      validators: { length: { minLength: 2, maxLength: 50 } },
    },
  ];
  return forms.map(({ id, type, label, isRequired, validators, mask }, displayOrder) => ({
    ...{ id, type },
    displayHints: {
      ...{ alwaysShow: false, displayOrder, label, obfuscate: id === 'cvv', placeholderLabel: label },
      formElement: { type: 'text' },
      preferredInputType: type === 'string' ? 'StringKeyboard' : 'IntegerKeyboard',
      ...(mask === undefined ? {} : { mask }),
    },
    dataRestrictions: { isRequired, validators },
  }));
}
