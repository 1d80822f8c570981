/** A mail as it is sent: its parts as text and as HTML, in the language of its reader. */
import { writeMail } from '../core/mail/catalogue.ts';
import type { MailContent, MailFormats, MailLanguage } from '../core/mail/content.ts';
import type { QueuedMail } from '../core/mail/send.ts';
import { type Html, html } from '../http/pages/html.ts';
import { amountText, languageOf } from '../http/pages/language.ts';

export interface RenderedMail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

const longestSubject = 200;

export function renderMail({
  kind,
  data,
  language,
  senderName,
}: Pick<QueuedMail, 'kind' | 'data' | 'language' | 'senderName'>): RenderedMail {
  const content = writeMail(kind, data, formatsOf(language));
  return {
    subject: singleLine(content.subject).slice(0, longestSubject),
    text: textOf(content, senderName),
    html: `<!doctype html>\n${htmlOf(content, { language, senderName })}\n`,
  };
}

/** Spaces for whatever could end a line: a header is one line, and so is a name in it. */
export function singleLine(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/ {2,}/g, ' ')
    .trim();
}

function formatsOf(code: MailLanguage): MailFormats {
  const language = languageOf({ asked: code });
  const times = new Intl.DateTimeFormat(language.locale, { dateStyle: 'long', timeStyle: 'medium', timeZone: 'UTC' });
  return { language: code, amount: (amount, currency) => amountText(language, amount, currency), time: (atMs) => times.format(atMs) };
}

function textOf({ heading, paragraphs, facts, action }: MailContent, senderName: string): string {
  const lines = facts.map(({ label, value }) => `${singleLine(label)}: ${singleLine(value)}`);
  const link = action === undefined ? [] : [`${singleLine(action.label)}:\n${singleLine(action.url)}`];
  return [heading, ...paragraphs, ...(lines.length === 0 ? [] : [lines.join('\n')]), ...link, `-- \n${singleLine(senderName)}`]
    .join('\n\n')
    .concat('\n');
}

/** Mail programs know few styles, and only those that stand at the element. */
function htmlOf(
  { subject, heading, paragraphs, facts, action }: MailContent,
  { language, senderName }: { readonly language: MailLanguage; readonly senderName: string },
): Html {
  const rows = facts.map(
    ({ label, value }) =>
      html`<tr><th style="text-align:left;padding:4px 16px 4px 0;font-weight:normal;color:#57606a">${label}</th><td style="padding:4px 0">${value}</td></tr>\n`,
  );
  const link = action !== undefined && /^https?:\/\//.test(action.url) && action;
  return html`<html lang="${language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>${subject}</title></head>
<body style="margin:0;padding:24px;font-family:system-ui,-apple-system,'Segoe UI',sans-serif;line-height:1.5">
<h1 style="font-size:20px;margin:0 0 16px">${heading}</h1>
${paragraphs.map((text) => html`<p style="margin:0 0 16px">${text}</p>\n`)}${rows.length > 0 && html`<table style="border-collapse:collapse;margin:0 0 16px">\n${rows}</table>\n`}${link && html`<p style="margin:0 0 16px"><a href="${link.url}">${link.label}</a></p>\n`}<p style="margin:24px 0 0;color:#57606a">${senderName}</p>
</body>
</html>`;
}
