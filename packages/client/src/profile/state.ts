import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { gatewayEndpoint, serviceView, site } from '@zeronaut/model';
import { z } from 'zod';
import type { Connection } from './connection.ts';
import { homeDirectory } from './home.ts';
import { readPrivateFile, writePrivateFile } from './private-file.ts';

/**
 * What an agent remembers, so that it connects and serves while the console is away: where gateways are, and what the
 * console answered when a service or site was published last. One file each, so that processes do not overwrite one another.
 */
const endpoints = z.object({
  gateways: z.array(gatewayEndpoint),
  draining: z.array(gatewayEndpoint).default([]),
  certificateAuthority: z.string(),
});
export type Endpoints = z.infer<typeof endpoints>;

const foundResource = z.object({ id: z.string() });

export class AgentState {
  readonly #directory: string;

  constructor(connection: Connection) {
    this.#directory = join(homeDirectory(), 'agent', digest(`${connection.consoleUrl} ${connection.identity}`));
  }

  loadEndpoints(): Endpoints | null {
    return readPrivateFile(join(this.#directory, 'endpoints.json'), endpoints);
  }

  saveEndpoints(value: Endpoints): void {
    writePrivateFile(join(this.#directory, 'endpoints.json'), value);
  }

  /** `fingerprint` stands for everything that was asked for: another wish is another service, or another access rule. */
  loadService(fingerprint: string): z.infer<typeof serviceView> | null {
    return readPrivateFile(this.#path('service', fingerprint), serviceView);
  }

  saveService(fingerprint: string, view: z.infer<typeof serviceView>): void {
    writePrivateFile(this.#path('service', fingerprint), view);
  }

  loadSite(fingerprint: string): z.infer<typeof site> | null {
    return readPrivateFile(this.#path('site', fingerprint), site);
  }

  saveSite(fingerprint: string, value: z.infer<typeof site>): void {
    writePrivateFile(this.#path('site', fingerprint), value);
  }

  loadResource(fingerprint: string): { id: string } | null {
    return readPrivateFile(this.#path('resource', fingerprint), foundResource);
  }

  saveResource(fingerprint: string, id: string): void {
    writePrivateFile(this.#path('resource', fingerprint), { id });
  }

  #path(kind: string, fingerprint: string): string {
    return join(this.#directory, `${kind}-${fingerprint}.json`);
  }
}

/** A name for a wish. The device's private key goes in, so that passwords in the wish cannot be guessed from the name. */
export function fingerprintOf(wish: unknown, privateKey: string): string {
  return digest(`${privateKey}\n${JSON.stringify(wish)}`);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
