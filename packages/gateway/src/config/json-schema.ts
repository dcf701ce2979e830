import { gatewayFile } from '@zeronaut/model';
import { z } from 'zod';

/** The published JSON Schema of `gateway.yaml`, as text. Editors complete and check with it. */
export function gatewayFileJsonSchema(): string {
  const schema = z.toJSONSchema(gatewayFile, { io: 'input', unrepresentable: 'any' });
  return `${JSON.stringify({ title: 'gateway.yaml', ...schema }, null, 2)}\n`;
}
