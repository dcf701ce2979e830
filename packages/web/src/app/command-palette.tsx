import Box from '@mui/material/Box';
import Dialog from '@mui/material/Dialog';
import InputBase from '@mui/material/InputBase';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { routeQuery } from '../base/api.ts';
import { matching } from '../base/list-order.ts';
import { useMessages } from '../base/messages.ts';
import { useMay } from '../base/session.ts';
import { GatewayIcon, AuditIcon as PageIcon, ResourceIcon, UserIcon } from '../ui/icons.tsx';
import { useAllTabs } from '../ui/sub-navigation.tsx';
import { visuallyHidden } from '../ui/visually-hidden.ts';
import { appMessages } from './messages.ts';
import { ACTIONS, NAVIGATION, type NavigationItem } from './navigation.ts';

interface Command {
  readonly id: string;
  readonly group: string;
  readonly text: string;
  readonly detail: string;
  readonly icon: ReactNode;
  readonly run: () => void;
}

const SHOWN_PER_GROUP = 6;

/** Goes anywhere and begins anything by typing: pages, actions, and what the organization has. */
export function CommandPalette({ onClose }: { readonly onClose: () => void }) {
  const t = useMessages(appMessages);
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState(0);
  const listId = useId();
  const list = useRef<HTMLDivElement>(null);
  const commands = useCommands(text, onClose);
  const at = Math.min(chosen, Math.max(commands.length - 1, 0));
  useEffect(() => list.current?.querySelector(`[data-at="${at}"]`)?.scrollIntoView({ block: 'nearest' }), [at]);

  function onKeyDown(event: KeyboardEvent): void {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move !== undefined && commands.length > 0) {
      event.preventDefault();
      setChosen((at + move + commands.length) % commands.length);
    }
    // Enter also ends a composition of several keys, which chooses nothing.
    if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
      event.preventDefault();
      commands[at]?.run();
    }
  }

  return (
    <Dialog
      open
      onClose={onClose}
      fullWidth
      maxWidth="sm"
      aria-labelledby={`${listId}-title`}
      slotProps={{ paper: { sx: { alignSelf: 'flex-start', mt: { xs: 2, sm: 8 } } } }}
    >
      <Box component="h2" id={`${listId}-title`} sx={visuallyHidden}>
        {t('palette.label')}
      </Box>
      <InputBase
        autoFocus
        fullWidth
        value={text}
        placeholder={t('palette.placeholder')}
        onChange={(event) => {
          setText(event.target.value);
          setChosen(0);
        }}
        onKeyDown={onKeyDown}
        sx={{ px: 2.5, py: 1.5, fontSize: 16, borderBottom: 1, borderColor: 'divider' }}
        slotProps={{
          input: {
            role: 'combobox',
            'aria-label': t('palette.placeholder'),
            'aria-expanded': true,
            'aria-controls': listId,
            'aria-autocomplete': 'list',
            'aria-activedescendant': commands.length === 0 ? undefined : `${listId}-${at}`,
            maxLength: 100,
          },
        }}
      />
      <Box
        ref={list}
        id={listId}
        role="listbox"
        aria-label={t('palette.label')}
        sx={{ overflowY: 'auto', maxHeight: '50vh', p: 1 }}
      >
        {commands.map((command, index) => (
          <Box key={command.id}>
            {commands[index - 1]?.group === command.group ? null : (
              <Typography
                variant="caption"
                color="textSecondary"
                component="div"
                aria-hidden
                sx={{ px: 1.5, pt: 1, pb: 0.5 }}
              >
                {command.group}
              </Typography>
            )}
            <Box
              id={`${listId}-${index}`}
              data-at={index}
              role="option"
              aria-selected={index === at}
              onClick={command.run}
              onMouseMove={() => setChosen(index)}
              sx={{
                display: 'flex',
                alignItems: 'center',
                gap: 1.5,
                px: 1.5,
                py: 1,
                borderRadius: 2,
                cursor: 'pointer',
                bgcolor: index === at ? 'action.selected' : undefined,
                '& svg': { fontSize: 20, color: 'text.secondary' },
              }}
            >
              {command.icon}
              <Box component="span" sx={{ flex: 1, minWidth: 0, overflowWrap: 'anywhere' }}>
                {command.text}
              </Box>
              <Typography component="span" variant="caption" color="textSecondary" noWrap>
                {command.detail}
              </Typography>
            </Box>
          </Box>
        ))}
      </Box>
      {commands.length === 0 ? (
        <Typography role="status" color="textSecondary" sx={{ px: 2.5, pb: 2 }}>
          {t('palette.none')}
        </Typography>
      ) : null}
      <Typography
        variant="caption"
        color="textSecondary"
        sx={{ px: 2.5, py: 1, borderTop: 1, borderColor: 'divider', display: { xs: 'none', sm: 'block' } }}
      >
        {t('palette.hint')}
      </Typography>
    </Dialog>
  );
}

