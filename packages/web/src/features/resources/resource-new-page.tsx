import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { ButtonLink } from '../../ui/button-link.tsx';
import { PageHeader } from '../../ui/page-header.tsx';
import { resourceMessages } from './messages.ts';
import { ResourceForm } from './resource-form.tsx';
import { newResource } from './resource-values.ts';

const route = getRouteApi('/resources/new');

export function ResourceNewPage() {
  const t = useMessages(resourceMessages);
  const navigate = useNavigate();
  const search = route.useSearch();
  const create = useRouteMutation('resources.create', ['resources.list']);
  return (
    <>
      <PageHeader title={t('create')} subtitle={t('create.text')} />
      <ResourceForm
        base={{ values: newResource(search) }}
        action={t('create.action')}
        onSubmit={async (values) => {
          const { id } = await create.mutateAsync({ body: values });
          await navigate({ to: '/resources/$id', params: { id } });
        }}
        cancel={
          <ButtonLink to="/resources" color="inherit">
            {t('form.cancel')}
          </ButtonLink>
        }
      />
    </>
  );
}
