/** Brings what a shop knows of the shopper's browser into the ranges of the AReq. What does not fit is bent or left out, never refused. */

import type { AReq } from './message.ts';

/** A browser as a shop describes it; everything may be missing, or odd. */
export interface BrowserFacts {
  readonly acceptHeader?: string | undefined;
  readonly userAgent?: string | undefined;
  readonly language?: string | undefined;
  readonly javaEnabled?: boolean | undefined;
  readonly javascriptEnabled?: boolean | undefined;
  /** Bits per pixel. */
  readonly colorDepth?: number | undefined;
  /** Pixels. */
  readonly screenHeight?: number | undefined;
  readonly screenWidth?: number | undefined;
  /** Minutes, positive when the browser is behind UTC, as JavaScript's `getTimezoneOffset()` has it. */
  readonly timeZoneMinutes?: number | undefined;
  readonly ip?: string | undefined;
}

type BrowserElements = Pick<
  AReq,
  | 'browserAcceptHeader'
  | 'browserUserAgent'
  | 'browserLanguage'
  | 'browserJavaEnabled'
  | 'browserJavascriptEnabled'
  | 'browserColorDepth'
  | 'browserScreenHeight'
  | 'browserScreenWidth'
  | 'browserTZ'
  | 'browserIP'
>;

const COLOR_DEPTHS = [1, 4, 8, 15, 16, 24, 32, 48];
const LONGEST_HEADER = 2048;
const LONGEST_LANGUAGE = 8;

/**
 * The browser's elements of an AReq. A script runs only where every number that only a script can tell is known; else the browser counts as
 * one without scripts, which needs none of them.
 */
export function browserElements(facts: BrowserFacts): BrowserElements {
  const seen = {
    browserColorDepth: colorDepth(facts.colorDepth),
    browserScreenHeight: pixels(facts.screenHeight),
    browserScreenWidth: pixels(facts.screenWidth),
    browserTZ: timeZone(facts.timeZoneMinutes),
  };
  const isScripted = facts.javascriptEnabled !== false && Object.values(seen).every((value) => value !== undefined);
  const given = Object.fromEntries(Object.entries(seen).filter(([, value]) => value !== undefined));
  return {
    browserAcceptHeader: header(facts.acceptHeader, '*/*'),
    browserUserAgent: header(facts.userAgent, 'unknown'),
    browserLanguage: language(facts.language),
    browserJavascriptEnabled: isScripted,
    ...(isScripted ? { browserJavaEnabled: facts.javaEnabled ?? false, ...given } : {}),
    ...(facts.ip === undefined || !isIpAddress(facts.ip) ? {} : { browserIP: facts.ip }),
  };
}

function header(value: string | undefined, substitute: string): string {
  return (value ?? '').slice(0, LONGEST_HEADER) || substitute;
}

/** `zh-Hant-TW` is too long: its first parts say enough. */
function language(value: string | undefined): string {
  const parts = (value ?? '').split('-');
  while (parts.length > 1 && parts.join('-').length > LONGEST_LANGUAGE) parts.pop();
  const shortened = parts.join('-');
  return /^[A-Za-z0-9-]{1,8}$/.test(shortened) ? shortened : 'en';
}

/** Displays report 30 bits and other depths that the protocol has no word for: the next lower one. */
function colorDepth(bits: number | undefined): string | undefined {
  const fitting = bits === undefined ? undefined : COLOR_DEPTHS.findLast((depth) => depth <= bits);
  return fitting === undefined ? undefined : String(fitting);
}

function pixels(count: number | undefined): string | undefined {
  if (count === undefined || !Number.isFinite(count) || count < 0) return undefined;
  return String(Math.min(Math.round(count), 999_999));
}

function timeZone(minutes: number | undefined): string | undefined {
  if (minutes === undefined || !Number.isFinite(minutes) || Math.abs(minutes) > 9_999) return undefined;
  return String(Math.round(minutes));
}

/** The shape only: a wrong address is a wrong hint, and no reason to refuse. */
function isIpAddress(value: string): boolean {
  return value.length <= 45 && /^([0-9]{1,3}(\.[0-9]{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:.]*)$/.test(value) && value.length >= 2;
}
