import Box from '@mui/material/Box';
import type { RoleDefinition } from '@zeronaut/model';
import { useRef } from 'react';
import { useMessages } from '../../base/messages.ts';
import { CheckIcon } from '../../ui/icons.tsx';
import { ShortList } from '../../ui/short-list.tsx';
import { useHiddenEnds } from '../../ui/use-hidden-ends.ts';
import { roleMessages } from './messages.ts';
import { groupOf, PERMISSION_GROUPS, type PermissionGroup } from './permission-groups.ts';
import { usePermissionText } from './use-permission-text.ts';

type Permission = RoleDefinition['permissions'][number];
/** How far the roles fade that go on out of sight. */
const FADE_PX = 72;

/** Which permission each role has, in groups: one row a permission, in words, and as the API calls it. */
export function RoleMatrix({ roles }: { readonly roles: readonly RoleDefinition[] }) {
  const t = useMessages(roleMessages);
  const textOf = usePermissionText();
  return (
    <ShortList
      label={t('matrix')}
      rows={[...new Set(roles.flatMap((role) => role.permissions))]}
      find={{
        name: 'permission',
        textOf: (permission) => `${textOf(permission)} ${permission} ${t(`group.${groupOf(permission)}`)}`,
        filters: [
          {
            key: 'of',
            label: t('matrix.of'),
            options: roles.map(({ name }) => ({ value: name, label: name })),
            matches: (permission, value) =>
              roles.some((role) => role.name === value && role.permissions.includes(permission)),
          },
        ],
      }}
    >
      {(shown) => <Matrix roles={roles} permissions={shown} />}
    </ShortList>
  );
}

function Matrix(props: { readonly roles: readonly RoleDefinition[]; readonly permissions: readonly Permission[] }) {
  const { roles, permissions } = props;
  const t = useMessages(roleMessages);
  const scrolled = useRef<HTMLElement>(null);
  const hidden = useHiddenEnds(scrolled, roles.length);
  const textOf = usePermissionText();
  const groups = (Object.keys(PERMISSION_GROUPS) as PermissionGroup[])
    .map((group) => ({ group, rows: permissions.filter((one) => groupOf(one) === group) }))
    .filter(({ rows }) => rows.length > 0);
  const has = new Map(roles.map((role) => [role.name, new Set<string>(role.permissions)]));
  const cell = { px: 1.5, py: 0.75, borderBottom: 1, borderColor: 'divider', textAlign: 'center' } as const;
  // Stays while the roles are scrolled past on a phone.
  const first = {
    ...cell,
    ...{ position: 'sticky', left: 0, bgcolor: 'background.paper' },
    // On a phone there is room for two roles beside it, whatever it is called.
    ...{ minWidth: { xs: 150, sm: 0 }, overflowWrap: 'anywhere' },
    ...{ textAlign: 'left', pl: { xs: 2, sm: 2.5 }, fontWeight: 400 },
  } as const;
  return (
    <Box
      ref={scrolled}
      tabIndex={0}
      role="region"
      aria-label={t('matrix.table')}
      sx={{
        ...{ overflowX: 'auto', pb: 1 },
        maskImage: hidden.after ? `linear-gradient(to right, #000 calc(100% - ${FADE_PX}px), transparent)` : undefined,
      }}
    >
      <Box component="table" sx={{ borderCollapse: 'collapse', width: '100%', fontSize: 13 }}>
        <thead>
          <tr>
            <Box component="th" scope="col" sx={first}>
              {t('permission')}
            </Box>
            {roles.map(({ name }) => (
              <Box key={name} component="th" scope="col" sx={cell}>
                {name}
              </Box>
            ))}
          </tr>
        </thead>
        {groups.map(({ group, rows }) => (
          <tbody key={group}>
            <tr>
              <Box component="th" scope="rowgroup" colSpan={roles.length + 1} sx={{ ...first, pt: 2, fontWeight: 650 }}>
                {t(`group.${group}`)}
              </Box>
            </tr>
            {rows.map((permission) => (
              <Box component="tr" key={permission} sx={{ '&:hover': { bgcolor: 'action.hover' } }}>
                <Box component="th" scope="row" sx={first}>
                  {textOf(permission)}
                  <Box component="code" sx={{ display: 'block', color: 'text.secondary', fontSize: 12 }}>
                    {permission}
                  </Box>
                </Box>
                {roles.map(({ name }) => (
                  <Box key={name} component="td" sx={cell}>
                    {has.get(name)?.has(permission) ? (
                      <CheckIcon
                        titleAccess={t('yes')}
                        sx={{ fontSize: 18, color: 'success.main', display: 'inline-block' }}
                      />
                    ) : (
                      <Box component="span" sx={{ color: 'text.secondary' }}>
                        –
                      </Box>
                    )}
                  </Box>
                ))}
              </Box>
            ))}
          </tbody>
        ))}
      </Box>
    </Box>
  );
}
