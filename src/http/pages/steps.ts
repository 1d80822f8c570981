/**
 * The pages of the steps to the bank and back. Each works without scripts: a button does what the script would. Forms to the bank may lead
 * anywhere: browsers hold the redirects after a form to its policy as well, and banks redirect.
 */
import type { ShopperStep } from '../../core/payment/shopper-step.ts';
import { nameOfBrand } from './brands.ts';
import { errorPage } from './errors.ts';
import { attributes, type Html, html } from './html.ts';
import { amountText } from './language.ts';
import { type PageSetting, type RenderedPage, renderPage } from './layout.ts';

export interface StepContext {
  readonly setting: PageSetting;
  /** Of the page that shows the present step; events are posted to it. */
  readonly address: string;
}

/** The page of a step. Merchants may show it in a frame of theirs; there is nothing on it that a click could be stolen for. */
export function renderStep(step: ShopperStep, context: StepContext): RenderedPage {
  switch (step.kind) {
    case 'method':
      return methodPage(step, context);
    case 'challenge':
      return challengePage(step, context);
    case 'confirm':
      return confirmPage(step, context);
    case 'redirect':
      return redirectPage(step, context);
    case 'wait':
      return waitPage(step.retryAfterMs, context);
    case 'done':
      return step.calledOff === true ? calledOffPage(step.returnUrl, context.setting) : donePage(step.returnUrl, context.setting);
    case 'gone':
      return errorPage(context.setting, 'gone');
  }
}

interface Field {
  readonly name: string;
  readonly value: string;
}

function hiddenFields(fields: readonly Field[]): Html {
  return html`${fields.map(({ name, value }) => html`<input${attributes({ type: 'hidden', name, value })}>`)}`;
}

/** Banks are reached over HTTPS, except those of the sandbox. */
function anywhere(url: string): string {
  return url.startsWith('http:') ? 'http: https:' : 'https:';
}

/** The issuer looks at the browser in a frame that nobody sees; without scripts the shopper goes on without it. */
function methodPage(step: Extract<ShopperStep, { kind: 'method' }>, { setting, address }: StepContext): RenderedPage {
  const { texts } = setting.language;
  const targets = anywhere(step.url);
  return renderPage(setting, {
    title: texts.methodTitle,
    scripts: ['steps.js'],
    policy: { formTargets: `'self' ${targets}`, frames: `'self' ${targets}`, framedBy: setting.framedBy },
    body: html`<div class="message">
<div class="spinner" aria-hidden="true"></div>
<h1>${texts.methodTitle}</h1>
<p role="status">${texts.methodText}</p>
<form method="post" action="${step.url}" target="method" data-submit="now">${hiddenFields([{ name: 'threeDSMethodData', value: step.data }])}</form>
<iframe class="unseen" name="method" title="${texts.challengeFrame}" tabindex="-1" aria-hidden="true" data-returns="next"></iframe>
<form method="post" action="${address}" id="next"${attributes({ 'data-submit': step.timeoutMs })}>${hiddenFields([{ name: 'event', value: 'method_timed_out' }])}<noscript><button class="primary" type="submit">${texts.continueButton}</button></noscript></form>
</div>`,
  });
}

/** The whole page goes to the bank, or the bank's page comes into a frame of the size that it was told. */
function challengePage(step: Extract<ShopperStep, { kind: 'challenge' }>, context: StepContext): RenderedPage {
  const { setting, address } = context;
  const { texts } = setting.language;
  const targets = anywhere(step.url);
  const fields = hiddenFields([
    { name: 'creq', value: step.creq },
    ...(step.sessionData === '' ? [] : [{ name: 'threeDSSessionData', value: step.sessionData }]),
  ]);
  const policy = { formTargets: `'self' ${targets}`, frames: `'self' ${targets}`, framedBy: setting.framedBy };
  if (step.window === '05') {
    return renderPage(setting, {
      ...{ title: texts.challengeTitle, scripts: ['steps.js'], policy },
      body: html`<div class="message">
<div class="spinner" aria-hidden="true"></div>
<h1>${texts.challengeTitle}</h1>
<p role="status">${texts.challengeText}</p>
<form method="post" action="${step.url}" data-submit="now">${fields}<button class="primary" type="submit">${texts.continueButton}</button></form>
</div>`,
    });
  }
  return renderPage(setting, {
    ...{ title: texts.challengeTitle, scripts: ['steps.js'], policy },
    body: html`<div class="message challenge">
<h1>${texts.challengeTitle}</h1>
<p>${texts.challengeText}</p>
<form method="post" action="${step.url}" target="bank" data-submit="now">${fields}<noscript><button class="primary" type="submit">${texts.continueButton}</button></noscript></form>
<iframe class="bank window-${step.window}" name="bank" title="${texts.challengeFrame}" data-returns="${address}"></iframe>
<form method="post" action="${address}">${hiddenFields([{ name: 'event', value: 'cancelled' }])}<button class="quiet" type="submit">${texts.cancelPayment}</button></form>
</div>`,
  });
}

