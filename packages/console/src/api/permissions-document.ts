import { builtInRole, PERMISSIONS, type Permission, type Role, type RouteDefinition, routes } from '@zeronaut/model';

const ROLES = builtInRole.options;

/** docs/permissions.md, from the table of permissions and the route table. */
export function permissionsDocument(): string {
  const rows = Object.entries(PERMISSIONS).map(([permission, roles]: [string, readonly Role[]]) => [
    `\`${permission}\``,
    ...ROLES.map((role) => (roles.includes(role) ? 'yes' : '')),
  ]);
  return `# Permissions

Made by \`node packages/console/src/api/write-permissions.ts\` from the table in \`packages/model/src/permissions.ts\` and the route
table in \`packages/model/src/api/routes.ts\`; \`npm run check\` compares. What is not in the table is refused.
\`packages/console/src/api/permission-matrix.test.ts\` asks each route as each role, by key, cookie and service account, with narrowed
keys, from another organization, and with credentials that are expired, revoked, tampered with or meant for something else.

## What a role may do

${table(['permission', ...ROLES], rows)}

Each role is a Cedar policy over these permissions, decided by the engine that decides access; \`zeronaut roles show NAME\` prints what it
lets. An organization makes roles of its own of them (\`zeronaut roles create\`): at most what their maker may, without what only
owners may, and with what every member may. A scope of an API key or of a trust narrows a role and never widens it. Nobody gives a
role, or changes, disables or resets a person whose role goes beyond what they may themselves; owners alone make owners.

## What a call takes

*Fresh* calls give a lasting way in or take a protection away: a session must rest on a sign-in that is not older than the
organization's sign-in policy says.

${table(['call', 'permission', '', 'what it does'], Object.values(routes).map(routeRow))}
`;
}

function routeRow(route: RouteDefinition): string[] {
  const permission: Permission | 'none' = route.permission;
  return [
    `\`${route.method} ${route.path}\``,
    permission === 'none' ? 'none: no credentials' : `\`${permission}\``,
    route.stepUp === true ? 'fresh' : '',
    route.summary.replaceAll('|', '\\|'),
  ];
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(headings), line(headings.map(() => '---')), ...rows.map(line)].join('\n');
}
