/** Policies as forms: pure, safe in a browser. From text to form needs Cedar's parser: see `authoring`. */
export * from './canonical-form.ts';
export * from './form-of-json.ts';
export * from './text-of-form.ts';