/** Nothing is charged before the button is pressed. No frame of anybody's: a click could be stolen here. */
function confirmPage(
  { amount, currency, card }: Extract<ShopperStep, { kind: 'confirm' }>,
  { setting, address }: StepContext,
): RenderedPage {
  const { language } = setting;
  const { texts } = language;
  const money = amountText(language, amount, currency);
  const shown = card !== undefined && html`<p>${texts.storedCard({ brand: nameOfBrand(card.brand, texts.card), last4: card.last4 })}</p>`;
  const event = (value: string) => hiddenFields([{ name: 'event', value }]);
  return renderPage(setting, {
    title: texts.confirmTitle,
    body: html`<div class="message">
<h1>${texts.confirmTitle}</h1>
<p>${texts.confirmText(setting.merchantName)}</p>
<p class="total">${money}</p>
${shown}
<form method="post" action="${address}">${event('confirmed')}<button class="primary" type="submit">${texts.pay(money)}</button></form>
<form method="post" action="${address}">${event('cancelled')}<button class="quiet" type="submit">${texts.cancelPayment}</button></form>
</div>`,
  });
}

function redirectPage({ url, method, parameters }: Extract<ShopperStep, { kind: 'redirect' }>, { setting }: StepContext): RenderedPage {
  const { texts } = setting.language;
  return renderPage(setting, {
    title: texts.redirectTitle,
    scripts: ['steps.js'],
    policy: { formTargets: anywhere(url), framedBy: setting.framedBy },
    body: html`<div class="message">
<div class="spinner" aria-hidden="true"></div>
<h1>${texts.redirectTitle}</h1>
<p role="status">${texts.redirectText}</p>
<form method="${method.toLowerCase()}" action="${url}" data-submit="now">${hiddenFields(parameters)}<button class="primary" type="submit">${texts.continueButton}</button></form>
</div>`,
  });
}

/** Looks again by itself, and at once when it is asked to. `context.address` is where to look. */
export function waitPage(retryAfterMs: number, { setting, address }: Pick<StepContext, 'setting' | 'address'>): RenderedPage {
  const { texts } = setting.language;
  return renderPage(setting, {
    title: texts.waitTitle,
    refresh: { afterSeconds: Math.max(1, Math.ceil(retryAfterMs / 1_000)), address },
    policy: { framedBy: setting.framedBy },
    body: html`<div class="message">
<div class="spinner" aria-hidden="true"></div>
<h1>${texts.waitTitle}</h1>
<p role="status">${texts.waitText}</p>
<p><a class="button" href="${address}">${texts.checkNow}</a></p>
</div>`,
  });
}

export interface ForwardTexts {
  readonly title: string;
  readonly text: string;
  readonly button: string;
}

/** Back to the shop. */
export function donePage(returnUrl: string, setting: PageSetting): RenderedPage {
  return forwardPage(setting, returnUrl, doneTexts(setting));
}

/** The shop has taken the payment back; the shopper reads that before they go there. */
function calledOffPage(returnUrl: string, setting: PageSetting): RenderedPage {
  const { texts } = setting.language;
  return renderPage(setting, {
    ...{ title: texts.calledOffTitle, policy: { framedBy: setting.framedBy } },
    body: html`<div class="message">
<h1>${texts.calledOffTitle}</h1>
<p role="status">${texts.calledOffText}</p>
<p><a class="button" href="${returnUrl}" target="_top">${texts.backToShop}</a></p>
</div>`,
  });
}

export function doneTexts({ language: { texts } }: PageSetting): ForwardTexts {
  return { title: texts.doneTitle, text: texts.doneText, button: texts.backToShop };
}

/**
 * Takes the browser elsewhere at once. A page and no redirect: a browser holds redirects to the policy of the page whose form led to them, and the
 * shop may redirect anywhere.
 */
export function forwardPage(setting: PageSetting, url: string, { title, text, button }: ForwardTexts): RenderedPage {
  return renderPage(setting, {
    ...{ title, forward: url, policy: { framedBy: setting.framedBy } },
    body: html`<div class="message">
<div class="spinner" aria-hidden="true"></div>
<h1>${title}</h1>
<p role="status">${text}</p>
<p><a class="button" href="${url}">${button}</a></p>
</div>`,
  });
}

/** What the bank's frame ends with: tells the page around it, or, where there is none, goes on itself. `address`: the page of the present step. */
export function returnedPage({ setting, address }: Pick<StepContext, 'setting' | 'address'>): RenderedPage {
  const { texts } = setting.language;
  return renderPage(
    { ...setting, embedded: true, isTest: false },
    {
      title: texts.doneTitle,
      scripts: ['steps.js'],
      policy: { framedBy: setting.framedBy },
      body: html`<div class="message"><p role="status">${texts.doneText}</p><p><a class="button" href="${address}" target="_top" data-returned>${texts.continueButton}</a></p></div>`,
    },
  );
}
