import { CEDAR_CODES } from './cedar-messages.ts';

/** Why a part is never true, as `whyNeverTrue` says it; after `never_matches.` and `idle.`. */
export const NEVER_CODES = [
  ...['over_midnight', 'over_end', 'range', 'negative', 'word', 'country', 'method', 'administer', 'network'],
  ...['excludes', 'always', 'nothing'],
] as const;

/** Every code that a check can give: other languages have words for each. */
export const PROBLEM_CODES: readonly string[] = [
  ...['too_long', 'too_deep', 'cannot_run', 'slots', 'one_expected', 'permit_of_administer', 'empty_id'],
  ...['over', 'country_code', 'country_unknown', 'part_impossible'],
  ...NEVER_CODES.flatMap((why) => [`never_matches.${why}`, `idle.${why}`]),
  ...CEDAR_CODES,
  // What the console finds in its organization.
  ...['names.nothing', 'names.empty', 'gateway.old', 'gateway.no_countries', 'gateway.old_countries'],
];
