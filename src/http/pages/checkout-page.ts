/** The page of a checkout, as its state is now: the form, a step on the way, or what has become of it. */
import { bankPageOf } from '../../core/bank/shopper.ts';
import type { CheckoutState } from '../../core/payment/checkout.ts';
import type { Checkout } from '../../core/payment/checkout-terms.ts';
import type { OperationView } from '../../core/payment/operation.ts';
import { isUndecided } from '../../core/risk/review.ts';
import { pageUrl } from '../../core/three-d-secure/tickets.ts';
import type { FormProblems, StoredCard } from './card-form.ts';
import type { PageContext, Visit } from './checkout-visit.ts';
import { errorPage } from './errors.ts';
import { html } from './html.ts';
import { inLanguage } from './language.ts';
import { type PageSetting, type RenderedPage, renderPage } from './layout.ts';
import { keptPage, noticeOf, paidPage, paymentPage, settledPage } from './payment-page.ts';
import { donePage, doneTexts, type ForwardTexts, forwardPage, renderStep, waitPage } from './steps.ts';

const lookAgainMs = 2_000;

/** `more`: what the form says beside the state. */
export async function pageOf(context: PageContext, visit: Visit, state: CheckoutState, more: FormMore = {}): Promise<RenderedPage> {
  const { setting, returnUrl, leaveUrl, checkout } = visit;
  switch (state.kind) {
    case 'open': {
      const stored = await storedCards(context, checkout);
      // An order of nothing keeps the card, and is told so.
      const keepsOnly = checkout.terms.order.amount === 0 ? { keepsCardOnly: true as const } : {};
      const terms = { ...checkout.terms, ...keepsOnly, brands: visit.brands };
      const notice = more.notice ?? noticeOf(setting.language, state.last);
      return paymentPage({
        ...{ setting, terms, attempt: state.attempt, revision: checkout.revision, stored },
        ...{ methods: visit.methods, takesCards: visit.takesCards, isFieldsOnly: visit.isFieldsOnly, asksHolder: visit.asksHolder },
        ...(leaveUrl === undefined ? {} : { returnUrl: leaveUrl }),
        ...more,
        // What is wrong with a field is newer than what became of the last attempt.
        ...(notice === undefined || more.problems !== undefined ? {} : { notice }),
      });
    }
    case 'pending':
      return pendingPage(context, visit, state.last);
    case 'succeeded':
      return returnUrl === undefined ? endPage(context, visit, state.last) : wayHome(context, visit, state.last, returnUrl);
    case 'kept':
      return returnUrl === undefined ? keptPage(setting) : homePage(setting, returnUrl);
    case 'expired':
      return errorPage(setting, 'expired', leaveUrl);
    case 'closed':
      return checkout.closed === 'declared_paid' ? settledPage(setting, returnUrl) : errorPage(setting, 'calledOff', leaveUrl);
    case 'exhausted':
      return exhaustedPage(setting, leaveUrl, checkout.terms.singleAttempt === true);
  }
}

/** The shopper goes on at the bank, or has done their part, or looks again. */
async function pendingPage(context: PageContext, visit: Visit, last: OperationView): Promise<RenderedPage> {
  const { engine } = context;
  const { setting, address, returnUrl, channel } = visit;
  const { routingNumber } = channel;
  const url =
    last.state === 'awaiting' ? pageUrl(engine.shoppers, { routingNumber, id: last.operationId }) : bankPageOf(engine, channel, last);
  if (url !== undefined) return bankPage(setting, inLanguage(url, setting.language.code), last);
  if (last.reason !== 'payment_deferred' && !isUndecided(last)) return waitPage(lookAgainMs, { setting, address });
  return returnUrl === undefined ? paidPage(setting, last) : wayHome(context, visit, last, returnUrl);
}

/** What was held may have been charged since, or given back. */
async function endPage({ engine }: PageContext, { setting, checkout }: Visit, last: OperationView): Promise<RenderedPage> {
  if (last.kind !== 'preauthorization') return paidPage(setting, last);
  const tree = await engine.store.findTree({ merchantId: checkout.merchantId, operationId: last.operationId });
  if (tree === undefined || tree.captured > 0) return paidPage(setting, last, tree?.captured);
  return tree.released > 0 && tree.released >= tree.authorized ? errorPage(setting, 'calledOff') : paidPage(setting, last);
}

/** Back to the shop, in the way of the payment's dialect. */
async function wayHome(
  { returnStep }: PageContext,
  { setting, channel, address }: Visit,
  last: OperationView,
  returnUrl: string,
): Promise<RenderedPage> {
  const operationId = last.targetId ?? last.operationId;
  const step = await returnStep({ channel, operationId, returnUrl });
  return step?.kind === 'redirect'
    ? renderStep(step, { setting, address })
    : homePage(setting, step?.kind === 'done' ? step.returnUrl : returnUrl);
}

function homePage(setting: PageSetting, returnUrl: string): RenderedPage {
  return setting.embedded === true ? leavePage(setting, returnUrl, doneTexts(setting)) : donePage(returnUrl, setting);
}

export interface FormMore {
  readonly problems?: FormProblems;
  readonly notice?: string;
  readonly chosen?: string;
}

/** The stored cards that the merchant offers, that still exist, and that the order takes. */
export async function storedCards({ engine }: PageContext, { merchantId, terms }: Checkout): Promise<readonly StoredCard[]> {
  const found = await Promise.all(terms.tokens.map((token) => engine.vault.resolveToken({ merchantId, token })));
  return found.flatMap((card, index) => {
    const token = terms.tokens[index];
    if (card === undefined || token === undefined) return [];
    const isTaken = terms.brands.length === 0 || terms.brands.includes(card.summary.brand);
    return isTaken ? [{ token, summary: card.summary }] : [];
  });
}

/** Where a payment that waits for its shopper is shown. */
function bankPage(setting: PageSetting, url: string, { bank }: OperationView): RenderedPage {
  const { texts } = setting.language;
  const [title, text] = bank === undefined ? [texts.challengeTitle, texts.challengeText] : [texts.redirectTitle, texts.redirectText];
  const said = { title, text, button: texts.continueButton };
  return setting.embedded === true ? leavePage(setting, url, said) : forwardPage(setting, url, said);
}

/** The merchant's page takes the shopper on; where it does not listen, a link does. */
function leavePage(setting: PageSetting, url: string, { title, text, button }: ForwardTexts): RenderedPage {
  return renderPage(setting, {
    title,
    scripts: ['frame.js'],
    policy: { framedBy: setting.framedBy },
    body: html`<div class="message">
<div class="spinner" aria-hidden="true"></div>
<h1>${title}</h1>
<p role="status">${text}</p>
<p><a class="button" href="${url}" target="_top" data-leave>${button}</a></p>
</div>`,
  });
}

function exhaustedPage(setting: PageSetting, returnUrl: string | undefined, hadOneAttempt: boolean): RenderedPage {
  const { texts } = setting.language;
  const text = hadOneAttempt ? texts.oneAttempt : texts.tooManyAttempts;
  const back = returnUrl !== undefined && html`<p><a class="button" href="${returnUrl}" target="_top">${texts.backToShop}</a></p>`;
  return renderPage(setting, {
    status: 410,
    title: text,
    ...(setting.embedded === true ? { scripts: ['frame.js'], policy: { framedBy: setting.framedBy } } : {}),
    body: html`<div class="message"><h1>${texts.wrongTitle}</h1><p role="alert">${text}</p>${back}</div>`,
  });
}
