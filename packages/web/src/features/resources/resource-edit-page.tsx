import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { type Resource, resourceInputOf } from '@zeronaut/model';
import { call, routeQuery, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { ButtonLink } from '../../ui/button-link.tsx';
import { PageHeader } from '../../ui/page-header.tsx';
import { PendingThing } from '../../ui/pending-thing.tsx';
import { resourceMessages } from './messages.ts';
import { ResourceForm } from './resource-form.tsx';

const route = getRouteApi('/resources/$id/edit');

export function ResourceEditPage() {
  const t = useMessages(resourceMessages);
  const navigate = useNavigate();
  const { id } = route.useParams();
  const update = useRouteMutation('resources.update', ['resources.list', 'resources.get']);
  const { data: resource, error, refetch } = useQuery(routeQuery('resources.get', { params: { id } }));
  const baseOf = (one: Resource) => ({ values: resourceInputOf(one), version: one.version });
  if (resource === undefined) {
    return <PendingThing kind="resource" label={t('title')} error={error} onRetry={() => void refetch()} />;
  }
  return (
    <>
      <PageHeader title={t('edit.title', { name: resource.name })} />
      <ResourceForm
        base={baseOf(resource)}
        reload={async () => baseOf(await call('resources.get', { params: { id } }))}
        action={t('edit.action')}
        onSubmit={async (values, { version }) => {
          await update.mutateAsync({ params: { id }, body: values, version: version ?? resource.version });
          await navigate({ to: '/resources/$id', params: { id } });
        }}
        cancel={
          <ButtonLink to="/resources/$id" params={{ id }} color="inherit">
            {t('form.cancel')}
          </ButtonLink>
        }
      />
    </>
  );
}
