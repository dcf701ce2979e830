import {
  destination,
  headerRulesInput,
  label,
  network,
  port,
  principal,
  proxyProtocol,
  resourceLimits,
  targetAddress,
} from '@zeronaut/model';
import { z } from 'zod';
import type { DiscoverMode } from '../agent/discovery.ts';
import {
  createExposeWish,
  EXPOSE_PROTOCOLS,
  type ExposeWish,
  type ResourceWish,
  type SiteWish,
} from '../agent/wish.ts';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import { readYamlFile } from './yaml-file.ts';

const basic = z
  .strictObject({
    username: z.string().min(1).max(128),
    password: z.string().min(1).max(256).optional(),
    /** Name of an environment variable, so that the file holds no secret. */
    passwordEnvironment: z.string().min(1).max(128).optional(),
  })
  .refine((entry) => (entry.password === undefined) !== (entry.passwordEnvironment === undefined), {
    message: 'password or passwordEnvironment, and not both',
  });

const expose = z.strictObject({
  target: z.union([z.string().min(1).max(300), port]).transform(String),
  protocol: z.enum(EXPOSE_PROTOCOLS),
  name: label.optional(),
  public: z.boolean().default(false),
  policy: z.boolean().default(false),
  allow: z.array(principal).max(200).default([]),
  allowIp: z.array(network).max(200).default([]),
  basic: z.array(basic).max(20).default([]),
  port: port.optional(),
  proxyProtocol: proxyProtocol.default('none'),
  headers: headerRulesInput.prefault({}),
  limits: resourceLimits.prefault({}),
});

const agentSite = z.strictObject({
  name: label,
  destinations: z.array(destination).min(1).max(500),
  /** Who may forward into it. Absent: owners and administrators. */
  allow: z.array(principal).min(1).max(200).optional(),
});

/** A declared resource some of whose targets are behind this agent. Nothing else is dialled for it. */
const agentResource = z.strictObject({
  name: label,
  targets: z.array(targetAddress).min(1).max(200),
  protocol: z.enum(['tcp', 'udp']).default('tcp'),
});

/** `agent.yaml`. Unknown keys are refused: a typing error must not silently open or close something. */
export const agentFile = z
  .strictObject({
    version: z.literal(1).default(1),
    exposes: z.array(expose).max(1000).default([]),
    sites: z.array(agentSite).max(100).default([]),
    resources: z.array(agentResource).max(1000).default([]),
    /** Whether the console is told what listens on this machine; `publish`: and what it publishes of it is served. */
    discover: z.union([z.boolean(), z.enum(['report', 'publish'])]).default(false),
  })
  .refine((file) => file.discover !== false || file.exposes.length + file.sites.length + file.resources.length > 0, {
    message: 'at least one entry under exposes, sites or resources, or discover',
  });
export type AgentFile = z.infer<typeof agentFile>;

export interface AgentWishes {
  readonly exposes: readonly ExposeWish[];
  readonly sites: readonly SiteWish[];
  readonly resources: readonly ResourceWish[];
  /** Null: nobody looks what listens here. */
  readonly discover: DiscoverMode | null;
}

/** Reads and checks the file. Throws a CliError that names every mistake with line and column. */
export function loadAgentWishes(path: string, environment: NodeJS.ProcessEnv = process.env): AgentWishes {
  return createAgentWishes(readYamlFile(path, agentFile), environment);
}

/** What a valid file asks for. Throws a CliError for combinations that cannot be meant. */
export function createAgentWishes(file: AgentFile, environment: NodeJS.ProcessEnv = process.env): AgentWishes {
  const exposes = file.exposes.map((entry, index) => {
    try {
      return createExposeWish(entry.target, entry.protocol, {
        ...entry,
        hostHeader: entry.headers.host ?? undefined,
        requestHeader: entry.headers.request,
        responseHeader: entry.headers.response,
        basic: entry.basic.map(({ username, password, passwordEnvironment }) => ({
          username,
          password: password ?? passwordFrom(passwordEnvironment!, environment),
        })),
      });
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      throw new CliError(`exposes.${index} (${entry.target}): ${error.message}`, {
        reason: 'config.invalid',
        next: error.next,
        exitCode: EXIT.usage,
        cause: error,
      });
    }
  });
  const sites = file.sites.map(({ name, destinations, allow }) => ({
    name,
    destinations,
    ...(allow !== undefined && {
      access: { mode: 'login' as const, allow, addresses: [], basic: [], tokens: null },
    }),
  }));
  const discover = file.discover === true ? 'report' : file.discover === false ? null : file.discover;
  return { exposes, sites, resources: file.resources, discover };
}

function passwordFrom(variable: string, environment: NodeJS.ProcessEnv): string {
  const value = environment[variable] ?? '';
  if (value === '') {
    throw new CliError(`the environment variable ${variable} is not set`, {
      reason: 'config.invalid',
      next: `Set ${variable} to the password.`,
      exitCode: EXIT.usage,
    });
  }
  return value;
}
