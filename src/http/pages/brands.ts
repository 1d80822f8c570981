/** The card brands on pages: names, and small marks drawn here, so that no picture has to be fetched. */
import type { CardBrand } from '../../core/instrument/card.ts';
import { attributes, type Html, html } from './html.ts';

export type NamedBrand = Exclude<CardBrand, 'unknown'>;

export const brandNames: Readonly<Record<NamedBrand, string>> = {
  visa: 'Visa',
  mastercard: 'Mastercard',
  amex: 'American Express',
  maestro: 'Maestro',
  discover: 'Discover',
  diners: 'Diners Club',
  jcb: 'JCB',
  unionpay: 'UnionPay',
};

export const allBrands = Object.keys(brandNames) as readonly NamedBrand[];

export function isNamed(brand: CardBrand): brand is NamedBrand {
  return brand !== 'unknown';
}

export function nameOfBrand(brand: CardBrand, otherwise: string): string {
  return isNamed(brand) ? brandNames[brand] : otherwise;
}

const circles = (left: string, right: string, middle: string): Html =>
  html`<circle cx="16" cy="13" r="7.5" fill="${left}"/><circle cx="24" cy="13" r="7.5" fill="${right}"/><path d="M20 6.65a7.5 7.5 0 0 1 0 12.7 7.5 7.5 0 0 1 0-12.7z" fill="${middle}"/>`;

const word = ({ text, size, fill, slanted = false }: { text: string; size: number; fill: string; slanted?: boolean }): Html =>
  html`<text${attributes({
    ...{ x: 20, y: 13 + size * 0.36, 'text-anchor': 'middle', 'font-family': 'Arial, Helvetica, sans-serif', 'font-size': size },
    ...{ 'font-weight': 800, fill, 'font-style': slanted ? 'italic' : undefined },
  })}>${text}</text>`;

const drawings: Readonly<Record<NamedBrand, readonly [background: string, drawing: Html]>> = {
  visa: ['#ffffff', word({ text: 'VISA', size: 13, fill: '#1a1f71', slanted: true })],
  mastercard: ['#ffffff', circles('#eb001b', '#f79e1b', '#ff5f00')],
  maestro: ['#ffffff', circles('#0099df', '#ed0006', '#6c6bbd')],
  amex: ['#016fd0', word({ text: 'AMEX', size: 11, fill: '#ffffff' })],
  discover: [
    '#ffffff',
    html`${word({ text: 'DISCOVER', size: 6.5, fill: '#231f20' })}<path d="M40 17v5a4 4 0 0 1-4 4H14c10-1.500 19-4.500 26-9z" fill="#f76b1c"/>`,
  ],
  diners: [
    '#ffffff',
    html`<circle cx="20" cy="13" r="8.500" fill="#0079be"/><circle cx="20" cy="13" r="6.500" fill="#fff"/><path d="M18.500 8a5.300 5.300 0 0 0 0 10zM21.500 8a5.300 5.300 0 0 1 0 10z" fill="#0079be"/>`,
  ],
  jcb: [
    '#ffffff',
    html`<rect x="8" y="5" width="7" height="16" rx="3" fill="#0e4c96"/><rect x="16.500" y="5" width="7" height="16" rx="3" fill="#c8102e"/><rect x="25" y="5" width="7" height="16" rx="3" fill="#007b40"/>`,
  ],
  unionpay: [
    '#ffffff',
    html`<path d="M11 4h8l-4 18H7z" fill="#e21836"/><path d="M18 4h8l-4 18h-8z" fill="#00447c"/><path d="M25 4h8l-4 18h-8z" fill="#007b84"/>`,
  ],
};

/** The mark of paying at a bank. */
export function bankMark(): Html {
  return html`<svg class="brand" viewBox="0 0 40 26" aria-hidden="true"><rect x=".5" y=".5" width="39" height="25" rx="4" fill="#ffffff" stroke="#c9cfda"/><path fill="#33405c" d="M20 4 9 9.500V11h22V9.500zM11 12.500h2.500V19H11zm5 0h2.500V19H16zm5.500 0H24V19h-2.500zm5 0H29V19h-2.500zM9 20h22v2H9z"/></svg>`;
}

/** The mark of a brand. `hidden`: drawn, to be shown by a script. */
export function brandMark(brand: NamedBrand, { hidden = false, isDecoration = false } = {}): Html {
  const [background, drawing] = drawings[brand];
  const said = isDecoration ? { 'aria-hidden': 'true' } : { role: 'img', 'aria-label': brandNames[brand] };
  return html`<svg${attributes({ class: 'brand', viewBox: '0 0 40 26', 'data-brand': brand, hidden, ...said })}><rect x=".5" y=".5" width="39" height="25" rx="4" fill="${background}" stroke="#c9cfda"/>${drawing}</svg>`;
}