function useCommands(q: string, onClose: () => void): readonly Command[] {
  const t = useMessages(appMessages);
  const may = useMay();
  const router = useRouter();
  const allTabs = useAllTabs();
  const go = (href: string) => () => {
    onClose();
    void router.navigate({ href });
  };
  const text = q.trim();
  const list = { query: { q: text, sort: 'name', limit: SHOWN_PER_GROUP } } as const;
  const isAsked = text !== '';
  const resources = useQuery({ ...routeQuery('resources.list', list), enabled: isAsked && may('resources:read') });
  const gateways = useQuery({ ...routeQuery('gateways.list', list), enabled: isAsked && may('gateways:read') });
  const users = useQuery({ ...routeQuery('users.list', list), enabled: isAsked && may('users:read') });

  const fromItem = (item: NavigationItem, group: string): Command => {
    const Icon = item.icon;
    const run = item.external ? () => location.assign(item.to) : go(item.to);
    return { id: `${group}:${item.to}`, group, text: t(item.label), detail: '', icon: <Icon />, run };
  };
  const allowed = (items: readonly NavigationItem[]) => items.filter(({ permission }) => may(permission));
  const pages = allowed(NAVIGATION);
  // Pages below those of the menu, when somebody looks for one. The first of each is in the menu already.
  const below = !isAsked
    ? []
    : allTabs
        .filter(({ to }) => pages.every((page) => page.to !== to))
        .map(({ to, text, of }) => ({
          ...{ id: `below:${to}`, group: t('palette.pages'), text, detail: of },
          ...{ icon: <PageIcon />, run: go(to) },
        }));
  const groups: Command[][] = [
    [...pages.map((item) => fromItem(item, t('palette.pages'))), ...below],
    allowed(ACTIONS).map((item) => fromItem(item, t('palette.actions'))),
  ];
  const found: Command[] = !isAsked
    ? []
    : [
        ...foundOf(resources, q).map(({ id, name, protocol }) => ({
          ...{ id, group: t('palette.resources'), text: name, detail: protocol.toUpperCase() },
          ...{ icon: <ResourceIcon />, run: go(`/resources/${id}`) },
        })),
        ...foundOf(gateways, q).map(({ id, name, baseDomain }) => ({
          ...{ id, group: t('palette.gateways'), text: name, detail: baseDomain },
          ...{ icon: <GatewayIcon />, run: go(`/gateways/${id}`) },
        })),
        ...foundOf(users, q).map(({ id, name, email }) => ({
          ...{ id, group: t('palette.users'), text: name, detail: email },
          ...{ icon: <UserIcon />, run: go(`/users/${id}`) },
        })),
      ];
  // What the API found may match in what is not shown here.
  return [
    ...groups.flatMap((group) =>
      matching(group, q, ({ text: name, detail }) => `${name} ${detail}`).slice(0, SHOWN_PER_GROUP),
    ),
    ...found,
  ];
}

/** While the API looks, what it found for fewer letters: Enter never opens what was not typed. */
function foundOf<Row extends { readonly name: string }>(
  query: { readonly data?: { readonly items: readonly Row[] } | undefined; readonly isPlaceholderData: boolean },
  q: string,
): readonly Row[] {
  const items = query.data?.items ?? [];
  return query.isPlaceholderData ? matching(items, q, ({ name }) => name) : items;
}
