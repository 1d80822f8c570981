/** Who runs the gateway: the roles of its operators, each of which includes the ones before it. */

/** `viewer` looks; `operator` acts on what has happened; `admin` manages merchants, credentials, keys and other operators. */
export const roles = ['viewer', 'operator', 'admin'] as const;

export type Role = (typeof roles)[number];

/** Somebody who uses the console API. */
export interface Operator {
  /** For the trail of acts. */
  readonly name: string;
  readonly role: Role;
}

/** What the trail calls whoever uses a key of the settings: nobody else may be called so. */
export const settingNames = { admin: 'OPERATOR_KEY', viewer: 'VIEWER_KEY' } as const;

/** Whether a role includes another one. */
export function mayAct(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed);
}
