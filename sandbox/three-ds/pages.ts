/** The pages that a shopper's browser sees at the ACS. They work without scripts, load nothing from anywhere, and may be framed by anybody. */

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isSessionData } from '../../src/protocols/emv-3ds/browser-forms.ts';
import { amountText } from './amount-text.ts';
import { ONE_TIME_CODE } from './cards.ts';
import type { Challenge } from './challenges.ts';
import { schemeName } from './issuer-answer.ts';

/** A page with the headers that belong to it. */
export interface Page {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly html: string;
}

const STYLE = readFileSync(new URL('./pages/bank.css', import.meta.url), 'utf8');
const BANK = 'Northgate Bank';
const LOGO =
  '<svg viewBox="0 0 32 32" aria-hidden="true" focusable="false"><rect width="32" height="32" rx="8" fill="#173f8a"/><path d="M7 23V15a9 9 0 0 1 18 0v8h-4v-8a5 5 0 0 0-10 0v8z" fill="#fff"/><path d="M14 23v-7a2 2 0 0 1 4 0v7z" fill="#8fb4ff"/></svg>';

interface PageParts {
  readonly status?: number;
  readonly title: string;
  readonly scheme?: string;
  readonly body: string;
  readonly script?: string;
  /** Seconds until the browser looks again by itself. */
  readonly refreshSeconds?: number;
  /** Where forms of the page may go. */
  readonly formTargets: string;
}

export function page({ status = 200, title, scheme = '', body, script, refreshSeconds, formTargets }: PageParts): Page {
  const nonce = randomBytes(16).toString('base64');
  const policy = [
    "default-src 'none'",
    `style-src 'nonce-${nonce}'`,
    script === undefined ? "script-src 'none'" : `script-src 'nonce-${nonce}'`,
    `form-action ${formTargets}`,
    "base-uri 'none'",
    // Merchant and gateway show the challenge in a frame; which of them is for the issuer not to know.
    'frame-ancestors *',
  ].join('; ');
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    },
    html: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
${refreshSeconds === undefined ? '' : `<meta http-equiv="refresh" content="${refreshSeconds}">\n`}<title>${escaped(title)} – ${BANK}</title>
<style nonce="${nonce}">${STYLE}</style>
</head>
<body>
<main>
<header><span class="bank">${LOGO}${BANK}</span><span class="scheme">${escaped(scheme)}</span></header>
<div class="content">
${body}
</div>
</main>
${script === undefined ? '' : `<script nonce="${nonce}">${script}</script>\n`}</body>
</html>
`,
  };
}

/** Text as it may stand in HTML, also inside quotes. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

const minutes = (count: number): string => (count === 1 ? '1 minute' : `${count} minutes`);

/** Asks for the one-time code. The page's address ends in the token, to which its form goes back. */
export function codePage(challenge: Challenge): Page {
  const { areq, notice, attemptsLeft, token } = challenge;
  const remainingSeconds = Math.max(1, Math.ceil((challenge.deadlineMs - performance.now()) / 1_000));
  const message = noticeText(notice, attemptsLeft);
  const lastDigits = areq.acctNumber.slice(-4);
  const describedBy = message === undefined ? 'hint' : 'problem hint';
  return page({
    title: message === undefined ? 'Confirm your payment' : `Error: ${message}`,
    scheme: schemeName(areq.acctNumber),
    formTargets: "'self'",
    // At the end of the time the browser looks again and is sent back to the shop, scripts or not.
    refreshSeconds: remainingSeconds + 1,
    body: `<h1>Confirm it’s you</h1>
