/** Countries as merchants write them: by the two letters of ISO 3166-1, or by an English name. */

/** The second letters of all codes that are assigned, by their first. */
const assigned = {
  A: 'DEFGILMOQRSTUWXZ',
  B: 'ABDEFGHIJLMNOQRSTVWYZ',
  C: 'ACDFGHIKLMNORUVWXYZ',
  D: 'EJKMOZ',
  E: 'CEGHRST',
  F: 'IJKMOR',
  G: 'ABDEFGHILMNPQRSTUWY',
  H: 'KMNRTU',
  I: 'DELMNOQRST',
  J: 'EMOP',
  K: 'EGHIMNPRWYZ',
  L: 'ABCIKRSTUVY',
  M: 'ACDEFGHKLMNOPQRSTUVWXYZ',
  N: 'ACEFGILOPRUZ',
  O: 'M',
  P: 'AEFGHKLMNRSTWY',
  Q: 'A',
  R: 'EOSUW',
  S: 'ABCDEGHIJKLMNORSTVXYZ',
  T: 'CDFGHJKLMNORTVWZ',
  U: 'AGMSYZ',
  V: 'ACEGINU',
  W: 'FS',
  Y: 'ET',
  Z: 'AMW',
};

/** Assigned to nobody; cards and banks use it for Kosovo. */
const inUse = ['XK'];

/** Beside the name that ICU has: that of the standard, where it is another, and what else is common. */
const otherNames: Readonly<Record<string, readonly string[]>> = {
  AE: ['UAE'],
  BN: ['Brunei Darussalam'],
  BO: ['Bolivia, Plurinational State of'],
  BQ: ['Bonaire, Sint Eustatius and Saba'],
  CC: ['Cocos Islands', 'Keeling Islands'],
  CD: ['Congo, Democratic Republic of the', 'Democratic Republic of the Congo', 'DR Congo'],
  CG: ['Congo', 'Republic of the Congo'],
  CI: ['Ivory Coast'],
  CN: ["People's Republic of China"],
  CV: ['Cabo Verde'],
  CZ: ['Czech Republic'],
  FK: ['Falkland Islands (Malvinas)'],
  FM: ['Micronesia, Federated States of', 'Federated States of Micronesia'],
  GB: ['UK', 'Great Britain', 'United Kingdom of Great Britain and Northern Ireland'],
  GS: ['South Georgia and the South Sandwich Islands'],
  HK: ['Hong Kong'],
  HM: ['Heard Island and McDonald Islands'],
  IR: ['Iran, Islamic Republic of', 'Islamic Republic of Iran'],
  KP: ["Korea, Democratic People's Republic of"],
  KR: ['Korea, Republic of', 'Republic of Korea'],
  LA: ["Lao People's Democratic Republic"],
  MD: ['Moldova, Republic of', 'Republic of Moldova'],
  MF: ['Saint Martin (French part)'],
  MK: ['Macedonia', 'Republic of North Macedonia'],
  MM: ['Myanmar', 'Burma'],
  MO: ['Macao', 'Macau'],
  NL: ['Netherlands, Kingdom of the', 'Holland'],
  PN: ['Pitcairn'],
  PS: ['Palestine', 'Palestine, State of', 'State of Palestine'],
  RU: ['Russian Federation'],
  SH: ['Saint Helena, Ascension and Tristan da Cunha'],
  SX: ['Sint Maarten (Dutch part)'],
  SY: ['Syrian Arab Republic'],
  SZ: ['Swaziland'],
  TL: ['East Timor'],
  TR: ['Turkey'],
  TW: ['Taiwan, Province of China'],
  TZ: ['Tanzania, United Republic of', 'United Republic of Tanzania'],
  UM: ['United States Minor Outlying Islands'],
  US: ['USA', 'United States of America'],
  VA: ['Holy See', 'Holy See (Vatican City State)'],
  VC: ['Saint Vincent and the Grenadines'],
  VE: ['Venezuela, Bolivarian Republic of'],
  VG: ['Virgin Islands (British)'],
  VI: ['Virgin Islands (U.S.)', 'United States Virgin Islands'],
  VN: ['Viet Nam'],
};

const codes: ReadonlySet<string> = new Set([
  ...Object.entries(assigned).flatMap(([first, seconds]) => [...seconds].map((second) => `${first}${second}`)),
  ...inUse,
]);

const names = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });

const codeByName: ReadonlyMap<string, string> = new Map(
  [...codes].flatMap((code) => [names.of(code) ?? code, ...(otherNames[code] ?? [])].map((name) => [plain(name), code] as const)),
);

/** Without what is written now this way, now that: accents, signs, articles, short forms. */
function plain(name: string): string {
  const words =
    name
      .normalize('NFD')
      .replaceAll(/\p{M}/gu, '')
      .toLowerCase()
      .replaceAll('&', ' and ')
      .replaceAll('.', '')
      .match(/\p{L}+/gu) ?? [];
  return words
    .filter((word) => word !== 'the')
    .map((word) => (word === 'st' ? 'saint' : word))
    .join(' ');
}

/** Two capital letters; undefined: it is no country. */
export function countryOf(text: string): string | undefined {
  const code = text.trim().toUpperCase();
  return codes.has(code) ? code : codeByName.get(plain(text));
}
