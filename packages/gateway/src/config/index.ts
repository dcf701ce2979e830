/** Reading `gateway.yaml` without starting a gateway. */
export { gatewayFileJsonSchema } from './json-schema.ts';
export {
  type Configuration,
  completeConfiguration,
  type Loaded,
  loadConfiguration,
  parseConfiguration,
} from './load.ts';
export { type ConfigProblem, formatProblem } from './problem.ts';
