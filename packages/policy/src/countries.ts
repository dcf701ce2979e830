import { networkContains, parseNetwork } from '@zeronaut/model';
import { Reader, type Response } from 'mmdb-lib';

/**
 * Countries of addresses, from a file in the MaxMind DB format (https://maxmind.github.io/MaxMind-DB/) that an operator brings,
 * or the dated one that comes with us. Only reads what it is given; who opens files is elsewhere.
 */
export class CountryTable {
  /** When the file was made. */
  readonly builtAt: Date;
  readonly #reader: Reader<Response>;
  readonly #ipVersion: number;
  readonly #known = new Map<string, string | null>();

  /** Throws when it is no such file, or one of something else than countries. */
  constructor(bytes: Buffer) {
    const reader = new Reader<Response>(bytes);
    const { binaryFormatMajorVersion, databaseType, searchTreeSize, buildEpoch, ipVersion } = reader.metadata;
    if (binaryFormatMajorVersion !== 2) throw new Error(`format ${binaryFormatMajorVersion} is not known`);
    if (!/country|city/i.test(databaseType)) throw new Error(`it is about ${databaseType}, not countries`);
    if (searchTreeSize > bytes.length) throw new Error('it is cut off');
    this.#reader = reader;
    this.#ipVersion = ipVersion;
    this.builtAt = buildEpoch;
    // What is broken deep within is better found now than under a visitor.
    for (const address of PROBES) countryIn(reader.get(address));
  }

  /** ISO 3166-1, two capital letters. Null: unknown, private, or not an address. */
  get(address: string): string | null {
    const known = this.#known.get(address);
    if (known !== undefined) return known;
    const country = this.#read(address);
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(address, country);
    return country;
  }

  #read(address: string): string | null {
    if (PRIVATE.some((network) => networkContains(network, address))) return null;
    // The reader would take the first bits of a long address for a short one.
    if (this.#ipVersion === 4 && address.includes(':')) return null;
    try {
      return countryIn(this.#reader.get(address));
    } catch {
      // A damaged file, or no address: nothing is known of it.
      return null;
    }
  }
}

/** Remembered addresses; beyond it all are forgotten, which costs a few microseconds each. */
const MAX_KNOWN = 10_000;

const PROBES = ['8.8.8.8', '1.1.1.1', '193.0.0.1', '203.0.112.1', '41.0.0.1', '200.0.0.1'];

/** Nobody can tell from where these come, whatever a file says. */
const PRIVATE = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '100.64.0.0/10',
  '::1/128',
  'fc00::/7',
  'fe80::/10',
].map((network) => parseNetwork(network)!);

/** The three shapes that such files have. */
function countryIn(record: unknown): string | null {
  const { country_code: flat, country } = (record ?? {}) as {
    country_code?: unknown;
    country?: { iso_code?: unknown } | string;
  };
  const code = flat ?? (typeof country === 'object' ? country?.iso_code : country);
  return typeof code === 'string' && /^[A-Z]{2}$/.test(code) ? code : null;
}
