/**
 * The shopper of the drill: a browser without scripts that goes where the merchant sends it, types the code, and comes back. Whatever breaks on the
 * way, it tries again later from the beginning, as people do; who has tried for long, or finds that the bank knows nothing any more, calls it off.
 */
import { setTimeout as delay } from 'node:timers/promises';

export interface ShopperOptions {
  /** [0, 1). */
  readonly random: () => number;
  readonly signal: AbortSignal;
}

export interface DrillShopper {
  /** Goes on with the payment whose page this is, as far as it goes now. Never rejects. `visits`: how often it was there before. `act`: at a bank. */
  goOn(pageUrl: string, visits: number, act?: 'pay' | 'later' | 'refuse'): Promise<void>;
}

const patienceMs = 6_000;
const longestThoughtMs = 3_000;
/** By then the bank has lost the result, or the page its memory. */
const visitsAtMost = 25;

interface Page {
  readonly status: number;
  readonly url: string;
  readonly forms: readonly { readonly action: string; readonly fields: Readonly<Record<string, string>> }[];
}

export function createShopper({ random, signal }: ShopperOptions): DrillShopper {
  async function post(url: string, fields: Readonly<Record<string, string>>): Promise<Page> {
    const body = new URLSearchParams(fields);
    const response = await fetch(url, { method: 'POST', body, signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]) });
    return readPage(response.status, response.url, await response.text());
  }

  async function challenge(pageUrl: string, start: Page['forms'][number]): Promise<void> {
    const asked = await post(start.action, start.fields);
    const [form] = asked.forms;
    // A bank that was killed has forgotten its challenges.
    if (asked.status >= 400 || form === undefined) return callOff(pageUrl);
    await delay(random() * longestThoughtMs, undefined, { signal });
    const answered = 'cres' in form.fields ? asked : await post(form.action, { ...form.fields, code: '1234', act: 'confirm' });
    const back = answered.forms.find(({ fields }) => 'cres' in fields);
    if (back !== undefined) await post(back.action, back.fields);
    else if (answered.status >= 400) await callOff(pageUrl);
  }

  async function callOff(pageUrl: string): Promise<void> {
    await post(pageUrl, { event: 'cancelled' });
  }

  /** Half of the shoppers close the browser when they have paid: then the bank's own word is all that the gateway hears. */
  async function payAtBank(pageUrl: string, { action, fields }: Page['forms'][number], act: string): Promise<void> {
    const address = `${action}?${new URLSearchParams(fields)}`;
    const response = await fetch(address, { signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]) });
    const [form] = readPage(response.status, response.url, await response.text()).forms;
    if (form === undefined) return;
    await delay(random() * longestThoughtMs, undefined, { signal });
    const body = new URLSearchParams({ ...form.fields, act });
    await fetch(form.action, { method: 'POST', body, redirect: 'manual', signal: AbortSignal.timeout(patienceMs) });
    if (random() < 0.5) await post(pageUrl, {});
  }

  return {
    async goOn(pageUrl, visits, act) {
      try {
        if (act !== undefined) {
          const [form] = (await post(pageUrl, {})).forms;
          return form === undefined ? undefined : await payAtBank(pageUrl, form, act);
        }
        if (visits > visitsAtMost) return await callOff(pageUrl);
        const page = await post(pageUrl, {});
        const start = page.forms.find(({ fields }) => 'creq' in fields);
        if (start !== undefined) await challenge(pageUrl, start);
      } catch {
        // Something is down; the shopper comes again.
      }
    },
  };
}

function readPage(status: number, url: string, html: string): Page {
  const forms = [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].map(([, head = '', inside = '']) => ({
    action: new URL(attribute(head, 'action'), url).href,
    fields: Object.fromEntries(
      [...inside.matchAll(/<input\b([^>]*)>/g)].map(([, input = '']) => [attribute(input, 'name'), attribute(input, 'value')]),
    ),
  }));
  return { status, url, forms };
}

/** Empty when it is not there. */
function attribute(tag: string, name: string): string {
  const [, value = ''] = new RegExp(`\\b${name}="([^"]*)"`).exec(tag) ?? [];
  return value.replace(/&#([0-9]+);/g, (_whole, code: string) => String.fromCharCode(Number(code)));
}
