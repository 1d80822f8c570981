/** How long one long jump of the business clock takes, with holds that end, captures and settlements on its way. */
import type { Stack } from './stack.ts';

export interface ClockJump {
  readonly payments: number;
  readonly days: number;
  readonly jumpMs: number;
  /** How much of each kind of work was done, by its name. */
  readonly done: Readonly<Record<string, number>>;
}

const daySeconds = 86_400;
const atOnce = 16;

/** Makes payments on the sandbox's own merchant: of three one is a debit, one is captured, and one is left to end; then moves the clock once. */
export async function jump({ port }: Pick<Stack, 'port'>, { payments, days, signal }: JumpPlan): Promise<ClockJump> {
  const url = `http://127.0.0.1:${port}`;
  for (let made = 0; made < payments; made += atOnce) {
    const some = Array.from({ length: Math.min(atOnce, payments - made) }, (_, index) => payment(url, made + index, signal));
    await Promise.all(some);
  }
  const startedMs = performance.now();
  const answer = await fetch(`${url}/console-api/clock`, {
    method: 'POST',
    headers: { authorization: 'Bearer sandbox-operator-key', 'content-type': 'application/json' },
    body: JSON.stringify({ advance_seconds: days * daySeconds }),
    signal,
  });
  const text = await answer.text();
  const jumpMs = performance.now() - startedMs;
  if (!answer.ok) throw new Error(`the clock was not moved: ${text}`);
  const { done } = JSON.parse(text) as Pick<ClockJump, 'done'>;
  return { payments, days, jumpMs, done };
}

interface JumpPlan {
  readonly payments: number;
  readonly days: number;
  readonly signal: AbortSignal;
}

export function describeJump({ payments, days, jumpMs, done }: ClockJump): string {
  const work = Object.entries(done)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name}`);
  return `clock: one jump of ${days} days over ${payments} payments took ${(jumpMs / 1000).toFixed(1)} s (${work.join(', ')}).`;
}

async function payment(url: string, index: number, signal: AbortSignal): Promise<void> {
  const money = { amount: '12.50', currency: 'EUR' };
  const card = { 'card.number': '4111111111111111', 'card.holder': 'Ada Example', 'card.cvv': '123' };
  const expiry = { 'card.expiryMonth': '12', 'card.expiryYear': '2034' };
  const id = await send(`${url}/v1/payments`, { ...money, ...card, ...expiry, paymentType: index % 3 === 0 ? 'DB' : 'PA' }, signal);
  if (index % 3 === 1) await send(`${url}/v1/payments/${id}`, { ...money, paymentType: 'CP' }, signal);
}

/** The published merchant's channel without triggers. */
async function send(url: string, fields: Readonly<Record<string, string>>, signal: AbortSignal): Promise<string> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${Buffer.from('0f0e0d0c0b0a09080706050403020100|sandbox').toString('base64')}` },
    body: new URLSearchParams({ entityId: '0f0e0d0c0b0a09080706050403020199', ...fields }),
    signal,
  });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`a payment was answered ${answer.status}: ${text}`);
  return (JSON.parse(text) as { readonly id: string }).id;
}
