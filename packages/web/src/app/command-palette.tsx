import Box from '@mui/material/Box';
import Dialog from '@mui/material/Dialog';
import InputBase from '@mui/material/InputBase';
import { useColorScheme } from '@mui/material/styles';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import type { Permission } from '@zeronaut/model';
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { routeQuery } from '../base/api.ts';
import { matching } from '../base/list-order.ts';
import { LANGUAGE_NAMES, LANGUAGES, setLanguage, useMessages } from '../base/messages.ts';
import { signOut, useMay } from '../base/session.ts';
import { useSettled } from '../base/use-settled.ts';
import {
  CloseIcon,
  DeviceIcon,
  GatewayIcon,
  KeyIcon,
  AuditIcon as PageIcon,
  PolicyIcon,
  ResourceIcon,
  SecurityIcon,
  SiteIcon,
  UserIcon,
} from '../ui/icons.tsx';
import { useAllTabs } from '../ui/sub-navigation.tsx';
import { visuallyHidden } from '../ui/visually-hidden.ts';
import { MODES } from './account-menu-items.tsx';
import { appMessages } from './messages.ts';
import { ACTIONS, NAVIGATION, type NavigationItem } from './navigation.ts';
import { finds, requestIdIn, restOf, wordsOf } from './palette-search.ts';
import { COMMAND_WORDS, PAGE_WORDS } from './palette-words.ts';

interface Command {
  readonly id: string;
  readonly group: string;
  readonly text: string;
  readonly detail: string;
  readonly icon: ReactNode;
  readonly run: () => void;
}

const SHOWN_PER_GROUP = 6;
/** Eleven lists are asked for what was typed, and each answer is shown: not for every letter of a word. */
const ASK_AFTER_MS = 80;

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

type Act = 'stop' | 'edit' | 'drain' | 'risk' | 'disable' | 'approve' | 'revoke';

/** What can be begun with something that was found; the page of the thing asks before it happens. */
const THING_ACTIONS = {
  resources: [
    { do: 'stop', permission: 'resources:write' },
    { do: 'edit', permission: 'resources:write' },
  ],
  gateways: [{ do: 'drain', permission: 'gateways:write' }],
  users: [
    { do: 'risk', permission: 'risks:write' },
    { do: 'disable', permission: 'users:write' },
  ],
  devices: [
    { do: 'approve', permission: 'devices:write' },
    { do: 'revoke', permission: 'devices:write' },
    { do: 'risk', permission: 'risks:write' },
  ],
} as const satisfies Record<string, readonly { readonly do: Act; readonly permission: Permission }[]>;

