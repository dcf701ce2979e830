/**
 * Who decided: `policies`; `rule`, of the resource or site; `request`, an approved one; `segments`, that are apart; `gateway`: it never came to
 * a rule (no such name, too many attempts, an own page, …).
 */
export type DecidedBy = 'policies' | 'rule' | 'request' | 'segments' | 'gateway';

/** What an audit entry says of a class of access decisions (`access.pass`, `access.challenge`, `access.deny`) in its `after`. */
export interface DecisionClass {
  readonly subject: string;
  readonly reason: string;
  readonly snapshotVersion: number;
  /** Absent: of before this was noted. */
  readonly decidedBy?: DecidedBy;
  /** In the order of their ids. Absent: no policy decided. A name is empty where the policy was removed before its decisions were told. */
  readonly policies?: readonly { readonly id: string; readonly name: string }[];
  /** How many more there are than are named. */
  readonly morePolicies?: number;
  readonly count: number;
  readonly from: string;
  readonly to: string;
}

/** Null: the entry is no class of access decisions. Entries are the console's own, so that nothing but their kind is asked. */
export function decisionClassOf(entry: { readonly action: string; readonly after: unknown }): DecisionClass | null {
  if (!entry.action.startsWith('access.') || typeof entry.after !== 'object' || entry.after === null) return null;
  const found = entry.after as DecisionClass;
  return typeof found.reason === 'string' && typeof found.snapshotVersion === 'number' ? found : null;
}

/** The policies that decided, for people and for machines that match text: by name, and by id where none is known any more. */
export function policiesShown({ policies = [], morePolicies = 0 }: DecisionClass): string {
  const names = policies.map(({ id, name }) => name || id);
  return [...names, ...(morePolicies > 0 ? [`+${morePolicies}`] : [])].join(', ');
}
