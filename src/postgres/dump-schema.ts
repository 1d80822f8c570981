/**
 * The schema of a database as text, read from the catalogs: the same on PostgreSQL 15 to 18, so that it can be kept in the repository and
 * compared. It refuses what it would leave out: triggers, functions, views and types of our own have no place in Polygate's schema.
 */
import pg from 'pg';

interface Relation {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
  readonly persistence: string;
  readonly options: readonly string[] | null;
  readonly partitionKey: string | null;
  readonly partitionBound: string | null;
  readonly parent: string | null;
}

const userSchema = `n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`;

/** Reads the schema of the database at `url`: all schemas but the system's. Throws when it holds a kind of object that is not allowed. */
export async function dumpSchema(url: string): Promise<string> {
  // With nothing but pg_catalog in the path, the server's own descriptions name every object with its schema.
  const client = new pg.Client({ connectionString: url, application_name: 'polygate-dump', options: '-c search_path=pg_catalog' });
  await client.connect();
  try {
    await client.query('begin isolation level repeatable read read only');
    await refuseUnknownObjects(client);
    const parts = [...(await dumpSchemas(client))];
    for (const relation of await readRelations(client)) parts.push(await dumpRelation(client, relation));
    return `${parts.join('\n\n')}\n`;
  } finally {
    await client.end();
  }
}

async function refuseUnknownObjects(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ object: string }>(`
    select 'trigger ' || tgname || ' on ' || tgrelid::regclass as object from pg_trigger where not tgisinternal
    union all
    select 'function ' || p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace where ${userSchema}
    union all
    select 'view ' || c.oid::regclass from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('v', 'm', 'f') and ${userSchema}
    union all
    select 'type ' || t.oid::regtype from pg_type t join pg_namespace n on n.oid = t.typnamespace
      where t.typtype in ('e', 'd', 'r') and ${userSchema}
    order by 1`);
  if (rows.length > 0) {
    throw new Error(
      `the schema holds objects that Polygate does not use and the dump does not describe: ${rows.map((row) => row.object).join(', ')}`,
    );
  }
}

async function dumpSchemas(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ oid: number; name: string }>(`
    select n.oid, quote_ident(n.nspname) as name from pg_namespace n
    where ${userSchema} and n.nspname <> 'public' order by n.nspname collate "C"`);
  const parts: string[] = [];
  for (const { oid, name } of rows) {
    const grants = await readGrants(
      client,
      `select nspacl as acl, nspowner as owner, null::text as col from pg_namespace where oid = $1`,
      oid,
    );
    parts.push(
      [`create schema ${name};`, ...grants.map((grant) => `grant ${grant.privileges} on schema ${name} to ${grant.grantee};`)].join('\n'),
    );
  }
  return parts;
}

async function readRelations(client: pg.Client): Promise<Relation[]> {
  const { rows } = await client.query<Relation>(`
    select c.oid, quote_ident(n.nspname) as schema, quote_ident(c.relname) as name, c.relkind as kind, c.relpersistence as persistence,
      c.reloptions as options,
      case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end as "partitionKey",
      pg_get_expr(c.relpartbound, c.oid) as "partitionBound",
      (select i.inhparent::regclass::text from pg_inherits i where i.inhrelid = c.oid) as parent
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'S') and ${userSchema}
    order by n.nspname collate "C", c.relname collate "C"`);
  return rows;
}

async function dumpRelation(client: pg.Client, relation: Relation): Promise<string> {
  const fullName = `${relation.schema}.${relation.name}`;
  const definition = relation.kind === 'S' ? await dumpSequence(client, relation) : await dumpTable(client, relation);
  const grants = await readGrants(
    client,
    `select relacl as acl, relowner as owner, null::text as col from pg_class where oid = $1
     union all
     select a.attacl, c.relowner, quote_ident(a.attname) from pg_attribute a join pg_class c on c.oid = a.attrelid
     where a.attrelid = $1 and a.attacl is not null`,
    relation.oid,
  );
  const kind = relation.kind === 'S' ? 'sequence ' : '';
  return [definition, ...grants.map((grant) => `grant ${grant.privileges} on ${kind}${fullName} to ${grant.grantee};`)].join('\n');
}

