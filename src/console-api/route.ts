/**
 * What a route of the console API is: one description, from which follow the checks of a request, the role that it needs, and the API's document
 * (`openapi.ts`). Nothing can be answered that is not described; test/console-openapi.test.ts looks.
 */
import type { Static, TObject, TSchema } from 'typebox';
import type { Role } from '../core/operator/operator.ts';
import type { OperatorList, OperatorStore } from '../core/operator/operator-store.ts';
import { nothing } from './forms.ts';
import type { ProblemName } from './problem.ts';

/** A request that has been checked. */
export interface Call<Path, Query, Body> {
  readonly path: Path;
  readonly query: Query;
  readonly body: Body;
  /** For the trail. */
  readonly actor: string;
}

interface Described {
  /** The name of the operation in the document. */
  readonly name: string;
  readonly group: string;
  /** Below `/console-api`, with `:parameters`. */
  readonly at: string;
  readonly role: Role;
  readonly summary: string;
  readonly description?: string;
}

/** Answers with one JSON document. */
export interface ActRoute<Path extends TObject = TObject, Query extends TObject = TObject, Body extends TObject = TObject>
  extends Described {
  readonly kind: 'act';
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  readonly path: Path;
  readonly query: Query;
  readonly body?: Body;
  /** A body to begin with. */
  readonly sample?: object;
  readonly status: 200 | 201;
  readonly answer: TSchema;
  /** Besides those that any route may have. */
  readonly problems: readonly ProblemName[];
  // A method, so that routes of any parameters fit into one list.
  handle(call: Call<Static<Path>, Static<Query>, Static<Body>>): Promise<unknown>;
}

/** Answers with a page of a list as JSON, or with all of it as CSV. */
export interface ListRoute extends Described {
  readonly kind: 'list';
  readonly method: 'get';
  readonly list: OperatorList;
  /** Names of the path and of the query are those of the list's filters. */
  readonly path: TObject;
  readonly query: TObject;
  readonly item: TObject;
  readonly store: Pick<OperatorStore, 'page'>;
}

/** Answers with rows that are few: as JSON, or as CSV. */
export interface ReportRoute<Query extends TObject = TObject> extends Described {
  readonly kind: 'report';
  readonly method: 'get';
  readonly path: TObject;
  readonly query: Query;
  readonly item: TObject;
  /** The names of the columns that are asked for, also where there is no row. */
  columns(query: Static<Query>): readonly string[];
  rows(query: Static<Query>): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

export type ConsoleRoute = ActRoute | ListRoute | ReportRoute;

type Given<Route, Optional extends keyof Route> = Omit<Route, 'kind' | Optional> & Partial<Pick<Route, Optional>>;

/** An act; without parameters of the path or the query, and with the status 200, unless it says otherwise. */
export function act<Path extends TObject = typeof nothing, Query extends TObject = typeof nothing, Body extends TObject = typeof nothing>(
  route: Given<ActRoute<Path, Query, Body>, 'path' | 'query' | 'status' | 'problems'>,
): ConsoleRoute {
  return { kind: 'act', path: nothing, query: nothing, status: 200, problems: [], ...route } as ConsoleRoute;
}

export function list(route: Given<Omit<ListRoute, 'method'>, 'path' | 'query' | 'role'>): ConsoleRoute {
  return { kind: 'list', method: 'get', role: 'viewer', path: nothing, query: nothing, ...route };
}

export function report<Query extends TObject>(route: Given<Omit<ReportRoute<Query>, 'method'>, 'path' | 'role'>): ConsoleRoute {
  return { kind: 'report', method: 'get', role: 'viewer', path: nothing, ...route } as ConsoleRoute;
}
