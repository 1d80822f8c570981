/** What a shopper is told when there is nothing to pay here, and what a program is told then. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { html } from './html.ts';
import { type PageSetting, type RenderedPage, renderPage, sendPage } from './layout.ts';

/** `wrong`: the request makes no sense. `gone`: the page never was, or is finished. `calledOff`: by the shop. */
export type PageError = 'gone' | 'expired' | 'calledOff' | 'unavailable' | 'busy' | 'wrong';

const statuses: Readonly<Record<PageError, number>> = { gone: 404, expired: 410, calledOff: 410, unavailable: 503, busy: 429, wrong: 400 };

/** For programs, which speak English. */
const titles: Readonly<Record<PageError, string>> = {
  gone: 'There is no such page, or not any more.',
  expired: 'This payment has expired.',
  calledOff: 'The shop has canceled this payment.',
  unavailable: 'The gateway cannot answer now; the same request may succeed later.',
  busy: 'There were too many requests from this address; try again in a moment.',
  wrong: 'The request could not be understood.',
};

/** `returnUrl`: where the shopper came from, if that is known. */
export function errorPage(setting: PageSetting, error: PageError, returnUrl?: string): RenderedPage {
  const { texts } = setting.language;
  const said: Readonly<Record<PageError, readonly [title: string, text: string]>> = {
    gone: [texts.goneTitle, texts.goneText],
    expired: [texts.expiredTitle, texts.expiredText],
    calledOff: [texts.calledOffTitle, texts.calledOffText],
    unavailable: [texts.unavailableTitle, texts.unavailableText],
    busy: [texts.unavailableTitle, texts.unavailableText],
    wrong: [texts.wrongTitle, texts.wrongText],
  };
  const [title, text] = said[error];
  const back = returnUrl !== undefined && html`<p><a class="button" href="${returnUrl}" target="_top">${texts.backToShop}</a></p>`;
  const again = (error === 'unavailable' || error === 'busy') && html`<p><a class="button" href="">${texts.tryAgain}</a></p>`;
  return renderPage(setting, {
    status: statuses[error],
    title,
    // The page around the frame is told that there is nothing to fill in.
    ...(setting.embedded === true ? { scripts: ['frame.js'], policy: { framedBy: setting.framedBy } } : {}),
    body: html`<div class="message"><h1>${title}</h1><p role="alert">${text}</p>${again}${back}</div>`,
  });
}

/** As a page for people, as JSON for programs. */
export function sendError(request: FastifyRequest, reply: FastifyReply, setting: PageSetting, error: PageError): FastifyReply {
  if (error === 'unavailable') reply.header('retry-after', '5');
  if (prefersHtml(request.headers.accept)) return sendPage(reply, errorPage(setting, error));
  return reply
    .code(statuses[error])
    .headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    .type('application/json; charset=utf-8')
    .send(JSON.stringify({ error, message: titles[error] }));
}

/** Browsers name HTML when they open a page; programs ask for JSON, or for anything. */
export function prefersHtml(accept = ''): boolean {
  return /\btext\/html\b/i.test(accept);
}