async function dumpSequence(client: pg.Client, { schema, name, oid }: Relation): Promise<string> {
  const { rows } = await client.query<{ text: string }>(
    `select format('as %s increment %s minvalue %s maxvalue %s start %s cache %s%s', format_type(seqtypid, null), seqincrement, seqmin, seqmax,
       seqstart, seqcache, case when seqcycle then ' cycle' else '' end) as text from pg_sequence where seqrelid = $1`,
    [oid],
  );
  return `create sequence ${schema}.${name} ${rows[0]?.text};`;
}

async function dumpTable(client: pg.Client, relation: Relation): Promise<string> {
  const columns = await readLines(
    client,
    `select quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
       || case when a.attcollation not in (0, t.typcollation) then ' collate ' || a.attcollation::regcollation else '' end
       || case when a.attstorage = t.typstorage then '' else
            ' storage ' || case a.attstorage when 'p' then 'plain' when 'm' then 'main' when 'e' then 'external' else 'extended' end end
       || case when a.attnotnull then ' not null' else '' end
       || case when a.attidentity = 'a' then ' generated always as identity' when a.attidentity = 'd' then ' generated by default as identity'
            else '' end
       || case when d.oid is null then '' when a.attgenerated <> '' then
            ' generated always as (' || pg_get_expr(d.adbin, d.adrelid) || ')' || case a.attgenerated when 's' then ' stored' else '' end
            else ' default ' || pg_get_expr(d.adbin, d.adrelid) end as line
     from pg_attribute a join pg_type t on t.oid = a.atttypid
     left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
     where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped order by a.attnum`,
    relation.oid,
  );
  // Since PostgreSQL 18 a NOT NULL is a constraint with a name; it is shown with its column, as before.
  const constraints = await readLines(
    client,
    `select 'constraint ' || quote_ident(conname) || ' ' || pg_get_constraintdef(oid) as line from pg_constraint
     where conrelid = $1 and contype <> 'n' order by position(contype::text in 'pufcx'), conname collate "C"`,
    relation.oid,
  );
  const indexes = await readLines(
    client,
    `select pg_get_indexdef(i.indexrelid) || ';' as line from pg_index i join pg_class c on c.oid = i.indexrelid
     where i.indrelid = $1 and not exists (select from pg_constraint where conindid = i.indexrelid and conrelid = i.indrelid)
     order by c.relname collate "C"`,
    relation.oid,
  );
  const unlogged = relation.persistence === 'u' ? 'unlogged ' : '';
  const partition = relation.partitionKey === null ? '' : ` partition by ${relation.partitionKey}`;
  const options = relation.options === null ? '' : ` with (${[...relation.options].sort().join(', ')})`;
  const body = [...columns, ...constraints].map((line) => `  ${line}`).join(',\n');
  const table = `create ${unlogged}table ${relation.schema}.${relation.name} (\n${body}\n)${partition}${options};`;
  if (relation.parent === null) return [table, ...indexes].join('\n');
  const attached = `alter table ${relation.parent} attach partition ${relation.schema}.${relation.name} ${relation.partitionBound};`;
  return [table, attached, ...indexes].join('\n');
}

async function readLines(client: pg.Client, text: string, oid: number): Promise<string[]> {
  return (await client.query<{ line: string }>(text, [oid])).rows.map((row) => row.line);
}

/** What others than the owner may do. MAINTAIN came with PostgreSQL 17 and is left out, so that `grant all` reads the same everywhere. */
async function readGrants(client: pg.Client, acls: string, oid: number): Promise<{ privileges: string; grantee: string }[]> {
  const { rows } = await client.query<{ privileges: string; grantee: string }>(
    `select case when g.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(g.grantee)) end as grantee,
       string_agg(lower(g.privilege_type) || coalesce(' (' || o.col || ')', '') || case when g.is_grantable then ' with grant option' else '' end,
         ', ' order by o.col collate "C" nulls first, g.privilege_type collate "C") as privileges
     from (${acls}) o, aclexplode(o.acl) g
     where g.grantee <> o.owner and g.privilege_type <> 'MAINTAIN'
     group by g.grantee order by case when g.grantee = 0 then 'public' else pg_get_userbyid(g.grantee)::text end collate "C"`,
    [oid],
  );
  return rows;
}
