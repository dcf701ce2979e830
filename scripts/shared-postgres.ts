// node:test runs this once before all files (`--test-global-setup`): one PostgreSQL for all of them.
import { postgresCluster, postgresMissing, SHARED_CLUSTER_VARIABLE } from '@zeronaut/testkit';

export async function globalSetup(): Promise<void> {
  if (postgresMissing() === null) process.env[SHARED_CLUSTER_VARIABLE] = (await postgresCluster()).url;
}
