/** A shopper's request for a page of a checkout: which checkout it is, what the page may offer, and in whose words and colors. */
import type { FastifyRequest } from 'fastify';
import { type BankMethod, bankMethods } from '../../core/instrument/bank.ts';
import type { CardBrand } from '../../core/instrument/card.ts';
import { holdsCardNumber } from '../../core/instrument/mask.ts';
import type { Channel, Directory } from '../../core/merchant/channel.ts';
import type { Template } from '../../core/merchant/template.ts';
import { methodsOf, takesCards } from '../../core/payment/checkout.ts';
import type { Checkout } from '../../core/payment/checkout-terms.ts';
import type { Engine } from '../../core/payment/engine.ts';
import { findCheckout } from '../../core/payment/open-checkout.ts';
import type { ShopperStep } from '../../core/payment/shopper-step.ts';
import type { Mode, ShopperReturn } from '../../dialects/dialect.ts';
import { allBrands } from './brands.ts';
import { languageOf } from './language.ts';
import { framedBy, type PageSetting } from './layout.ts';

export interface PageContext {
  readonly engine: Engine;
  readonly directory: Directory;
  readonly mode: Mode;
  readonly isUnavailable: (error: unknown) => boolean;
  /** What takes the shopper back to the shop instead of the plain return URL. */
  readonly returnStep: (back: ShopperReturn) => Promise<ShopperStep | undefined>;
}

const longestUrl = 2_048;

/** A request for a page of a checkout that exists. */
export interface Visit {
  readonly checkout: Checkout;
  readonly channel: Channel;
  readonly setting: PageSetting;
  /** Path and query, so that what the merchant's page asked for is kept. */
  readonly address: string;
  readonly returnUrl?: string;
  /** Where a shopper goes who has not paid. */
  readonly leaveUrl?: string;
  /** Card brands that may be used; empty: all. */
  readonly brands: readonly CardBrand[];
  /** Methods of banks that are offered. */
  readonly methods: readonly BankMethod[];
  /** Whether the merchant's page wants cards at all. */
  readonly takesCards: boolean;
  /** The merchant's page has the button. */
  readonly isFieldsOnly: boolean;
  readonly asksHolder: boolean;
}

export type PayRequest = FastifyRequest<{ Params: { token: string } }>;

/** Undefined where there is no such checkout, or its channel is closed. */
export async function visitOf({ engine, directory, mode }: PageContext, request: PayRequest): Promise<Visit | undefined> {
  const checkout = await findCheckout(engine, request.params.token);
  if (checkout === undefined) return undefined;
  const { dialect, wireId, terms } = checkout;
  const channel = await directory.channel({ dialect, wireId });
  if (channel === undefined || !channel.enabled) return undefined;
  const query = request.query as Readonly<Record<string, unknown>>;
  const asked = typeof query.language === 'string' ? query.language : terms.language;
  const look = channel.look ?? {};
  const returnUrl = terms.returnUrl ?? readReturnUrl(query.return, mode);
  const leaveUrl = terms.cancelUrl ?? returnUrl;
  const template = await templateOf({ engine }, checkout);
  const language = languageOf({ asked, acceptLanguage: request.headers['accept-language'] });
  const offer = offerOf(activated(terms.brands, channel), methodsOf(engine, channel, terms), query.brands);
  return {
    checkout,
    channel,
    address: request.url,
    isFieldsOnly: query.button === 'outside',
    asksHolder: query.holder !== 'none',
    ...offer,
    takesCards: offer.takesCards && takesCards(terms),
    setting: {
      language: { ...language, texts: { ...language.texts, ...template?.texts?.[language.code] } },
      ...(template?.css === undefined ? {} : { sheet: `/pay/${request.params.token}/template.css` }),
      ...{
        look,
        merchantName: look.name ?? channel.name,
        isTest: mode === 'sandbox',
        framedBy: framedBy(mode),
        embedded: query.embedded === '1',
      },
    },
    ...(returnUrl === undefined ? {} : { returnUrl }),
    ...(leaveUrl === undefined ? {} : { leaveUrl }),
  };
}

/** What the page wears, where the merchant has a template of that name: what another platform knew by it is no reason to show nothing. */
export async function templateOf(
  { engine }: Pick<PageContext, 'engine'>,
  { merchantId, terms: { variant } }: Checkout,
): Promise<Template | undefined> {
  return variant === undefined ? undefined : engine.templates.find({ merchantId, name: variant });
}

/** What of the allowed brands the channel has activated; empty: all. Where nothing is left, what was allowed is shown, and refused. */
function activated(allowed: readonly CardBrand[], { brands }: Channel): readonly CardBrand[] {
  if (brands === undefined || allowed.length === 0) return brands ?? allowed;
  const left = allowed.filter((brand) => brands.includes(brand));
  return left.length === 0 ? allowed : left;
}

/** The page around the frame may narrow what the merchant's server has allowed; one that names nothing of it narrows nothing. */
function offerOf(
  allowed: readonly CardBrand[],
  methods: readonly BankMethod[],
  asked: unknown,
): Pick<Visit, 'brands' | 'methods' | 'takesCards'> {
  const names = typeof asked === 'string' ? asked.split(' ') : [];
  const cards = allBrands.filter((brand) => names.includes(brand));
  const banks = bankMethods.filter((method) => names.includes(method));
  if (cards.length + banks.length === 0) return { brands: allowed, methods, takesCards: true };
  const offered = methods.filter((method) => banks.includes(method));
  const both = allowed.filter((brand) => cards.some((name) => name === brand));
  return {
    brands: allowed.length === 0 ? cards : both.length === 0 ? allowed : both,
    methods: offered,
    takesCards: cards.length > 0 || offered.length === 0,
  };
}

/** For those who have no checkout: nothing is known of any merchant. */
export function strangersSetting({ mode }: PageContext, request: FastifyRequest): PageSetting {
  const language = languageOf({ acceptLanguage: request.headers['accept-language'] });
  const { embedded } = request.query as Readonly<Record<string, unknown>>;
  return { language, look: {}, merchantName: 'Polygate', isTest: mode === 'sandbox', framedBy: framedBy(mode), embedded: embedded === '1' };
}

/** The merchant's page around the frame may say where the shopper goes, unless the merchant's server has; only ever to a web page, and it is kept. */
function readReturnUrl(value: unknown, mode: Mode): string | undefined {
  if (typeof value !== 'string' || value.length > longestUrl || !URL.canParse(value) || holdsCardNumber(value)) return undefined;
  const { protocol } = new URL(value);
  return protocol === 'https:' || (protocol === 'http:' && mode === 'sandbox') ? value : undefined;
}
