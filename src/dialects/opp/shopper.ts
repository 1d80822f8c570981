/**
 * The shopper of an asynchronous payment: where their browser comes back to, and what 3-D Secure is told of it. A payment without
 * `shopperResultUrl` or without browser data is synchronous, and never sends anybody anywhere.
 */
import { holdsCardNumber } from '../../core/instrument/mask.ts';
import type { AuthorizeCommand } from '../../core/payment/authorize-command.ts';
import type { Shopper } from '../../core/payment/await-shopper.ts';
import type { OperateCommand } from '../../core/payment/operate.ts';
import type { Exemption, ShopperBrowser } from '../../core/three-d-secure/authentication.ts';
import { browserOf, flagIn, numberIn, windowIn } from '../browser.ts';
import type { Mode } from '../dialect.ts';
import { withQuery } from '../return-url.ts';
import { toWireId } from './ids.ts';
import { Problem, parameterError, parameterProblem } from './problem.ts';
import type { Parameters } from './wire.ts';

const browserPrefix = 'customer.browser.';
const paymentPath = '/v1/payments/';

/** Schemes that a browser runs or reads instead of going there. */
const unsafe = /^(javascript|data|vbscript|file|blob|about):/i;

/** Nothing for payments that the merchant starts, or whose authentication the merchant brings along. */
export function readShopper(parameters: Parameters, mode: Mode): Pick<AuthorizeCommand, 'shopper'> {
  if (parameters.shopperResultUrl === undefined || !hasBrowser(parameters)) return {};
  const { 'standingInstruction.source': source, 'standingInstruction.mode': repeats = parameters.recurringType } = parameters;
  if (source === 'MIT' || parameters.recurringType === 'REPEATED' || (source === undefined && repeats === 'REPEATED')) return {};
  if (parameters['threeDSecure.verificationId'] !== undefined || parameters['threeDSecure.eci'] !== undefined) return {};
  return { shopper: shopperOf(parameters, mode, paymentPath) };
}

/** `resourcePath`: where the merchant asks for the result, without the id. Throws a {@link Problem} for an address that nobody can go back to. */
export function shopperOf(parameters: Parameters, mode: Mode, resourcePath: string): Shopper {
  const { shopperResultUrl, 'customer.email': email } = parameters;
  if (shopperResultUrl === undefined) throw parameterProblem('shopperResultUrl', undefined, 'may not be empty');
  refuseUnsafe(shopperResultUrl);
  const challengeIndicator = readWish(parameters);
  const simulate = mode === 'sandbox' ? readSimulation(parameters) : undefined;
  return {
    browser: readBrowser(parameters),
    returnUrl: (operationId) => returnUrl(shopperResultUrl, operationId, resourcePath),
    ...(challengeIndicator === undefined ? {} : { challengeIndicator }),
    ...(email === undefined ? {} : { email }),
    terms: readTerms(parameters),
    ...(simulate === undefined ? {} : { simulate }),
  };
}

/** Also the mark by which a payment is known that may have been authenticated. */
export function hasBrowser(data: Readonly<Record<string, string | undefined>>): boolean {
  return Object.keys(data).some((name) => name.startsWith(browserPrefix));
}

/** Where the shopper of a payment at a bank comes back to. Throws a {@link Problem} without an address that a browser can go to. */
export function readWayBack({ shopperResultUrl }: Parameters): (operationId: string) => string {
  if (shopperResultUrl === undefined) throw new Problem('100.370.101');
  refuseUnsafe(shopperResultUrl);
  return (operationId) => returnUrl(shopperResultUrl, operationId, paymentPath);
}

/** The same for a rebill, whose shopper goes where that of the first payment went, unless the merchant says otherwise. */
export function readWayBackOfRebill({ shopperResultUrl }: Parameters): NonNullable<OperateCommand['returnUrl']> {
  if (shopperResultUrl !== undefined) refuseUnsafe(shopperResultUrl);
  return (operationId, first) => {
    if (shopperResultUrl !== undefined) return returnUrl(shopperResultUrl, operationId, paymentPath);
    return first.returnUrl.replaceAll(toWireId(first.operationId), toWireId(operationId));
  };
}

