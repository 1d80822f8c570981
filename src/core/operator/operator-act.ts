/** One line of the trail of operators, before it has its number and time. */

/** What an operator did, for the trail. */
export interface OperatorAct {
  /** Who did it, for people: user and host, or the operator's name. */
  readonly actor: string;
  /** What was done, as in `credential.revoked`. */
  readonly act: string;
  /** Ids and names, never a secret. */
  readonly details: Readonly<Record<string, unknown>>;
}
