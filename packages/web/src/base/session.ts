import { routeTable } from 'virtual:route-table';
import { useSuspenseQuery } from '@tanstack/react-query';
import type { Permission, RouteId, RouteResponse, Routes } from '@zeronaut/model';
import { routeQuery } from './api.ts';
import { ApiProblem } from './api-client.ts';
import { forgetLastState } from './last-state.ts';

export type Me = RouteResponse<Routes['me.get']>;

export const meQuery = routeQuery('me.get', {});

/** Who is signed in. The shell is shown only when it is known. */
export function useMe(): Me {
  return useSuspenseQuery({ queryKey: meQuery.queryKey, queryFn: meQuery.queryFn! }).data as Me;
}

/** What the role may do. It only spares people what the API would refuse. */
export function useMay(): (permission: Permission) => boolean {
  const { permissions } = useMe();
  return (permission) => permissions.includes(permission);
}

export function mayCall(me: Me, id: RouteId): boolean {
  const { permission } = routeTable[id];
  return permission === 'none' || me.permissions.includes(permission as Permission);
}

/** The person has to show who they are, from the start or anew. */
export function needsSignIn(error: unknown): boolean {
  return (
    error instanceof ApiProblem &&
    error.problem.status === 401 &&
    (error.problem.reason === 'factor.expired' || error.problem.reason === 'api.unauthenticated')
  );
}

/** The console ends the session and takes its cookie away in one step. What this browser keeps goes first. */
export async function signOut(): Promise<void> {
  await forgetLastState();
  const form = document.createElement('form');
  form.method = 'post';
  form.action = '/sign-out';
  document.body.append(form);
  form.submit();
}

/** To the sign-in page, and back to where we are. */
export function goToSignIn(): void {
  const here = location.pathname + location.search;
  location.assign(`/sign-in?next=${encodeURIComponent(here)}`);
}
