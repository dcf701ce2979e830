import type { Command } from 'commander';
import { type CommandLine, type CommonOptions, createCommand, createGroup, outputOf } from './command-line.ts';

interface AgentRunOptions extends CommonOptions {
  readonly config: string;
  readonly check?: boolean;
}

export function agentCommand(line: CommandLine): Command {
  const group = createGroup('agent', 'keep the services and sites of a file alive');
  group.addCommand(
    createCommand('run', {
      summary: 'run the agent from agent.yaml, as a service does',
      description:
        'Publishes the exposes and sites of a file and keeps them alive until it is stopped. SIGHUP reads the file ' +
        'again; a file with mistakes leaves everything as it is.',
      examples: ['agent run --config agent.yaml', 'agent run --config agent.yaml --check', 'agent run --json'],
    })
      .option('--config <path>', 'the file', 'agent.yaml')
      .option('--check', 'only say whether the file is valid')
      .addHelpText('after', `\n${sample}`)
      .action(async (options: AgentRunOptions) => {
        const { loadAgentWishes } = await import('../config/agent-file.ts');
        const output = outputOf(line, options);
        const wishes = loadAgentWishes(options.config, line.environment);
        if (options.check === true) {
          output.line(`${options.config} is valid.`);
          output.document({ valid: true });
          return;
        }
        const { runAgent } = await import('../agent/run-agent.ts');
        await runAgent({
          wishes,
          reload: () => loadAgentWishes(options.config, line.environment),
          output,
          profile: options.profile,
          environment: line.environment,
        });
      }),
  );
  return group;
}

const sample = `agent.yaml:
  version: 1
  exposes:
    - target: localhost:3000
      protocol: http              # http, https, tcp, udp
      name: shop
      allow: [ann@example.com, group:dev]
    - target: localhost:22
      protocol: tcp
      port: 20022
      allowIp: [192.0.2.0/24]
  sites:
    - name: office
      destinations: ["db.corp:5432", "10.1.0.0/16:*"]
      allow: [group:dev]
  resources:                      # declared resources that have targets behind this agent
    - name: wiki
      targets: ["10.1.0.7:80"]
  discover: report                # tell the console what listens on this machine (Linux); off by default.
                                  # publish: and serve what is published of it there`;
