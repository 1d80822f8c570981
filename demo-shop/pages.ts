/** The shop's pages. All of them work without scripts; the script only formats the card fields and describes the browser. */
import { type Basket, countOf, type Line, totalOf } from './basket.ts';
import type { Faults, Fields } from './card-form.ts';
import { moneyText, type Product, products } from './catalog.ts';
import type { Gateway, Progress } from './gateways/gateway.ts';
import type { Exchange } from './gateways/wire.ts';
import { html, type Markup } from './html.ts';
import type { Order } from './orders.ts';

interface PageParts {
  readonly title: string;
  readonly body: Markup;
  readonly basket?: Basket;
  readonly refreshSeconds?: number;
  readonly script?: true;
}

export function page({ title, body, basket, refreshSeconds, script }: PageParts): string {
  const count = basket === undefined ? 0 : countOf(basket.lines());
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Marlow Roasters</title>
${refreshSeconds !== undefined && html`<meta http-equiv="refresh" content="${refreshSeconds}">`}
<link rel="icon" href="/art.svg" type="image/svg+xml">
<link rel="stylesheet" href="/shop.css">
${script === true && html`<script src="/checkout.js" defer></script>`}
</head>
<body>
<a class="skip" href="#content">Skip to content</a>
<header class="top">
<a class="brand" href="/"><svg aria-hidden="true"><use href="/art.svg#mark"></use></svg>Marlow Roasters</a>
<nav><a class="basket-link" href="/basket">Basket${count > 0 && html` <span class="count" aria-label="${count} items">${count}</span>`}</a></nav>
</header>
<main id="content">
${body}
</main>
<footer>A demonstration: no coffee is roasted and no money moves. Payments go to the Polygate sandbox on this machine.</footer>
</body>
</html>
`;
  return document.text;
}

function picture({ art, tint }: Product): Markup {
  return html`<span class="picture ${tint}"><svg aria-hidden="true"><use href="/art.svg#${art}"></use></svg></span>`;
}

export function catalogPage(basket: Basket): string {
  return page({
    title: 'Coffee, tea and what you need for it',
    basket,
    body: html`<section class="hero">
<h1>Coffee for slow mornings</h1>
<p>Roasted on Tuesdays, sent on Wednesdays. Put something into the basket and pay with a test card.</p>
</section>
<ul class="shelf">
${products.map(
  (product) => html`<li class="card">
${picture(product)}
<h2>${product.name}</h2>
<p class="blurb">${product.blurb}</p>
<form method="post" action="/basket" class="buy">
<span class="price">${moneyText(product.price)}</span>
<input type="hidden" name="product" value="${product.id}">
<button type="submit" name="change" value="1" aria-label="Add ${product.name} to the basket">Add to basket</button>
</form>
</li>
`,
)}</ul>`,
  });
}

export function basketPage(basket: Basket): string {
  const lines = basket.lines();
  if (lines.length === 0) {
    return page({
      title: 'Basket',
      basket,
      body: html`<section class="quiet"><h1>Your basket is empty</h1><p><a class="button" href="/">Choose something</a></p></section>`,
    });
  }
  return page({
    title: 'Basket',
    basket,
    body: html`<section class="narrow"><h1>Your basket</h1>
<ul class="lines">
${lines.map(
  ({ product, count }) => html`<li>
${picture(product)}
<span class="what"><strong>${product.name}</strong><span class="blurb">${moneyText(product.price)} each</span></span>
<form method="post" action="/basket" class="stepper">
<input type="hidden" name="product" value="${product.id}">
<button type="submit" name="change" value="-1" aria-label="One ${product.name} less">−</button>
<span aria-label="${count} of ${product.name}">${count}</span>
<button type="submit" name="change" value="1" aria-label="One ${product.name} more">+</button>
</form>
<span class="price">${moneyText(product.price * count)}</span>
</li>
`,
)}</ul>
<p class="total"><span>Total, delivery included</span><strong>${moneyText(totalOf(lines))}</strong></p>
<p class="actions"><a href="/">Go on shopping</a><a class="button" href="/checkout">Check out</a></p></section>`,
  });
}

export interface CheckoutForm {
  readonly basket: Basket;
  readonly gateways: readonly Gateway[];
  readonly chosen: string;
  readonly formKey: string;
  readonly fields?: Fields;
  readonly faults?: Faults;
}

const testCards = [
  ['4242 4242 4242 4242', 'authenticates without a question'],
  ['5555 5555 5555 4444', 'asks for a code: it is 1234'],
  ['4111 1111 1111 1111', 'takes no part in 3-D Secure'],
  ['4000 0000 0000 0002', 'is declined'],
] as const;

export function checkoutPage({ basket, gateways, chosen, formKey, fields = {}, faults = {} }: CheckoutForm): string {
  const lines = basket.lines();
  const input = (name: keyof Faults, label: string, attributes: Markup): Markup => {
    const fault = faults[name];
    return html`<div class="field${fault !== undefined && ' wrong'}">
<label for="${name}">${label}</label>
<input id="${name}" name="${name}" required ${attributes}${fault !== undefined && html` aria-invalid="true" aria-describedby="${name}-fault"`}>
${fault !== undefined && html`<p class="fault" id="${name}-fault">${fault}</p>`}
</div>`;
  };
  return page({
    title: 'Checkout',
    basket,
    script: true,
    body: html`<div class="checkout">
<form method="post" action="/orders" id="checkout" novalidate>
<h1>Checkout</h1>
${Object.keys(faults).length > 0 && html`<p class="alert" role="alert">Please look at the fields in red.</p>`}
<input type="hidden" name="formKey" value="${formKey}">
${['screenHeight', 'screenWidth', 'colorDepth', 'timezoneOffset', 'language', 'javaScript'].map(
  (name) => html`<input type="hidden" name="${name}" value="">`,
)}
<fieldset>
<legend>Contact</legend>
${input('email', 'E-mail', html`type="email" autocomplete="email" maxlength="120" value="${fields.email ?? 'ada@example.com'}"`)}
</fieldset>
<fieldset>
<legend>Card</legend>
${input('number', 'Card number', html`inputmode="numeric" autocomplete="cc-number" maxlength="23" placeholder="4242 4242 4242 4242"`)}
<div class="pair">
${input('expiry', 'Expiry', html`inputmode="numeric" autocomplete="cc-exp" maxlength="7" placeholder="MM / YY" value="${fields.expiry ?? ''}"`)}
${input('cvc', 'Security code', html`inputmode="numeric" autocomplete="cc-csc" maxlength="4" placeholder="123"`)}
</div>
${input('holder', 'Name on card', html`autocomplete="cc-name" maxlength="60" value="${fields.holder ?? 'Ada Example'}"`)}
<details class="cards"><summary>Cards to try</summary>
<ul>${testCards.map(([number, what]) => html`<li><button type="button" class="fill" data-card="${number}">${number}</button> ${what}</li>`)}</ul>
</details>
</fieldset>
<fieldset class="protocols">
<legend>For developers: the protocol this shop speaks</legend>
${gateways.map(
  ({ name, title, summary }) => html`<label><input type="radio" name="gateway" value="${name}"${name === chosen && html` checked`}>
<span><strong>${title}</strong><span class="blurb">${summary}</span></span></label>`,
)}
</fieldset>
<button class="button wide" type="submit">Pay ${moneyText(totalOf(lines))}</button>
</form>
<aside aria-label="Your order"><h2>Your order</h2>${summary(lines)}</aside>
</div>`,
  });
}

function summary(lines: readonly Line[]): Markup {
  return html`<ul class="summary">
${lines.map(({ product, count }) => html`<li><span>${count} × ${product.name}</span><span>${moneyText(product.price * count)}</span></li>`)}
<li class="sum"><span>Total</span><strong>${moneyText(totalOf(lines))}</strong></li>
</ul>`;
}

/** Sends the shopper to their bank: at once with a script, by a button without. */
export function redirectPage({ url, fields }: Extract<Progress, { kind: 'redirect' }>): string {
  return page({
    title: 'On to your bank',
    script: true,
    body: html`<section class="quiet"><h1>On to your bank</h1>
<p>Your bank wants to know that it is you.</p>
<form method="post" action="${url}" data-submit="now">
${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
<button class="button" type="submit">Continue</button>
</form></section>`,
  });
}

const outcomes = {
  paid: { sign: 'tick', title: 'Thank you, it is paid', text: 'We roast on Tuesday. The receipt is on its way to' },
  pending: {
    sign: 'clock',
    title: 'One moment',
    text: 'The bank has not answered yet. This page looks again by itself; the receipt will go to',
  },
  redirect: { sign: 'clock', title: 'Not paid yet', text: 'Your bank is still waiting for you. The receipt will go to' },
  declined: { sign: 'cross', title: 'That did not work', text: '' },
  unknown: { sign: 'clock', title: 'We do not know yet', text: '' },
} as const;

export function orderPage({ order, basket }: { readonly order: Order; readonly basket: Basket }): string {
  const { progress, reference, email, lines, gateway, wire } = order;
  const { sign, title, text } = outcomes[progress.kind];
  return page({
    title,
    basket,
    ...(progress.kind === 'pending' ? { refreshSeconds: 2 } : {}),
    body: html`<section class="narrow result ${progress.kind}">
<svg class="sign" aria-hidden="true"><use href="/art.svg#${sign}"></use></svg>
<h1>${title}</h1>
${
  progress.kind === 'declined'
    ? html`${declinedText(progress)}<p><a class="button" href="/checkout">Try again</a></p>`
    : progress.kind === 'unknown'
      ? html`<p role="alert">${progress.message}</p>`
      : html`<p>${text} <strong>${email}</strong>.</p>`
}
${progress.kind === 'redirect' && html`<p><a class="button" href="/orders/${reference}/continue">Go to your bank</a></p>`}
<dl class="facts"><div><dt>Order</dt><dd>${reference}</dd></div><div><dt>Protocol</dt><dd>${gateway.title}</dd></div></dl>
${summary(lines)}
<details class="wire"><summary>What went over the wire</summary>
${wire.exchanges.map(exchangeOf)}
</details>
${progress.kind === 'paid' && html`<p class="actions"><a href="/">Back to the shop</a></p>`}
</section>`,
  });
}

/** A payment that was recorded got a no, which shoppers are told in their words; the gateway's are for the developer who is looking. */
function declinedText({ paymentId, message }: Extract<Progress, { kind: 'declined' }>): Markup {
  if (paymentId === undefined) return html`<p role="alert">${message}</p>`;
  return html`<p role="alert">The payment was not approved, and nothing was charged. Try again or use another card.</p>
<p class="blurb">The gateway says: ${message}</p>`;
}

function exchangeOf({ method, url, body, status, answer, tookMs }: Exchange): Markup {
  return html`<div class="exchange"><p><code>${method} ${url}</code></p>
${body !== '' && html`<pre>${body}</pre>`}
<p>${status} after ${Math.round(tookMs)} ms</p>
<pre>${answer}</pre></div>`;
}

export function messagePage(title: string, text: string): string {
  return page({
    title,
    body: html`<section class="quiet"><h1>${title}</h1><p>${text}</p><p><a class="button" href="/">To the shop</a></p></section>`,
  });
}
