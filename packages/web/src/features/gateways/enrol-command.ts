/** What the machine of a new gateway runs. The token goes through the environment: the process list shows it to nobody. */
export function enrolCommand(consoleUrl: string, token: string): string {
  return [
    `ZERONAUT_GATEWAY_TOKEN=${token} \\`,
    `  npx zeronaut gateway run --console ${consoleUrl} \\`,
    '  --base-domain gateway.example.com --public-host 203.0.113.7',
  ].join('\n');
}
