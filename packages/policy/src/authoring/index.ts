/** Writing policies: text, checks, templates. Needs the Cedar library (WebAssembly), which gateways never load. */
export type { NamedEntity } from '../cedar/entities-named.ts';
export * from './check-policy.ts';
export * from './instantiate-template.ts';
export * from './names.ts';
export * from './policy-form.ts';
export { PROBLEM_CODES } from './problem-codes.ts';
export * from './templates.ts';
