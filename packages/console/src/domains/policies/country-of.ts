import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CountryTable } from '@zeronaut/policy/countries';

const SEED = '@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb';

let table: CountryTable | null = null;

/**
 * In which country an address is, for what is tried out here: by the file that comes with us. A gateway may have a newer one,
 * and it alone decides.
 */
export function countryOf(address: string): string | null {
  table ??= new CountryTable(readFileSync(fileURLToPath(import.meta.resolve(SEED))));
  return table.get(address);
}
