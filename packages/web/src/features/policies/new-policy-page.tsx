import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Card from '@mui/material/Card';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { ButtonLink } from '../../ui/button-link.tsx';
import { PageHeader } from '../../ui/page-header.tsx';
import { ErrorState } from '../../ui/states.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { type Draft, takeOver } from './draft.ts';
import { DraftViews, type View } from './draft-views.tsx';
import { policyMessages } from './messages.ts';

/** Lets nobody in by itself and refuses nobody: a first text that is right, to be changed. */
const FIRST_TEXT = `forbid (principal in Group::"contractors", action, resource in Segment::"prod")
unless { context.granted };
`;

export function NewPolicyPage() {
  const t = useMessages(policyMessages);
  const may = useMay();
  const navigate = useNavigate();
  const [draft, setDraft] = useState<Draft>(
    () => takeOver() ?? { name: '', description: '', mode: 'report', text: FIRST_TEXT },
  );
  const [view, setView] = useState<View>('text');
  const create = useRouteMutation('policies.create', ['policies.list']);
  return (
    <>
      <SubNavigation of="policies" />
      <PageHeader
        title={t('new.title')}
        actions={
          <>
            <ButtonLink to="/policies/templates" color="inherit">
              {t('new.fromTemplate')}
            </ButtonLink>
            {may('policies:write') ? (
              <Button
                variant="contained"
                loading={create.isPending}
                disabled={draft.name === '' || draft.text.trim() === ''}
                onClick={async () => {
                  const made = await create.mutateAsync({ body: draft }).catch(() => null);
                  if (made !== null) await navigate({ to: '/policies/$id', params: { id: made.id } });
                }}
              >
                {t('save.create')}
              </Button>
            ) : null}
          </>
        }
      />
      <Box sx={{ display: 'grid', gap: 2 }}>
        {create.error === null ? null : (
          <Card>
            <ErrorState error={create.error} />
          </Card>
        )}
        <DraftViews
          draft={draft}
          onDraft={(change) => setDraft((before) => ({ ...before, ...change }))}
          view={view}
          onView={setView}
          readOnly={!may('policies:write')}
          changed
          withName
        />
      </Box>
    </>
  );
}
