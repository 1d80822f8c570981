/** What 3-D Secure is told of the shopper's browser, where a request describes it in texts: odd values are left out or bent later, never refused. */
import type { ChallengeWindow, ShopperBrowser } from '../core/three-d-secure/authentication.ts';

/** Of what may be missing. */
export function browserOf(described: { readonly [Name in keyof ShopperBrowser]: ShopperBrowser[Name] | undefined }): ShopperBrowser {
  return Object.fromEntries(Object.entries(described).filter(([, value]) => value !== undefined)) as ShopperBrowser;
}

export function numberIn(text: string | undefined): number | undefined {
  return text !== undefined && /^[+-]?\d{1,9}$/.test(text) ? Number(text) : undefined;
}

export function flagIn(text: string | undefined): boolean | undefined {
  const said = text?.toLowerCase();
  return said === 'true' || said === 'false' ? said === 'true' : undefined;
}

const windows: readonly ChallengeWindow[] = ['01', '02', '03', '04', '05'];

export function windowIn(text: string | undefined): ChallengeWindow | undefined {
  return windows.find((known) => known === text?.padStart(2, '0'));
}
