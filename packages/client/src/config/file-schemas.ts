import { resourcesFile } from '@zeronaut/model';
import { z } from 'zod';
import { agentFile } from './agent-file.ts';
import { providerFile } from './provider-file.ts';

/** Files that commands read, by the name that their JSON Schema is published under in docs/. */
const FILES = {
  agent: { title: 'agent.yaml of zeronaut agent run', schema: agentFile },
  resources: { title: 'resources.yaml of zeronaut resources apply', schema: resourcesFile },
  'identity-provider': { title: 'provider.yaml of zeronaut idp add -f', schema: providerFile },
} as const;

/** The published JSON Schemas, as text by file name. Editors complete and check with them. */
export function fileSchemas(): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(FILES).map(([name, { title, schema }]) => {
      const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
      return [`${name}.schema.json`, `${JSON.stringify({ title, ...json }, null, 2)}\n`];
    }),
  );
}
