import { useQuery } from '@tanstack/react-query';
import { routes } from '@zeronaut/model';
import { call, routeQuery, useRouteMutation } from '../base/api.ts';
import { useMessages } from '../base/messages.ts';
import { FormDialog } from './form-dialog.tsx';
import { ListInput } from './form-fields.tsx';
import { uiMessages } from './messages.ts';
import { useDone } from './use-done.ts';

/** A resource, site, device or gateway. */
export interface InSegments {
  readonly id: string;
  readonly name: string;
  readonly segments: readonly string[];
  readonly version: number;
}

const schema = routes['segments.set'].body;
const OLD = [
  ...(['resources.list', 'resources.get', 'sites.list', 'sites.get'] as const),
  ...(['devices.list', 'devices.get', 'gateways.list', 'gateways.get'] as const),
] as const;
const LOOKED_AT = { query: { limit: 500 } } as const;

/** What it is by now. */
function reload(id: string): Promise<InSegments> {
  const input = { params: { id } };
  if (id.startsWith('site_')) return call('sites.get', input);
  if (id.startsWith('dev_')) return call('devices.get', input);
  if (id.startsWith('gw_')) return call('gateways.get', input);
  return call('resources.get', input);
}

function baseOf({ segments, version }: Pick<InSegments, 'segments' | 'version'>) {
  return { values: { segments: [...segments] }, version };
}

/** Which segments something is in. Offered are those that resources and sites are in already. */
export function SegmentsDialog({ of, onClose }: { readonly of: InSegments; readonly onClose: () => void }) {
  const t = useMessages(uiMessages);
  const done = useDone();
  const set = useRouteMutation('segments.set', OLD);
  const resources = useQuery(routeQuery('resources.list', LOOKED_AT));
  const sites = useQuery(routeQuery('sites.list', LOOKED_AT));
  const known = [...(resources.data?.items ?? []), ...(sites.data?.items ?? [])].flatMap(({ segments }) => segments);
  return (
    <FormDialog
      title={t('segments.title', { name: of.name })}
      action={t('segments.save')}
      schema={schema}
      base={baseOf(of)}
      reload={async () => baseOf(await reload(of.id))}
      onSubmit={(body, { version }) => set.mutateAsync({ params: { id: of.id }, body, version: version ?? of.version })}
      done={done('saved', of.name)}
      onClose={onClose}
    >
      <ListInput name="segments" label={t('segments')} hint={t('segments.hint')} options={[...new Set(known)].sort()} />
      <span>{t('segments.text')}</span>
    </FormDialog>
  );
}
