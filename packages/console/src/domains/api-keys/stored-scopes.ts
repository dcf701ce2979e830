/** The `scopes` column of a credential: a JSON list that was checked when it was written; null: not narrowed. */
export function parseScopes(column: string | null): string[] | null {
  return column === null ? null : JSON.parse(column);
}
