import Box from '@mui/material/Box';
import type { RoleDefinition } from '@zeronaut/model';
import { useMessages } from '../../base/messages.ts';
import { CheckIcon } from '../../ui/icons.tsx';
import { roleMessages } from './messages.ts';

/** Which permission each role has: one row a permission, in the order of the table of the API. */
export function RoleMatrix({ roles }: { readonly roles: readonly RoleDefinition[] }) {
  const t = useMessages(roleMessages);
  const permissions = [...new Set(roles.flatMap((role) => role.permissions))];
  const has = new Map(roles.map((role) => [role.name, new Set<string>(role.permissions)]));
  const cell = { px: 1.5, py: 0.75, borderBottom: 1, borderColor: 'divider', textAlign: 'center' } as const;
  // Stays while the roles are scrolled past on a phone.
  const first = {
    ...cell,
    ...{ position: 'sticky', left: 0, bgcolor: 'background.paper' },
    ...{ textAlign: 'left', pl: { xs: 2, sm: 2.5 }, fontWeight: 400 },
  } as const;
  return (
    <Box tabIndex={0} role="region" aria-label={t('matrix')} sx={{ overflowX: 'auto', pb: 1 }}>
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
        <tbody>
          {permissions.map((permission) => (
            <Box component="tr" key={permission} sx={{ '&:hover': { bgcolor: 'action.hover' } }}>
              <Box component="th" scope="row" sx={first}>
                <code>{permission}</code>
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
      </Box>
    </Box>
  );
}
