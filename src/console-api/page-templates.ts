/** Templates of the shopper's pages: a style sheet and words, named by requests as their variant. */
import { Type } from 'typebox';
import { isTemplateText, longestCss, longestText, problemOfCss, templateName, templateTexts } from '../core/merchant/template.ts';
import { languageCodes } from '../http/pages/language.ts';
import { fields, inQuery, means, nullable, optional, text, time, uuid, withoutCard } from './forms.ts';
import { readOne } from './one.ts';
import type { ConsoleParts } from './parts.ts';
import { fieldProblem } from './problem.ts';
import { act, type ConsoleRoute, list } from './route.ts';

const group = 'Page templates';
const at = '/merchants/:merchant_id/page-templates';
const name = withoutCard(
  Type.String({ pattern: templateName.source, 'x-expected': '1 to 50 letters, digits, dots, hyphens and underscores, and no card number' }),
);
const words = optional(
  Object.fromEntries(templateTexts.map((key) => [key, withoutCard(Type.String({ 'x-expected': 'text without a card number' }))])),
);
const texts = means(optional(Object.fromEntries(languageCodes.map((code) => [code, words]))), 'Words of the card form, by language.');
const shown = {
  merchant_id: uuid,
  name,
  css: means(nullable(text), 'Comes after the page’s own style sheet.'),
  texts: nullable(texts),
  written_at: time,
};

export function pageTemplateRoutes({ store }: ConsoleParts): readonly ConsoleRoute[] {
  return [
    list({
      ...{ name: 'listPageTemplates', group, at: '/page-templates', summary: 'Lists templates of the shopper’s pages.' },
      query: optional({ merchant_id: inQuery.uuid, name: inQuery.text }),
      ...{ list: 'page_templates', item: fields(shown), store },
    }),
    act({
      ...{ name: 'writePageTemplate', group, method: 'post', at, role: 'admin' },
      summary: 'Writes a template of the shopper’s pages, or replaces the one of that name.',
      description: `Pages whose request names it as their variant wear it. The style sheet has ${longestCss} characters at most and can load nothing: no \`url()\`, no \`@import\`, no backslash; there is no script.`,
      path: fields({ merchant_id: uuid }),
      body: fields({
        name,
        css: Type.Optional(withoutCard(Type.String({ 'x-expected': 'text without a card number' }))),
        texts: Type.Optional(texts),
      }),
      sample: { name: 'autumn', css: '.field label { font-weight: 700; }', texts: { en: { holder: 'Your name' } } },
      ...{ status: 201, answer: fields(shown), problems: ['not_found', 'conflict'] },
      async handle({ path: { merchant_id: merchantId }, body, actor }) {
        const problem = body.css === undefined ? undefined : problemOfCss(body.css);
        if (problem !== undefined) throw fieldProblem('css', problem);
        const given = (body.texts ?? {}) as Readonly<Record<string, Readonly<Record<string, string>>>>;
        for (const [language, said] of Object.entries(given)) {
          const wrong = Object.entries(said).find(([, one]) => !isTemplateText(one));
          if (wrong !== undefined) {
            throw fieldProblem(`texts.${language}.${wrong[0]}`, `must be 1 to ${longestText} characters, none of them a control character`);
          }
        }
        const template = { ...(body.css === undefined ? {} : { css: body.css }), ...(body.texts === undefined ? {} : { texts: given }) };
        await store.writeTemplate({ actor, merchantId, name: body.name, template });
        return readOne(store, { list: 'page_templates', filters: { merchant_id: merchantId, name: body.name }, noun: 'page template' });
      },
    }),
    act({
      ...{ name: 'removePageTemplate', group, method: 'delete', at: `${at}/:name`, role: 'admin', summary: 'Removes a template.' },
      description: 'Pages that name it look as they do without one.',
      ...{ path: fields({ merchant_id: uuid, name }), answer: fields({ name }), problems: ['not_found'] },
      async handle({ path: { merchant_id: merchantId, name: removed }, actor }) {
        await store.removeTemplate({ actor, merchantId, name: removed });
        return { name: removed };
      },
    }),
  ];
}