function useCommands(q: string, onClose: () => void): readonly Command[] {
  const t = useMessages(appMessages);
  const may = useMay();
  const router = useRouter();
  const allTabs = useAllTabs();
  const { setMode } = useColorScheme();
  const then = (run: () => unknown) => () => {
    onClose();
    void run();
  };
  const go = (href: string) => then(() => router.navigate({ href }));
  const words = wordsOf(q);
  const isAsked = words.length > 0;
  const settled = useSettled(q, ASK_AFTER_MS);
  const settledWords = wordsOf(settled);
  const actionsOf = (of: keyof typeof THING_ACTIONS, typed: readonly string[]) => {
    const all: readonly { readonly do: Act; readonly permission: Permission }[] = THING_ACTIONS[of];
    return all.flatMap((action) => {
      const rest = may(action.permission) ? restOf(typed, COMMAND_WORDS[action.do]) : null;
      return rest === null ? [] : [{ ...action, rest }];
    });
  };
  /** Without the word of an action: what the thing itself is called. */
  const asked = (of?: keyof typeof THING_ACTIONS) => {
    const rest = of === undefined ? undefined : actionsOf(of, settledWords)[0]?.rest;
    const name = rest === undefined ? settled.trim() : rest.join(' ');
    return { query: { ...(name !== '' && { q: name }), sort: 'name', limit: SHOWN_PER_GROUP } } as const;
  };
  const isOn = (permission: Permission) => ({ enabled: settledWords.length > 0 && may(permission) });
  const resources = useQuery({ ...routeQuery('resources.list', asked('resources')), ...isOn('resources:read') });
  const gateways = useQuery({ ...routeQuery('gateways.list', asked('gateways')), ...isOn('gateways:read') });
  const users = useQuery({ ...routeQuery('users.list', asked('users')), ...isOn('users:read') });
  const devices = useQuery({ ...routeQuery('devices.list', asked('devices')), ...isOn('devices:read') });
  const policies = useQuery({ ...routeQuery('policies.list', asked()), ...isOn('policies:read') });
  const sites = useQuery({ ...routeQuery('sites.list', asked()), ...isOn('sites:read') });
  const groups = useQuery({ ...routeQuery('groups.list', asked()), ...isOn('users:read') });
  const accounts = useQuery({ ...routeQuery('serviceAccounts.list', asked()), ...isOn('service_accounts:read') });

  const roles = useQuery({ ...routeQuery('roles.list', {}), ...isOn('roles:read') });
  const { q: typed } = asked().query;
  const invitations = useQuery({
    ...routeQuery('invitations.list', { query: { ...(typed !== undefined && { q: typed }), limit: SHOWN_PER_GROUP } }),
    ...isOn('users:read'),
  });
  const keys = useQuery({ ...routeQuery('apiKeys.list', asked()), ...isOn('api_keys:read') });

  const fromItem = (item: NavigationItem, group: string): Searched => {
    const Icon = item.icon;
    const run = item.external ? () => location.assign(item.to) : go(item.to);
    const path = item.to.split('?', 1)[0]!;
    return {
      ...{ id: `${group}:${item.to}`, group, text: t(item.label), detail: '', icon: <Icon />, run },
      words: `${path} ${PAGE_WORDS[path] ?? ''}`,
    };
  };
  const allowed = (items: readonly NavigationItem[]) => items.filter(({ permission }) => may(permission));
  const pages = allowed(NAVIGATION);
  // Pages below those of the menu, when somebody looks for one. The first of each is in the menu already.
  const below: readonly Searched[] = !isAsked
    ? []
    : allTabs
        .filter(({ to }) => pages.every((page) => page.to !== to))
        .map(({ to, text, of }) => ({
          ...{ id: `below:${to}`, group: t('palette.pages'), text, detail: of },
          ...{ icon: <PageIcon />, run: go(to), words: PAGE_WORDS[to] ?? '' },
        }));
  const command = (id: keyof typeof COMMAND_WORDS, text: string, icon: ReactNode, run: () => unknown): Searched => ({
    ...{ id: `command:${id}:${text}`, group: t('palette.actions'), text, detail: '', icon },
    ...{ run: then(run), words: COMMAND_WORDS[id] },
  });
  const commands: readonly Searched[] = !isAsked
    ? []
    : [
        ...MODES.map(({ mode, icon: Icon }) =>
          command(mode, t('palette.theme', { theme: t(`theme.${mode}`) }), <Icon />, () => setMode(mode)),
        ),
        ...LANGUAGES.map((one) => command('language', LANGUAGE_NAMES[one], <PageIcon />, () => setLanguage(one))),
        command('account', t('account.mine'), <UserIcon />, () => location.assign('/account')),
        command('keys', t('keys.title'), <PageIcon />, () => dispatchEvent(new KeyboardEvent('keydown', { key: '?' }))),
        command('signOut', t('account.signOut'), <CloseIcon />, signOut),
      ];
  const known: readonly (readonly Searched[])[] = [
    [...pages.map((item) => fromItem(item, t('palette.pages'))), ...below],
    [...allowed(ACTIONS).map((item) => fromItem(item, t('palette.actions'))), ...commands],
  ];

  /** What there is was found for fewer letters. */
  const isOld = settled !== q;
  interface Thing {
    readonly id: string;
    readonly name: string;
    readonly enabled?: boolean;
    readonly approvedAt?: string | null;
  }
  /** What is stopped cannot be stopped; what is approved need not be. */
  const isFor = (action: Act, { enabled, approvedAt }: Thing) =>
    action === 'stop' ? enabled !== false : action === 'approve' ? approvedAt === null : true;
  /** What was found, and what can be done with it if that was typed. */
  const things = <Row extends Thing>(
    query: Answer<Row>,
    group: string,
    path: string,
    icon: ReactNode,
    detailOf: (row: Row) => string,
    of?: keyof typeof THING_ACTIONS,
  ): readonly Command[] => {
    const wanted = of === undefined ? [] : actionsOf(of, words);
    const name = wanted[0] === undefined ? q : wanted[0].rest.join(' ');
    const rows = foundOf(query, name, isOld);
    const acts = wanted.flatMap((action) =>
      rows
        .filter((row) => isFor(action.do, row))
        .map((row) => ({
          ...{ id: `${action.do}:${row.id}`, group: t('palette.actions'), icon },
          ...{ text: t(`do.${action.do}`, { name: row.name }), detail: group },
          run: go(action.do === 'edit' ? `${path}/${row.id}/edit` : `${path}/${row.id}?do=${action.do}`),
        })),
    );
    // Nothing but the action was typed: the things themselves were not looked for.
    const shown = wanted.length > 0 && name === '' ? [] : rows;
    return [
      ...acts,
      ...shown.map((row) => ({
        ...{ id: row.id, group, text: row.name, detail: detailOf(row), icon, run: go(`${path}/${row.id}`) },
      })),
    ];
  };
  const found: readonly Command[] = !isAsked
    ? []
    : [
        ...things(
          ...([resources, t('palette.resources'), '/resources', <ResourceIcon key="icon" />] as const),
          ({ protocol }) => protocol.toUpperCase(),
          'resources',
        ),
        ...things(
          ...([gateways, t('palette.gateways'), '/gateways', <GatewayIcon key="icon" />] as const),
          ({ baseDomain }) => baseDomain,
          'gateways',
        ),
        ...things(
          ...([users, t('palette.users'), '/users', <UserIcon key="icon" />] as const),
          ({ email }) => email,
          'users',
        ),
        ...things(
          ...([devices, t('nav.devices'), '/devices', <DeviceIcon key="icon" />] as const),
          () => '',
          'devices',
        ),
        ...things(policies, t('nav.policies'), '/policies', <PolicyIcon key="icon" />, () => ''),
        ...things(sites, t('nav.sites'), '/sites', <SiteIcon key="icon" />, () => ''),
        // They have no page of their own: their list, with them alone.
        ...foundOf(groups, q, isOld).map(({ id, name }) => ({
          ...{ id, group: t('palette.groups'), text: name, detail: '', icon: <UserIcon /> },
          run: go(`/users?group=${encodeURIComponent(id)}`),
        })),
        ...foundOf(accounts, q, isOld).map(({ id, name }) => ({
          ...{ id, group: t('nav.programs'), text: name, detail: '', icon: <KeyIcon /> },
          run: go(`/service-accounts?q=${encodeURIComponent(name)}`),
        })),
        // All of them come at once, and their page shows all.
        ...matching(roles.data?.items ?? [], q, ({ name, description }) => `${name} ${description}`)
          .slice(0, SHOWN_PER_GROUP)
          .map(({ name, description }) => ({
            ...{ id: `role:${name}`, group: t('palette.roles'), text: name, detail: description, icon: <UserIcon /> },
            run: go('/users/roles'),
          })),
        ...foundOf(namedByAddress(invitations), q, isOld).map(({ id, name }) => ({
          ...{ id, group: t('palette.invitations'), text: name, detail: '', icon: <UserIcon /> },
          run: go(`/users/invitations?q=${encodeURIComponent(name)}`),
        })),
        ...foundOf(keys, q, isOld).map(({ id, name, prefix }) => ({
          ...{ id, group: t('palette.keys'), text: name, detail: prefix, icon: <KeyIcon /> },
          run: go(`/service-accounts/api-keys?q=${encodeURIComponent(name)}`),
        })),
      ];
  const requestId = may('events:read') ? requestIdIn(q) : null;
  const accesses: readonly Command[] =
    requestId === null
      ? []
      : [
          {
            ...{ id: 'accesses', group: t('palette.accesses'), text: t('palette.request', { id: requestId }) },
            ...{ detail: '', icon: <SecurityIcon />, run: go(`/security?q=${encodeURIComponent(requestId)}`) },
          },
        ];
  const all = [
    ...accesses,
    ...known.flatMap((group) =>
      group
        .filter((one) => finds(`${one.text} ${one.detail} ${one.words}`, words))
        // What is called so comes before what is only about it.
        .toSorted((a, b) => Number(finds(b.text, words)) - Number(finds(a.text, words)))
        .slice(0, SHOWN_PER_GROUP),
    ),
    // What the API found may match in what is not shown here.
    ...found,
  ];
  // Each group stands in one piece, in the order in which it came first.
  const order = [...new Set(all.map(({ group }) => group))];
  return order.flatMap((group) => all.filter((one) => one.group === group));
}

/** A command that is known here, and what else it is called. */
type Searched = Command & { readonly words: string };

interface Answer<Row> {
  readonly data?: { readonly items: readonly Row[] } | undefined;
  readonly isPlaceholderData: boolean;
}

function namedByAddress<Row extends { readonly email: string }>({ data, isPlaceholderData }: Answer<Row>) {
  const items = data?.items.map((row) => ({ ...row, name: row.email }));
  return { isPlaceholderData, ...(items !== undefined && { data: { items } }) };
}

/** While the API looks, what it found for fewer letters: Enter never opens what was not typed. */
function foundOf<Row extends { readonly name: string }>(query: Answer<Row>, q: string, isOld: boolean): readonly Row[] {
  const items = query.data?.items ?? [];
  return isOld || query.isPlaceholderData ? matching(items, q, ({ name }) => name) : items;
}