<p class="lead">We sent a one-time code by text message to the phone number on your account.</p>
<dl>
<div><dt>Merchant</dt><dd>${escaped(areq.merchantName ?? areq.threeDSRequestorName)}</dd></div>
${amountRow(challenge)}<div><dt>Card</dt><dd><span aria-hidden="true">•••• ${lastDigits}</span><span class="visually-hidden">ending in ${lastDigits}</span></dd></div>
</dl>
${message === undefined ? '' : `<p class="alert" id="problem" role="alert">${message}</p>\n`}<form method="post" action="${token}" autocomplete="off" novalidate>
<label for="code">One-time code</label>
<input id="code" name="code" type="text" inputmode="numeric" autocomplete="one-time-code" maxlength="12" required autofocus aria-describedby="${describedBy}"${message === undefined ? '' : ' aria-invalid="true"'}>
<p class="hint" id="hint">${attemptsLeft === 1 ? 'This is your last attempt.' : `You have ${attemptsLeft} attempts.`} This page waits ${minutes(Math.ceil(remainingSeconds / 60))}.</p>
<div class="buttons">
<button class="primary" type="submit" name="act" value="confirm">Confirm payment</button>
<button class="secondary" type="submit" name="act" value="cancel">Cancel</button>
</div>
</form>
<details><summary>Why am I seeing this?</summary>
<p>Your bank checks that it is really you who pays. Only type the code if you recognize the merchant and the amount. We never ask for it by phone or e-mail.</p></details>
<p class="test-note">This is a simulated bank; no money moves. The code is <strong>${ONE_TIME_CODE}</strong>.</p>`,
  });
}

function amountRow({ areq }: Challenge): string {
  const { purchaseAmount, purchaseCurrency, purchaseExponent } = areq;
  if (purchaseAmount === undefined || purchaseCurrency === undefined || purchaseExponent === undefined) return '';
  const text = amountText({ amountMinor: purchaseAmount, currency: purchaseCurrency, exponent: Number(purchaseExponent) });
  return `<div><dt>Amount</dt><dd>${escaped(text)}</dd></div>\n`;
}

function noticeText(notice: Challenge['notice'], attemptsLeft: number): string | undefined {
  switch (notice) {
    case 'none':
      return undefined;
    case 'no-code':
      return 'Type the code from the text message.';
    case 'wrong-code':
      return `That code is not right. ${attemptsLeft === 1 ? 'You can try once more.' : `You can try ${attemptsLeft} more times.`}`;
  }
}

const SUBMIT = 'document.forms[0].submit();';

interface Field {
  readonly name: string;
  readonly value: string;
}

/** A form that a script sends at once, and a button that sends it where scripts are off. */
function returnForm(url: string, fields: readonly Field[], button: string): string {
  const inputs = fields.map(({ name, value }) => `<input type="hidden" name="${name}" value="${escaped(value)}">`).join('');
  return `<form method="post" action="${escaped(url)}">${inputs}<button class="primary" type="submit">${button}</button></form>`;
}

/** Takes the shopper back to the shop with the CRes. */
export function returnPage({ areq, cres = '', sessionData }: Challenge): Page {
  const session = isSessionData(sessionData) ? [{ name: 'threeDSSessionData', value: sessionData }] : [];
  return page({
    title: 'Back to the shop',
    scheme: schemeName(areq.acctNumber),
    // Browsers hold redirects after a form to this as well, and the shop's may lead anywhere.
    formTargets: 'http: https:',
    script: SUBMIT,
    body: `<h1>Thank you</h1>
<p class="lead" role="status">We are taking you back to the shop.</p>
${returnForm(areq.notificationURL ?? '', [{ name: 'cres', value: cres }, ...session], 'Continue to the shop')}`,
  });
}

/** The page of the 3DS Method, in a frame that nobody sees: tells the 3DS Server that the issuer has looked at the browser. */
export function methodPage(notificationUrl: string, data: string): Page {
  return page({
    title: 'Checking your browser',
    formTargets: 'http: https:',
    script: SUBMIT,
    body: returnForm(notificationUrl, [{ name: 'threeDSMethodData', value: data }], 'Continue'),
  });
}

/** Something is wrong that the shopper cannot mend here. */
export function problemPage(status: number, { title, text }: { title: string; text: string }): Page {
  return page({
    status,
    title,
    formTargets: "'none'",
    body: `<h1>${escaped(title)}</h1>\n<p class="lead" role="alert">${escaped(text)}</p>`,
  });
}
