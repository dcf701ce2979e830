/** Access decisions: pure, deny by default, safe in a browser. */

export * from './administration.ts';
export * from './alternatives.ts';
export { UnsupportedPolicyError } from './cedar/expression.ts';
export { compileMayHold, type MayHold } from './cedar/may-hold.ts';
export * from './cedar/values.ts';
export * from './circumstances.ts';
export * from './console-permissions.ts';
export * from './decide-access.ts';
export * from './destination.ts';
export * from './entities.ts';
export * from './evaluate-access.ts';
export * from './explain-access.ts';
export * from './policy-schema.ts';
export * from './policy-set.ts';
export * from './principal.ts';
