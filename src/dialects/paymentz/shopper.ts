/**
 * The customer of a purchase: whether they may be asked to authenticate, what 3-D Secure is told of their browser, and how they come back to the shop: by a
 * form post that says what came of the payment, signed like messages.
 */
import { holdsCardNumber } from '../../core/instrument/mask.ts';
import type { AuthorizeCommand } from '../../core/payment/authorize-command.ts';
import type { ShopperStep } from '../../core/payment/shopper-step.ts';
import type { ShopperBrowser } from '../../core/three-d-secure/authentication.ts';
import { withAuthentication } from '../../core/three-d-secure/view.ts';
import { browserOf, flagIn, numberIn } from '../browser.ts';
import type { DialectContext, ShopperReturn } from '../dialect.ts';
import { withQuery } from '../return-url.ts';
import { signingKey } from './auth.ts';
import { resultChecksum } from './checksum.ts';
import { parameterProblem } from './problem.ts';
import type { ParameterName, Parameters } from './wire.ts';
import { writeReturn } from './write.ts';

/** Nothing where the request wants no authentication, or names nowhere to come back to. */
export function readShopper(parameters: Parameters): Pick<AuthorizeCommand, 'shopper'> {
  const { attemptThreeD, merchantRedirectUrl, 'customer.email': email } = parameters;
  const wish = attemptThreeD?.toLowerCase();
  const hasBrowser = Object.keys(parameters).some((name) => name.startsWith('deviceDetails.'));
  if (wish === 'direct' || (wish === undefined && (!hasBrowser || merchantRedirectUrl === undefined))) return {};
  return {
    shopper: {
      browser: readBrowser(parameters),
      returnUrl: readReturnUrl(parameters),
      ...(wish === 'only3d' ? { mustAuthenticate: true } : {}),
      ...(email === undefined ? {} : { email }),
    },
  };
}

/** Where the customer comes back to; it must be there wherever they may be sent away. */
export function readReturnUrl({ merchantRedirectUrl }: Parameters): () => string {
  if (merchantRedirectUrl === undefined)
    throw parameterProblem('20001', 'merchantRedirectUrl', 'is missing: the customer may have to leave your page');
  const url = readUrl('merchantRedirectUrl', merchantRedirectUrl);
  return () => url;
}

/** Many leave the scheme out. */
export function readUrl(name: ParameterName, text: string): string {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:/i.test(text) && !/^[^/]*:\d/.test(text) ? text : `https://${text}`);
  if (url === null || !/^https?:$/.test(url.protocol)) throw parameterProblem('20002', name, 'must be an http or https URL');
  if (holdsCardNumber(url.href)) throw parameterProblem('20002', name, 'must not hold what looks like a card number');
  return url.href;
}

function readBrowser(parameters: Parameters): ShopperBrowser {
  return browserOf({
    acceptHeader: parameters['deviceDetails.browserAcceptHeader'],
    userAgent: parameters['deviceDetails.user_Agent'],
    language: parameters['deviceDetails.browserLanguage'],
    ip: parameters['customer.ip'],
    colorDepth: numberIn(parameters['deviceDetails.browserColorDepth']),
    screenHeight: numberIn(parameters['deviceDetails.browserScreenHeight']),
    screenWidth: numberIn(parameters['deviceDetails.browserScreenWidth']),
    timeZoneMinutes: numberIn(parameters['deviceDetails.browserTimezoneOffset']),
    javaEnabled: flagIn(parameters['deviceDetails.browserJavaEnabled']),
    javascriptEnabled: flagIn(parameters['deviceDetails.browserJavascriptEnabled']),
  });
}

/** The last step of the browser: a form that it posts to the shop, or, where the shop wants that, the same in the address. */
export async function returnStep(
  context: Pick<DialectContext, 'engine' | 'directory'>,
  { channel, operationId, returnUrl }: ShopperReturn,
): Promise<ShopperStep | undefined> {
  const { merchantId } = channel;
  const [found, key] = await Promise.all([
    context.engine.store.findOperation({ merchantId, operationId }),
    signingKey(context, merchantId),
  ]);
  if (found === undefined || key === undefined) return undefined;
  const operation = await withAuthentication(context.engine, found);
  const { card, ...fields } = writeReturn(operation, channel, context.engine.clock.wallNow());
  const isGet = operation.dialectData.redirectMethod === 'GET';
  // Nothing of a card belongs into an address, not even what may be shown of it.
  const sent = { ...fields, ...(isGet ? {} : card), checksum: resultChecksum(fields, key) };
  const parameters = Object.entries(sent).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
  if (!isGet) return { kind: 'redirect', method: 'POST', url: returnUrl, parameters };
  const query = new URLSearchParams(parameters.map(({ name, value }) => [name, value]));
  return { kind: 'done', returnUrl: withQuery(returnUrl, query.toString()) };
}
