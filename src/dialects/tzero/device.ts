/** `device_info`: what 3-D Secure is told of the customer's browser. Both spellings of each member are taken; odd values are left out, never refused. */
import { isIP } from 'node:net';
import type { ChallengeWindow, ShopperBrowser } from '../../core/three-d-secure/authentication.ts';

type Loose = string | number | boolean;

export type DeviceInfo = Readonly<Record<string, Loose | undefined>>;

const windows: readonly ChallengeWindow[] = ['01', '02', '03', '04', '05'];

export function readBrowser(device: DeviceInfo = {}): ShopperBrowser {
  const of = (...names: readonly string[]): string | undefined => {
    const found = names.map((name) => device[name]).find((value) => value !== undefined);
    return found === undefined ? undefined : String(found);
  };
  const ip = of('ip_address');
  const window = of('challengeWindow', 'challenge_window');
  const given = {
    acceptHeader: short(of('accept_header')),
    userAgent: short(of('userAgent', 'user_agent')),
    language: of('language'),
    ip: ip !== undefined && isIP(ip) !== 0 ? ip : undefined,
    javaEnabled: flagOf(of('javaEnabled', 'java_enabled')),
    colorDepth: numberOf(of('screen_colorDepth', 'screen_color_depth')),
    screenHeight: numberOf(of('screenHeight', 'screen_height')),
    screenWidth: numberOf(of('screenWidth', 'screen_width')),
    timeZoneMinutes: numberOf(of('timezone')),
    challengeWindow: windows.find((known) => known === window?.padStart(2, '0')),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as ShopperBrowser;
}

/** 3-D Secure takes at most 2048 characters of a header. */
function short(text: string | undefined): string | undefined {
  return text?.slice(0, 2_048);
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^[+-]?\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function flagOf(text: string | undefined): boolean | undefined {
  return text === 'true' || text === 'false' ? text === 'true' : undefined;
}
