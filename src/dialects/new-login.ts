/** What a credential of a merchant is made of: by what its dialect finds it, and what the merchant had before. */
import type { DocumentType } from '../core/compliance/document.ts';
import type { DialectAccess, Mode } from './dialect.ts';

export interface NewLogin {
  readonly secret: string;
  /** Absent: that of the merchant's other credential, or else `freshIdentifier`. */
  readonly identifier?: string;
  readonly freshIdentifier: string;
  /** The merchant needs an approved document of one of these types first. */
  readonly asksForOneOf?: readonly DocumentType[];
}

/** `identifier` and `secret`: where the merchant had them before; the dialect takes both. */
export function newLogin(
  access: DialectAccess,
  mode: Mode,
  given: { readonly identifier?: string | undefined; readonly secret?: string | undefined },
): NewLogin {
  const secret = given.secret ?? access.newSecret();
  const ofGiven = given.secret === undefined ? undefined : access.identifierOfGiven?.(given.secret, given.identifier);
  const identifier = access.identifierOf?.(secret) ?? ofGiven ?? given.identifier;
  return {
    ...{ secret, freshIdentifier: access.newIdentifier() },
    ...(identifier === undefined ? {} : { identifier }),
    ...(mode === 'live' && access.asksForOneOf !== undefined ? { asksForOneOf: access.asksForOneOf } : {}),
  };
}
