/**
 * A step as a page: plain HTML that works without scripts, since each form has its button; with scripts the forms send themselves. All text that comes
 * from elsewhere is escaped, and the page may load nothing.
 */
import type { ShopperStep } from '../../core/payment/shopper-step.ts';

export interface StepPage {
  readonly html: string;
  /** Of the one script in the page, for its policy: base64 of the SHA-256 is the caller's part. Absent: no script. */
  readonly script?: string;
  /** The browser should look again after so many seconds. */
  readonly refreshSeconds?: number;
}

/** `pageUrl`: the page's own address, to which its own events are posted. */
export function renderStep(step: ShopperStep, pageUrl: string): StepPage {
  switch (step.kind) {
    case 'method': {
      const fields = [{ name: 'threeDSMethodData', value: step.data }];
      const script = `document.forms[0].submit();setTimeout(()=>document.forms[1].submit(),${step.timeoutMs});addEventListener('message',(event)=>{if(event.origin===location.origin&&event.data==='method_done')document.forms[1].submit()})`;
      const inFrame = form({ url: step.url, method: 'POST', fields, target: 'issuer', button: 'Prepare' });
      const goOn = form({ url: pageUrl, method: 'POST', fields: [{ name: 'event', value: 'method_timed_out' }], button: 'Continue' });
      const frame = '<iframe name="issuer" hidden title="Your bank"></iframe>';
      return page('One moment', `<p>Your bank is being contacted.</p>${frame}${inFrame}${goOn}`, { script });
    }
    case 'challenge': {
      const fields = [
        { name: 'creq', value: step.creq },
        { name: 'threeDSSessionData', value: step.sessionData },
      ];
      const body = form({ url: step.url, method: 'POST', fields, button: 'Go to your bank' });
      return page('Your bank wants to confirm this payment', body, { script: sendFirstForm });
    }
    case 'redirect': {
      const { url, method, parameters: fields } = step;
      return page('One moment', form({ url, method, fields, button: 'Continue' }), { script: sendFirstForm });
    }
    case 'wait':
      return page('One moment', '<p>Your payment is being processed.</p>', {
        refreshSeconds: Math.max(1, Math.round(step.retryAfterMs / 1000)),
      });
    case 'done':
      return page('Done', `<p><a href="${escaped(step.returnUrl)}">Back to the shop</a></p>`);
    case 'gone':
      return page('This page is no longer open', '<p>Go back to the shop to see what became of your payment.</p>');
  }
}

/** What the issuer's page leads to, inside its frame: tells the page around it. */
export function renderMethodDone(): StepPage {
  return page('Done', '<p>You can go on.</p>', { script: "parent.postMessage('method_done',location.origin)" });
}

const sendFirstForm = 'document.forms[0].submit()';

interface Form {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly fields: readonly { readonly name: string; readonly value: string }[];
  readonly target?: string;
  readonly button: string;
}

function form({ url, method, fields, target, button }: Form): string {
  const inputs = fields.map(({ name, value }) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`).join('');
  const where = target === undefined ? '' : ` target="${escaped(target)}"`;
  return `<form action="${escaped(url)}" method="${method.toLowerCase()}"${where}>${inputs}<button>${escaped(button)}</button></form>`;
}

function page(title: string, body: string, more: Omit<StepPage, 'html'> = {}): StepPage {
  const script = more.script === undefined ? '' : `<script>${more.script}</script>`;
  const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title>`;
  return {
    html: `<!doctype html><html lang="en"><head>${head}</head><body><h1>${escaped(title)}</h1>${body}${script}</body></html>`,
    ...more,
  };
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
