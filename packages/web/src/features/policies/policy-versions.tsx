import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import type { Policy, PolicyVersion } from '@zeronaut/model';
import { useState } from 'react';
import { useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { tell } from '../../base/notices.ts';
import { useMay } from '../../base/session.ts';
import { useList } from '../../base/use-list.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { DiffView } from '../../ui/diff-view.tsx';
import { ShortList } from '../../ui/short-list.tsx';
import { ErrorState, RowsSkeleton } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import { policyMessages } from './messages.ts';
import { ReplayedEffects } from './replayed-effects.tsx';

const CHANGED = ['policies.list', 'policies.get', 'policies.versions'] as const;

/** All that a version says, so that a change of the mode shows like one of the text. */
function wholeOf(version: PolicyVersion | Policy | undefined): string {
  if (version === undefined) return '';
  return `// ${version.mode}\n${version.description === '' ? '' : `// ${version.description}\n`}${version.text}`;
}

/** Every version with what it changed, newest first, and the way back to it. */
export function PolicyVersions({ policy }: { readonly policy: Policy }) {
  const t = useMessages(policyMessages);
  const may = useMay();
  const list = useList('policies.versions', { params: { id: policy.id } });
  const [back, setBack] = useState<PolicyVersion | null>(null);
  const rollBack = useRouteMutation('policies.rollBack', CHANGED);
  const update = useRouteMutation('policies.update', CHANGED);
  if (list.rows === undefined) {
    return list.error === null ? (
      <RowsSkeleton rows={3} label={t('versions.title')} />
    ) : (
      <ErrorState error={list.error} onRetry={list.reload} />
    );
  }
  const versions = list.rows;
  const rows = versions.map((version, index) => ({
    version,
    before: versions[index + 1],
    isOldest: index === versions.length - 1,
  }));
  return (
    <>
      <ShortList
        label={t('versions.title')}
        rows={rows}
        padded
        hasMore={list.hasMore}
        isFetching={list.isFetching}
        onMore={list.loadMore}
        find={{
          name: 'versions',
          textOf: ({ version }) => `${t('versions.by', version)} ${wholeOf(version)}`,
        }}
      >
        {(shown) => (
          <Box
            component="ol"
            aria-label={t('versions.title')}
            sx={{ listStyle: 'none', m: 0, p: 0, display: 'grid', gap: 3 }}
          >
            {shown.map(({ version, before, isOldest }) => (
              <Box component="li" key={version.version} sx={{ display: 'grid', gap: 1 }}>
                <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 1.5, alignItems: 'center', minHeight: 36 }}>
                  <Typography variant="h3">{t('versions.by', { version: version.version, by: version.by })}</Typography>
                  <Typography color="textSecondary" variant="body2">
                    <Time at={version.at} />
                  </Typography>
                  {version.version === policy.version ? (
                    <Typography color="textSecondary" variant="body2">
                      {t('versions.now')}
                    </Typography>
                  ) : may('policies:write') ? (
                    <Button size="small" onClick={() => setBack(version)}>
                      {t('versions.rollBack')}
                    </Button>
                  ) : null}
                </Box>
                {isOldest && list.hasMore ? null : (
                  <DiffView
                    before={wholeOf(before)}
                    after={wholeOf(version)}
                    label={t('versions.diff', { version: version.version })}
                  />
                )}
              </Box>
            ))}
          </Box>
        )}
      </ShortList>
      <ConfirmDialog
        open={back !== null}
        title={t('versions.rollBack.title', { version: back?.version ?? 0 })}
        action={t('versions.rollBack')}
        onConfirm={async () => {
          const { id, description, text, mode } = policy;
          const { version } = await rollBack.mutateAsync({ params: { id }, body: { version: back!.version } });
          tell(t('save.done'), () =>
            update.mutateAsync({ params: { id }, body: { description, text, mode }, version }),
          );
        }}
        onClose={() => setBack(null)}
      >
        <Typography>{t('versions.rollBack.text', { version: back?.version ?? 0 })}</Typography>
        {back === null ? null : (
          <>
            <DiffView
              before={wholeOf(policy)}
              after={wholeOf(back)}
              label={t('versions.diff', { version: back.version })}
            />
            <ReplayedEffects
              proposed={{ name: policy.name, description: back.description, text: back.text, mode: back.mode }}
            />
          </>
        )}
      </ConfirmDialog>
    </>
  );
}
