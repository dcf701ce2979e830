import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { PageHeader } from '../../ui/page-header.tsx';
import { PendingCard } from '../../ui/states.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';

interface SettingPageProps<Data> {
  readonly title: string;
  readonly subtitle: string;
  readonly query: UseQueryResult<Data>;
  readonly children: (data: Data) => ReactNode;
}

/** What pages of settings have in common: heading, tabs, and nothing to change before it was read. */
export function SettingPage<Data>({ title, subtitle, query, children }: SettingPageProps<Data>) {
  const { data, error, refetch } = query;
  return (
    <>
      <SubNavigation of="settings" />
      <PageHeader title={title} subtitle={subtitle} />
      {data === undefined ? <PendingCard label={title} error={error} onRetry={() => void refetch()} /> : children(data)}
    </>
  );
}
