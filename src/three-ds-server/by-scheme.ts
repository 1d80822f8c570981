/**
 * One 3DS Server over the directory servers of several schemes: each card is asked about at its own scheme's, and at the default one where its scheme
 * has none here. Without a default such a card takes part in nothing.
 */
import type { CardBrand } from '../core/instrument/card.ts';
import type { ThreeDSServer } from '../core/three-d-secure/three-ds-server.ts';
import type { RunningThreeDSServer } from './server.ts';

/** Brands that are asked about at another scheme's. */
const schemeOf: Partial<Record<CardBrand, CardBrand>> = { maestro: 'mastercard' };

export interface Servers {
  readonly byScheme: ReadonlyMap<CardBrand, RunningThreeDSServer>;
  /** Of all other schemes. */
  readonly others?: RunningThreeDSServer;
}

/** Undefined where there is none at all. Messages that a browser or a directory server brings are the same for all. */
export function joinServers({ byScheme, others }: Servers): RunningThreeDSServer | undefined {
  const all = [...byScheme.values(), ...(others === undefined ? [] : [others])];
  const [any] = all;
  if (any === undefined) return undefined;
  const serverOf = (brand: CardBrand): ThreeDSServer | undefined => byScheme.get(schemeOf[brand] ?? brand) ?? others;
  return {
    contentType: any.contentType,
    readResult: any.readResult,
    methodData: any.methodData,
    challengeRequest: any.challengeRequest,
    enrolmentOf: (pan, request) => serverOf(request.brand)?.enrolmentOf(pan, request),
    // A scheme whose server was taken out of the settings since: another one says that it does not know the card.
    ask: (asking) => (serverOf(asking.authentication.request.brand) ?? any).ask(asking),
    async stop() {
      await Promise.all(all.map((server) => server.stop()));
    },
  };
}
