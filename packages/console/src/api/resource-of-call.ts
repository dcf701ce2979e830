import type { RouteDefinition } from '@zeronaut/model';
import type { Caller, Context } from '../domains/context.ts';

/**
 * The id of the resource that a call is about, by the row of the route table; null when the route is about none, names
 * none, or names one that the caller's organization does not have. Asked only for credentials that are bound to resources.
 */
export async function resourceOfCall(
  context: Context,
  caller: Caller,
  route: RouteDefinition,
  call: { params: unknown; query: unknown; body: unknown },
): Promise<string | null> {
  const { db } = context.store;
  const params = call.params as { id?: string } | undefined;
  let idOrName: string | undefined;
  switch (route.resource) {
    case undefined:
      return null;
    case 'share': {
      const share = await db
        .selectFrom('shares')
        .select('resource_id')
        .where('organization_id', '=', caller.organizationId)
        .where('id', '=', params?.id ?? '')
        .executeTakeFirst();
      return share?.resource_id ?? null;
    }
    case 'params.id':
      idOrName = params?.id;
      break;
    case 'query.resourceId':
      idOrName = (call.query as { resourceId?: string } | undefined)?.resourceId;
      break;
    case 'body.name':
      idOrName = (call.body as { name?: string } | undefined)?.name;
      break;
  }
  if (idOrName === undefined) return null;
  const resource = await db
    .selectFrom('resources')
    .select('id')
    .where('organization_id', '=', caller.organizationId)
    // An id has an underscore and a name never has one.
    .where(idOrName.includes('_') ? 'id' : 'name', '=', idOrName)
    .executeTakeFirst();
  return resource?.id ?? null;
}
