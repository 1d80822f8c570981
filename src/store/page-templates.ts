/** Templates of the shopper's pages: read for a page that names one, written and removed by operators with a row in the trail. */
import type { TemplateStore, TemplateWords } from '../core/merchant/template.ts';
import { OperatorError } from '../core/operator/operator-error.ts';
import type { TemplateToWrite } from '../core/operator/operator-store.ts';
import { jsonText } from '../postgres/columns.ts';
import type { Database, Statement } from '../postgres/connection.ts';
import { acting } from './audit.ts';
import { reading } from './unavailable.ts';

const byName: Statement = {
  name: 'find_page_template',
  text: 'select css, texts from polygate.page_template where merchant_id = $1 and name = $2',
};

const surroundings: Statement = {
  name: 'page_template_surroundings',
  text: `select (select count(*)::int from polygate.merchant where merchant_id = $1) as merchants,
  (select count(*)::int from polygate.page_template where merchant_id = $1 and name <> $2) as others`,
};

const write: Statement = {
  name: 'write_page_template',
  text: `insert into polygate.page_template (merchant_id, name, css, texts) values ($1, $2, $3, $4)
on conflict (merchant_id, name) do update set css = excluded.css, texts = excluded.texts, written_at = now()`,
};

const remove: Statement = {
  name: 'remove_page_template',
  text: 'delete from polygate.page_template where merchant_id = $1 and name = $2 returning name',
};

export const templatesAtMost = 100;

export function createTemplateStore(database: Database): TemplateStore {
  return {
    async find({ merchantId, name }) {
      const rows = database.query<{ css: string | null; texts: TemplateWords | null }>(byName, [merchantId, name]);
      const [row] = await reading(rows);
      if (row === undefined) return undefined;
      return { ...(row.css === null ? {} : { css: row.css }), ...(row.texts === null ? {} : { texts: row.texts }) };
    },
  };
}

/** Replaces the one of the same name as a whole. */
export function writeTemplate(database: Database, { actor, merchantId, name, template }: TemplateToWrite): Promise<void> {
  return acting(database, async (query, audit) => {
    const [found] = await query<{ merchants: number; others: number }>(surroundings, [merchantId, name]);
    if (found === undefined || found.merchants === 0) throw new OperatorError(`There is no merchant ${merchantId}.`, { kind: 'not_found' });
    if (found.others >= templatesAtMost) {
      throw new OperatorError(`The merchant has ${templatesAtMost} templates, which is the most there can be; remove some first.`, {
        kind: 'conflict',
      });
    }
    const { css, texts } = template;
    await query(write, [merchantId, name, css ?? null, texts === undefined ? null : jsonText(texts)]);
    const details = { merchantId, name, css: `${css?.length ?? 0} characters`, languages: Object.keys(texts ?? {}) };
    await audit({ actor, act: 'page_template.written', details });
  });
}

export function removeTemplate(
  database: Database,
  { actor, merchantId, name }: { readonly actor: string; readonly merchantId: string; readonly name: string },
): Promise<void> {
  return acting(database, async (query, audit) => {
    const removed = await query(remove, [merchantId, name]);
    if (removed.length === 0) throw new OperatorError(`The merchant has no template ${name}.`, { kind: 'not_found' });
    await audit({ actor, act: 'page_template.removed', details: { merchantId, name } });
  });
}