/** Throws a {@link Problem} for an address that no browser can go to, or that nobody may keep. */
export function refuseUnsafe(shopperResultUrl: string): void {
  if (holdsCardNumber(shopperResultUrl))
    throw parameterProblem('shopperResultUrl', undefined, 'must not hold what looks like a card number');
  if (!unsafe.test(shopperResultUrl)) return;
  const error = parameterError('shopperResultUrl', shopperResultUrl, 'must be a URL that a browser can go to');
  throw new Problem('100.370.102', { parameterErrors: [error] });
}

/** The way back. */
function returnUrl(url: string, operationId: string, resourcePath: string): string {
  const id = toWireId(operationId);
  return withResource(url, id, `${resourcePath}${id}`);
}

/** The merchant's address with what it is told: an id, and the path that tells the result. */
export function withResource(url: string, id: string, resourcePath: string): string {
  return withQuery(url, `id=${id}&resourcePath=${encodeURIComponent(resourcePath)}`);
}

/** Exemptions by number: low value and secure corporate have no word of their own in 2.2, so no challenge is asked for. */
const wishOfExemption: Readonly<Record<string, string>> = { '01': '02', '02': '05', '03': '08', '04': '02' };

const exemptions: Readonly<Record<string, Exemption>> = { '01': 'low_value', '02': 'risk_analysis', '03': 'trusted', '04': 'corporate' };

/** What is claimed in the authorization; numbers that stand for none are left out. */
export function readExemption({ 'threeDSecure.exemptionFlag': flag }: Parameters): Pick<AuthorizeCommand, 'exemption'> {
  const exemption = flag === undefined ? undefined : exemptions[flag.padStart(2, '0')];
  return exemption === undefined ? {} : { exemption };
}

/** `threeDSRequestorChallengeInd`. */
export function readWish(parameters: Parameters): string | undefined {
  const { 'threeDSecure.challengeIndicator': indicator, 'threeDSecure.exemptionFlag': exemption } = parameters;
  if (indicator !== undefined) return indicator.padStart(2, '0');
  return exemption === undefined ? undefined : wishOfExemption[exemption.padStart(2, '0')];
}

/** What the issuer is told of the agreement that the payment makes, or comes under. */
export function readTerms(parameters: Parameters): NonNullable<Shopper['terms']> {
  const {
    'standingInstruction.expiry': until,
    'standingInstruction.frequency': frequency,
    'standingInstruction.numberOfInstallments': installments,
  } = parameters;
  return {
    ...(until === undefined ? {} : { until }),
    ...(frequency === undefined ? {} : { everyDays: Number(frequency) }),
    ...(installments === undefined ? {} : { installments: Number(installments) }),
  };
}

/** `3DS2_flow` chooses what the simulated issuer does; `3DS2_enrolled` makes a card take part that else does not. */
export function readSimulation(parameters: Parameters): Shopper['simulate'] {
  const flow = parameters['customParameters[3DS2_flow]'];
  if (flow === 'challenge' || flow === 'frictionless') return flow;
  return parameters['customParameters[3DS2_enrolled]'] === 'true' ? 'enrolled' : undefined;
}

function readBrowser(parameters: Parameters): ShopperBrowser {
  const of = (name: string): string | undefined => parameters[`${browserPrefix}${name}`];
  return browserOf({
    ...{ acceptHeader: of('acceptHeader'), userAgent: of('userAgent'), language: of('language'), ip: parameters['customer.ip'] },
    ...{ colorDepth: numberIn(of('screenColorDepth')), timeZoneMinutes: numberIn(of('timezone')) },
    ...{ screenHeight: numberIn(of('screenHeight')), screenWidth: numberIn(of('screenWidth')) },
    ...{ javaEnabled: flagIn(of('javaEnabled')), javascriptEnabled: flagIn(of('javascriptEnabled')) },
    challengeWindow: windowIn(of('challengeWindow')),
  });
}
