import { Command } from 'commander';
import { activityCommand } from './commands/activity.ts';
import { addressesCommand } from './commands/addresses.ts';
import { agentCommand } from './commands/agent.ts';
import { auditCommand } from './commands/audit.ts';
import { brandingCommand } from './commands/branding.ts';
import type { CommandLine } from './commands/command-line.ts';
import { completionCommand } from './commands/completion.ts';
import { consoleCommand } from './commands/console.ts';
import { devicesCommand } from './commands/devices.ts';
import { eventsCommand } from './commands/events.ts';
import { exposeCommand } from './commands/expose.ts';
import { forwardCommand } from './commands/forward.ts';
import { gatewayCommand } from './commands/gateway.ts';
import { gatewaysCommand } from './commands/gateways.ts';
import { groupsCommand } from './commands/groups.ts';
import { idpCommand } from './commands/idp.ts';
import { incidentsCommand } from './commands/incidents.ts';
import { keysCommand } from './commands/keys.ts';
import { loginCommand } from './commands/login.ts';
import { logoutCommand } from './commands/logout.ts';
import { meCommand } from './commands/me.ts';
import { notificationsCommand } from './commands/notifications.ts';
import { organizationsCommand } from './commands/organizations.ts';
import { overviewCommand } from './commands/overview.ts';
import { policyCommand } from './commands/policy.ts';
import { relyingPartiesCommand } from './commands/relying-parties.ts';
import { requestsCommand } from './commands/requests.ts';
import { resourcesCommand } from './commands/resources.ts';
import { rolesCommand } from './commands/roles.ts';
import { serviceAccountsCommand } from './commands/service-accounts.ts';
import { servicesCommand } from './commands/services.ts';
import { sessionsCommand } from './commands/sessions.ts';
import { shareCommand } from './commands/share.ts';
import { sharesCommand } from './commands/shares.ts';
import { sitesCommand } from './commands/sites.ts';
import { startCommand } from './commands/start.ts';
import { statusCommand } from './commands/status.ts';
import { tokensCommand } from './commands/tokens.ts';
import { trafficCommand } from './commands/traffic.ts';
import { usersCommand } from './commands/users.ts';
import { versionCommand } from './commands/version.ts';
import { wgCommand } from './commands/wg.ts';
import { workloadsCommand } from './commands/workloads.ts';
import { EXIT, EXIT_MEANING } from './exit-code.ts';
import { softwareVersion } from './version.ts';

/** All commands, in the order in which a person meets them. Parsing throws instead of ending the process. */
export function createProgram(line: CommandLine): Command {
  const program = new Command('zeronaut')
    .description('Put a private service on the internet, or on your network, behind an edge that trusts nobody.')
    .version(softwareVersion(), '-V, --version')
    .helpCommand('help [command]', 'help for a command')
    .configureHelp({ sortSubcommands: false, showGlobalOptions: false })
    .addHelpText('after', `\n${examples}\n\n${exitCodes()}\n\n${environment}`);
  program.addCommand(startCommand(line));
  program.addCommand(exposeCommand(line));
  program.addCommand(forwardCommand(line));
  program.addCommand(loginCommand(line));
  program.addCommand(logoutCommand(line));
  program.addCommand(statusCommand(line));
  program.addCommand(meCommand(line));
  program.addCommand(servicesCommand(line));
  program.addCommand(shareCommand(line));
  program.addCommand(sharesCommand(line));
  program.addCommand(resourcesCommand(line));
  program.addCommand(sitesCommand(line));
  program.addCommand(policyCommand(line));
  program.addCommand(requestsCommand(line));
  program.addCommand(overviewCommand(line));
  program.addCommand(incidentsCommand(line));
  program.addCommand(eventsCommand(line));
  program.addCommand(trafficCommand(line));
  program.addCommand(activityCommand(line));
  program.addCommand(notificationsCommand(line));
  program.addCommand(organizationsCommand(line));
  program.addCommand(brandingCommand(line));
  program.addCommand(usersCommand(line));
  program.addCommand(sessionsCommand(line));
  program.addCommand(addressesCommand(line));
  program.addCommand(groupsCommand(line));
  program.addCommand(rolesCommand(line));
  program.addCommand(gatewaysCommand(line));
  program.addCommand(devicesCommand(line));
  program.addCommand(auditCommand(line));
  program.addCommand(tokensCommand(line));
  program.addCommand(idpCommand(line));
  program.addCommand(relyingPartiesCommand(line));
  program.addCommand(keysCommand(line));
  program.addCommand(serviceAccountsCommand(line));
  program.addCommand(workloadsCommand(line));
  program.addCommand(agentCommand(line));
  program.addCommand(gatewayCommand(line));
  program.addCommand(consoleCommand(line));
  program.addCommand(wgCommand(line));
  program.addCommand(completionCommand(line));
  program.addCommand(versionCommand(line));
  adopt(program, line);
  return program;
}

/** Subcommands that are added ready-made do not inherit these. */
function adopt(command: Command, line: CommandLine): void {
  command.exitOverride();
  command.showSuggestionAfterError(true);
  command.configureOutput({
    writeOut: (text) => line.stdout.write(text),
    // The error itself is printed by main, as text or as JSON.
    writeErr: () => undefined,
    getOutHelpWidth: () => line.stdout.columns ?? 100,
    getOutHasColors: () => false,
  });
  for (const child of command.commands) adopt(child, line);
}

const examples = `Examples:
  $ zeronaut start                                    a console and a gateway on this machine
  $ zeronaut expose localhost:3000 http               publish a web service behind a login
  $ zeronaut expose localhost:22 tcp --allow-ip 192.0.2.0/24
  $ zeronaut forward db.corp:5432 localhost:5432      reach a private service`;

function exitCodes(): string {
  const lines = (Object.keys(EXIT) as (keyof typeof EXIT)[]).map((name) => `  ${EXIT[name]}  ${EXIT_MEANING[name]}`);
  return `Exit codes:\n${lines.join('\n')}`;
}

const environment = `Environment:
  ZERONAUT_HOME                 where state is kept (default ~/.zeronaut)
  ZERONAUT_CONSOLE              console address, together with
  ZERONAUT_TOKEN                an API key, instead of a profile
  ZERONAUT_BASIC_PASSWORD       password for expose --basic USER
  ZERONAUT_IDP_SECRET           client secret or bind password for idp add
  ZERONAUT_EXPORT_SECRET        value of the secret header for audit exports add and change
  ZERONAUT_NOTIFICATION_SECRET  URL of a channel or key of a webhook for notifications add
  ZERONAUT_BACKUP_PASSPHRASE    passphrase of console backup and restore
  ZERONAUT_WORKLOAD_TOKEN       the signed token of a job for workloads token
  NO_COLOR                      no colours
  ZERONAUT_DEBUG                show where a command failed`;
