/** Honest merchants: sales at a steady rate, whatever the answers take, so that a slow gateway cannot make them come more slowly. */
import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { isSuccess } from '../answer.ts';
import { createCardSource, panLength } from '../cards.ts';
import type { MerchantAccess } from '../requests.ts';

export interface HonestOptions {
  readonly port: number;
  readonly merchants: readonly MerchantAccess[];
  /** Sales per second. */
  readonly rate: number;
  readonly random: () => number;
  readonly signal: AbortSignal;
}

export interface HonestResult {
  /** From the moment at which a sale was due to its answer, in ms, in no order. */
  readonly latenciesMs: readonly number[];
  /** What was not answered with success: what it was answered with, and how often. */
  readonly failures: Readonly<Record<string, number>>;
}

export interface Honest {
  /** Sells for a while, and waits for the last answers. */
  sell(durationMs: number): Promise<HonestResult>;
  close(): void;
}

export function openHonest({ port, merchants, rate, random, signal }: HonestOptions): Honest {
  const agent = new Agent({ keepAlive: true, maxSockets: 128 });
  const cards = createCardSource(random);
  const pan = Buffer.alloc(panLength);

  function bodyFor({ entityId }: MerchantAccess): string {
    cards.write(pan, 0);
    return new URLSearchParams({
      ...{ entityId, paymentType: 'DB', amount: `${100 + Math.floor(random() * 900)}.00`, currency: 'EUR' },
      ...{ 'card.number': pan.toString('latin1'), 'card.holder': 'Ada Example', 'card.cvv': '123' },
      ...{ 'card.expiryMonth': '12', 'card.expiryYear': '2034' },
    }).toString();
  }

  /** Resolves with the code of the answer, or with what went wrong. */
  function sale(): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    const merchant = merchants[Math.floor(random() * merchants.length)] as MerchantAccess;
    const body = bodyFor(merchant);
    const headers = {
      authorization: `Bearer ${merchant.bearerToken}`,
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(body),
    };
    const call = request({ host: '127.0.0.1', port, method: 'POST', path: '/v1/payments', headers, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve(/"code":"([\d.]+)"/.exec(Buffer.concat(chunks).toString('latin1'))?.[1] ?? `${response.statusCode}`),
      );
      response.on('error', (error) => resolve(error.message));
    });
    call.on('error', (error) => resolve(error.message));
    call.end(body);
    return promise;
  }

  return {
    async sell(durationMs) {
      const latenciesMs: number[] = [];
      const failures: Record<string, number> = {};
      const waiting: Promise<void>[] = [];
      const startedMs = performance.now();
      for (let count = 0; count < (durationMs / 1_000) * rate; count += 1) {
        const dueMs = startedMs + (count * 1_000) / rate;
        const earlyMs = dueMs - performance.now();
        if (earlyMs > 0) await delay(earlyMs, undefined, { signal });
        waiting.push(
          sale().then((code) => {
            if (isSuccess(code)) latenciesMs.push(performance.now() - dueMs);
            else failures[code] = (failures[code] ?? 0) + 1;
          }),
        );
      }
      await Promise.all(waiting);
      return { latenciesMs, failures };
    },
    close: () => agent.destroy(),
  };
}
