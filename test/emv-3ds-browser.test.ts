/** What passes through a browser: base64url forms against values that another implementation wrote, and the browser's data in an AReq. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { browserOf, flagIn, numberIn, windowIn } from '../src/dialects/browser.ts';
import { type BrowserFacts, browserElements } from '../src/protocols/emv-3ds/browser-data.ts';
import {
  fromBase64Url,
  isSessionData,
  readCReq,
  readCRes,
  readMethodAnswer,
  readMethodRequest,
  writeCReq,
  writeCRes,
  writeMethodAnswer,
  writeMethodRequest,
} from '../src/protocols/emv-3ds/browser-forms.ts';
import { build } from '../src/protocols/emv-3ds/build.ts';
import type { AReq } from '../src/protocols/emv-3ds/message.ts';
import { ACS_ID, aReq, SERVER_ID } from './harness/three-ds-samples.ts';

// Written by Python 3.11's base64.urlsafe_b64encode, padding included.
const METHOD_ANSWER = 'eyJ0aHJlZURTU2VydmVyVHJhbnNJRCI6IjZhZmE2MDcyLTk0MTItNDQ2Yi05NjczLTJmOThiM2VlOThhMiJ9';
const METHOD_REQUEST =
  'eyJ0aHJlZURTU2VydmVyVHJhbnNJRCI6IjZhZmE2MDcyLTk0MTItNDQ2Yi05NjczLTJmOThiM2VlOThhMiIsInRocmVlRFNNZXRob2ROb3RpZmljYXRpb25VUkwiOiJodHRwczovL3Nob3AuZXhhbXBsZS9-w7w_YT0xJmI9Pj4-Pz8_In0=';
const CREQ =
  'eyJtZXNzYWdlVHlwZSI6IkNSZXEiLCJtZXNzYWdlVmVyc2lvbiI6IjIuMi4wIiwidGhyZWVEU1NlcnZlclRyYW5zSUQiOiI2YWZhNjA3Mi05NDEyLTQ0NmItOTY3My0yZjk4YjNlZTk4YTIiLCJhY3NUcmFuc0lEIjoiMzc1ZDkwYWQtMzg3My00OThiLTkxMzMtMzgwY2JiYzhkOTlkIiwiY2hhbGxlbmdlV2luZG93U2l6ZSI6IjAzIn0=';
const CRES =
  'eyJtZXNzYWdlVHlwZSI6IkNSZXMiLCJtZXNzYWdlVmVyc2lvbiI6IjIuMi4wIiwidGhyZWVEU1NlcnZlclRyYW5zSUQiOiI2YWZhNjA3Mi05NDEyLTQ0NmItOTY3My0yZjk4YjNlZTk4YTIiLCJhY3NUcmFuc0lEIjoiMzc1ZDkwYWQtMzg3My00OThiLTkxMzMtMzgwY2JiYzhkOTlkIiwidHJhbnNTdGF0dXMiOiJZIiwiY2hhbGxlbmdlQ29tcGxldGlvbkluZCI6IlkifQ==';

const unpadded = (value: string): string => value.replace(/=+$/, '');
const ids = { threeDSServerTransID: SERVER_ID, acsTransID: ACS_ID };
const creq = { messageType: 'CReq', messageVersion: '2.2.0', ...ids, challengeWindowSize: '03' } as const;
const cres = { messageType: 'CRes', messageVersion: '2.2.0', ...ids, transStatus: 'Y', challengeCompletionInd: 'Y' } as const;
const notification = 'https://shop.example/~ü?a=1&b=>>>???';

describe('form fields', () => {
  test('are written without padding, as another implementation writes them', () => {
    assert.deepEqual(writeCReq(creq), { ok: true, value: unpadded(CREQ) });
    assert.deepEqual(writeCRes(cres), { ok: true, value: unpadded(CRES) });
    assert.deepEqual(writeMethodAnswer({ threeDSServerTransID: SERVER_ID }), { ok: true, value: METHOD_ANSWER });
    const note = { threeDSServerTransID: SERVER_ID, threeDSMethodNotificationURL: notification };
    assert.deepEqual(writeMethodRequest(note), { ok: true, value: unpadded(METHOD_REQUEST) });
  });

  test('are read with and without padding, and with line ends inside', () => {
    for (const change of [(value: string) => value, unpadded, (value: string) => `\r\n${value.slice(0, 7)}\n ${value.slice(7)}\t`]) {
      assert.deepEqual(readCReq(change(CREQ)), { ok: true, message: creq });
      assert.deepEqual(readCRes(change(CRES)), { ok: true, message: cres });
      assert.deepEqual(readMethodAnswer(change(METHOD_ANSWER)), { ok: true, note: { threeDSServerTransID: SERVER_ID } });
      const note = { threeDSServerTransID: SERVER_ID, threeDSMethodNotificationURL: notification };
      assert.deepEqual(readMethodRequest(change(METHOD_REQUEST)), { ok: true, note });
    }
  });

  test('that are something else are refused with the right error', () => {
    const codeOf = (result: { readonly ok: boolean; readonly problem?: { readonly errorCode: string } }): string =>
      result.problem?.errorCode ?? 'ok';
    for (const value of [undefined, null, 42, '', '=', 'a', 'ab+/', 'a b%', `${CREQ}==`, [CREQ], 'x'.repeat(200_000)]) {
      assert.equal(codeOf(readCReq(value)), '203', String(value).slice(0, 40));
      assert.equal(codeOf(readMethodRequest(value)), '203');
    }
    assert.equal(codeOf(readCReq(CRES)), '101');
    assert.equal(codeOf(readCRes(CREQ)), '101');
    assert.equal(codeOf(readMethodRequest(METHOD_ANSWER)), '201');
    assert.equal(codeOf(readCReq(encoded({ ...creq, challengeWindowSize: '06' }))), '203');
    assert.equal(codeOf(readCRes(encoded({ ...cres, transStatus: 'A' }))), '203');
    assert.equal(codeOf(readMethodAnswer(encoded({ threeDSServerTransID: 'x' }))), '203');
    assert.equal(
      codeOf(readMethodRequest(encoded({ threeDSServerTransID: SERVER_ID, threeDSMethodNotificationURL: 'javascript:1' }))),
      '203',
    );
    assert.equal(codeOf(readCRes(CRES, { inReplyTo: { ...creq, acsTransID: SERVER_ID } })), '301');
  });

  test('plain base64 is not mended', () => {
    assert.equal(fromBase64Url(Buffer.from('>>>???').toString('base64')), undefined);
    assert.equal(fromBase64Url(unpadded(Buffer.from('>>>???').toString('base64url')))?.toString(), '>>>???');
  });

  test('session data is base64url of at most 1024 characters', () => {
    for (const value of ['YWJj', 'A-_9', 'x'.repeat(1024)]) assert.ok(isSessionData(value));
    for (const value of ['', 'x'.repeat(1025), '"><script>', 'a b', undefined, 7]) assert.ok(!isSessionData(value));
  });
});

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('browser data that a shop sends', () => {
  const whole: BrowserFacts = {
    acceptHeader: 'text/html',
    userAgent: 'Mozilla/5.0',
    language: 'de-DE',
    javaEnabled: false,
    javascriptEnabled: true,
    colorDepth: 24,
    screenHeight: 1080,
    screenWidth: 1920,
    timeZoneMinutes: -60,
    ip: '192.0.2.7',
  };
  const table: readonly (readonly [facts: Partial<BrowserFacts>, expected: Readonly<Record<string, unknown>>])[] = [
    [{}, { browserColorDepth: '24', browserTZ: '-60', browserJavascriptEnabled: true, browserIP: '192.0.2.7' }],
    [{ colorDepth: 30 }, { browserColorDepth: '24' }],
    [{ colorDepth: 17 }, { browserColorDepth: '16' }],
    [{ colorDepth: 64 }, { browserColorDepth: '48' }],
    [{ screenWidth: 1_234_567 }, { browserScreenWidth: '999999' }],
    [{ screenHeight: 1079.6 }, { browserScreenHeight: '1080' }],
    [{ userAgent: 'x'.repeat(3000) }, { browserUserAgent: 'x'.repeat(2048) }],
    [{ language: 'zh-Hant-TW' }, { browserLanguage: 'zh-Hant' }],
    [{ language: 'x'.repeat(20) }, { browserLanguage: 'en' }],
    [{ ip: '2001:db8::1' }, { browserIP: '2001:db8::1' }],
    [{ ip: 'unknown' }, { browserIP: undefined }],
    [{ colorDepth: 0 }, { browserColorDepth: undefined, browserJavascriptEnabled: false, browserTZ: undefined }],
    [{ timeZoneMinutes: Number.NaN }, { browserJavascriptEnabled: false, browserTZ: undefined }],
    [{ javascriptEnabled: false }, { browserJavascriptEnabled: false, browserJavaEnabled: undefined, browserScreenWidth: undefined }],
    [
      { acceptHeader: '', userAgent: undefined },
      { browserAcceptHeader: '*/*', browserUserAgent: 'unknown' },
    ],
  ];
  for (const [change, expected] of table) {
    test(`fits into the AReq: ${JSON.stringify(change).slice(0, 60)}`, () => {
      const elements: Readonly<Record<string, unknown>> = browserElements({ ...whole, ...change });
      for (const [name, value] of Object.entries(expected)) assert.equal(elements[name], value, name);
      const others = Object.fromEntries(Object.entries(aReq()).filter(([name]) => !name.startsWith('browser')));
      const built = build({ ...others, ...elements } as unknown as AReq);
      assert.deepEqual(built.ok ? [] : built.findings, []);
    });
  }
});

test('what a request says of a browser in texts: flags in any case, and nothing of what is odd', () => {
  assert.deepEqual(['true', 'TRUE', 'False', 'yes', '', undefined].map(flagIn), [true, true, false, undefined, undefined, undefined]);
  assert.deepEqual(['-60', '+60', '1080', '1e3', '1234567890', ''].map(numberIn), [-60, 60, 1_080, undefined, undefined, undefined]);
  assert.deepEqual(['5', '05', '6', 'full'].map(windowIn), ['05', '05', undefined, undefined]);
  assert.deepEqual(browserOf({ language: 'en', ip: undefined }), { language: 'en' });
});
