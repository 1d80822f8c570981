/** The console API's clock, as a test or a user's own suite moves it. */
import assert from 'node:assert/strict';

export interface ClockReading {
  readonly business_time: string;
  readonly wall_time: string;
  readonly offset_seconds: number;
  readonly done?: Readonly<Record<string, number>>;
}

export const operatorKey = 'sandbox-operator-key';
export const viewerKey = 'sandbox-viewer-key';

/** One request with a JSON body, as it is. */
export function callConsole(
  url: string,
  { method = 'GET', path = '/console-api/clock', key, body }: { method?: string; path?: string; key?: string; body?: string },
): Promise<Response> {
  return fetch(`${url}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) },
    ...(body === undefined ? {} : { body }),
  });
}

export async function readClock(url: string): Promise<ClockReading> {
  const response = await callConsole(url, { key: viewerKey });
  assert.equal(response.status, 200);
  return (await response.json()) as ClockReading;
}

/** Moves the clock; returns when all that became due is done. */
export async function moveClock(url: string, seconds: number): Promise<ClockReading> {
  const response = await callConsole(url, { method: 'POST', key: operatorKey, body: JSON.stringify({ advance_seconds: seconds }) });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text) as ClockReading;
}
