/** What 3-D Secure is told of the shopper's browser: from its own request, and from what the page's script has found out. */
import type { FastifyRequest } from 'fastify';
import type { ChallengeWindow, ShopperBrowser } from '../../core/three-d-secure/authentication.ts';

const longest = 1_000;
/** From this width on there is room for the issuer's page in a frame of 500 by 600 pixels, beside whose payment it is. */
const framedFrom = 700;

/** `field`: JSON of the page's script; whatever is odd in it is left out. Empty: there are no scripts. */
export function readBrowser(request: FastifyRequest, field: string | null): ShopperBrowser {
  const { headers, ip } = request;
  const said = readJson(field);
  const [width, height, colorDepth] = [numberOf(said.width), numberOf(said.height), numberOf(said.colorDepth)];
  const [zone, viewport] = [numberOf(said.zone), numberOf(said.viewport)];
  const language = typeof said.language === 'string' ? said.language : headers['accept-language']?.split(/[,;]/, 1)[0];
  const challengeWindow: ChallengeWindow = viewport !== undefined && viewport >= framedFrom ? '03' : '05';
  return {
    ...(headers.accept === undefined ? {} : { acceptHeader: headers.accept }),
    ...(headers['user-agent'] === undefined ? {} : { userAgent: headers['user-agent'] }),
    ...(language === undefined ? {} : { language }),
    ...(width === undefined ? {} : { screenWidth: width }),
    ...(height === undefined ? {} : { screenHeight: height }),
    ...(colorDepth === undefined ? {} : { colorDepth }),
    ...(zone === undefined ? {} : { timeZoneMinutes: zone }),
    // No browser of today runs Java.
    ...{ javascriptEnabled: field !== null && field !== '', javaEnabled: false, ip, challengeWindow },
  };
}

function readJson(field: string | null): Readonly<Record<string, unknown>> {
  if (field === null || field === '' || field.length > longest) return {};
  try {
    const value: unknown = JSON.parse(field);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}
