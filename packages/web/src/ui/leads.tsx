import Box from '@mui/material/Box';
import type { LinkProps } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useMessages } from '../base/messages.ts';
import { useMay } from '../base/session.ts';
import { TextLink } from './button-link.tsx';
import { uiMessages } from './messages.ts';
import { Section } from './section.tsx';

interface LeadsProps {
  /** Of the thing that the page is about. */
  readonly id: string;
  /** What the list of accesses is asked for; none: the thing is in no access. */
  readonly accesses?: {
    readonly resource?: string;
    readonly gateway?: string;
    readonly subject?: string;
    /** Of a device: its owner is in the index, and its id in each access that it opened. */
    readonly q?: string;
  };
  /** Further ways, each an `li`. */
  readonly children?: ReactNode;
}

/** Where to look on from the page of a thing: what was done with it, and what was done to it. */
export function Leads({ id, accesses, children }: LeadsProps) {
  const t = useMessages(uiMessages);
  const may = useMay();
  const mayRead = { events: accesses !== undefined && may('events:read'), audit: may('audit:read') };
  if (!mayRead.events && !mayRead.audit && children === undefined) return null;
  return (
    <Section title={t('leads.title')}>
      <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0, display: 'grid', gap: 1, overflowWrap: 'anywhere' }}>
        {mayRead.events ? (
          <>
            <Lead to={{ to: '/security', search: { ...accesses } }}>{t('leads.accesses')}</Lead>
            <Lead to={{ to: '/security', search: { ...accesses, effect: 'deny', failed: 'false' } }}>
              {t('leads.refused')}
            </Lead>
            <Lead to={{ to: '/security', search: { ...accesses, failed: 'true' } }}>{t('leads.failed')}</Lead>
          </>
        ) : null}
        {children}
        {mayRead.audit ? <Lead to={{ to: '/audit', search: { object: id } }}>{t('leads.audit')}</Lead> : null}
      </Box>
    </Section>
  );
}

export function Lead({ to, children }: { readonly to: LinkProps; readonly children: ReactNode }) {
  return (
    <li>
      <TextLink {...to}>{children}</TextLink>
    </li>
  );
}
