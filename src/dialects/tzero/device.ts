/** `device_info`: what 3-D Secure is told of the customer's browser. Both spellings of each member are taken. */
import { isIP } from 'node:net';
import type { ShopperBrowser } from '../../core/three-d-secure/authentication.ts';
import { browserOf, flagIn, numberIn, windowIn } from '../browser.ts';

type Loose = string | number | boolean;

export type DeviceInfo = Readonly<Record<string, Loose | undefined>>;

export function readBrowser(device: DeviceInfo = {}): ShopperBrowser {
  const of = (...names: readonly string[]): string | undefined => {
    const found = names.map((name) => device[name]).find((value) => value !== undefined);
    return found === undefined ? undefined : String(found);
  };
  const ip = of('ip_address');
  return browserOf({
    acceptHeader: short(of('accept_header')),
    userAgent: short(of('userAgent', 'user_agent')),
    language: of('language'),
    ip: ip !== undefined && isIP(ip) !== 0 ? ip : undefined,
    javaEnabled: flagIn(of('javaEnabled', 'java_enabled')),
    colorDepth: numberIn(of('screen_colorDepth', 'screen_color_depth')),
    screenHeight: numberIn(of('screenHeight', 'screen_height')),
    screenWidth: numberIn(of('screenWidth', 'screen_width')),
    timeZoneMinutes: numberIn(of('timezone')),
    challengeWindow: windowIn(of('challengeWindow', 'challenge_window')),
  });
}

/** 3-D Secure takes at most 2048 characters of a header. */
function short(text: string | undefined): string | undefined {
  return text?.slice(0, 2_048);
}
