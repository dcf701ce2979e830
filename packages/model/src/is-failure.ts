/** Reasons that say that something broke: nobody was refused by a rule. */
export const FAILURE_ROOMS = ['target', 'balancer', 'gateway', 'limit'] as const;

export function isFailureReason(reason: string): boolean {
  return (FAILURE_ROOMS as readonly string[]).includes(reason.slice(0, reason.indexOf('.')));
}

/** What counts as failed in numbers and lists; without schemas, as the web console counts it too. */
export function isFailure({ status, reason }: { readonly status: number; readonly reason: string }): boolean {
  return status >= 500 || isFailureReason(reason);
}
