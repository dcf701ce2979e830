import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type AccessAnswer, ASSUMED_ADDRESS } from '@zeronaut/model';
import { CountryTable } from '@zeronaut/policy/countries';

const SEED = '@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb';

let table: CountryTable | null = null;

/**
 * In which country an address is, for what is tried out here: by the file that comes with us. A gateway may have a newer one,
 * and it alone decides.
 */
export function countryOf(address: string): string | null {
  return loaded().get(address);
}

/** The country that an answer took, and from where it is known; `assumed`: what the question said. */
export function countryTaken(assumed: string | undefined, address: string): AccessAnswer['country'] {
  if (assumed !== undefined) return { code: assumed, from: 'question', fileBuiltAt: null };
  return { code: countryOf(address), from: 'console', fileBuiltAt: loaded().builtAt.toISOString() };
}

/** The address that an answer took; `assumed`: what the question said. */
export function addressTaken(assumed: string | undefined): AccessAnswer['address'] {
  return { value: assumed ?? ASSUMED_ADDRESS, from: assumed === undefined ? 'default' : 'question' };
}

function loaded(): CountryTable {
  table ??= new CountryTable(readFileSync(fileURLToPath(import.meta.resolve(SEED))));
  return table;
}
