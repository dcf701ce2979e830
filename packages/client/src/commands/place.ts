import type { Place } from '@zeronaut/model';
import { type Command, Option } from 'commander';
import type { ApiClient } from '../api/client.ts';
import { usageError } from '../cli-error.ts';
import { type CommandLine, type CommonOptions, connect, createCommand, outputOf } from './command-line.ts';

interface Placed {
  readonly id: string;
  readonly name: string;
}

interface PlaceOptions extends CommonOptions {
  readonly at?: { readonly latitude: number; readonly longitude: number };
  readonly nowhere?: boolean;
}

/** Says where something is, for the map of the web console. */
export function placeCommand(
  line: CommandLine,
  of: {
    readonly noun: 'gateway' | 'site' | 'device';
    readonly examples: string[];
    /** Fails where there is none. */
    readonly find: (api: ApiClient, idOrName: string) => Promise<Placed>;
    readonly set: (api: ApiClient, id: string, place: Place | null) => Promise<Placed>;
  },
): Command {
  return createCommand('place', {
    summary: `say where a ${of.noun} is, for the map of the web console`,
    description: 'It is shown and decides nothing. Coordinates are degrees: north and east are positive.',
    examples: of.examples,
  })
    .argument(`<${of.noun}>`, of.noun === 'device' ? 'id of the device' : 'name or id')
    .argument('[place]', 'what people call it')
    .addOption(new Option('--at <latitude,longitude>', 'where it is').argParser(parseCoordinates))
    .addOption(new Option('--nowhere', 'it has no place any more').conflicts('at'))
    .action(async (name: string, where: string | undefined, options: PlaceOptions) => {
      const isGiven = where !== undefined && options.at !== undefined;
      if (isGiven === (options.nowhere === true)) {
        throw usageError('no place', 'Give its name and --at latitude,longitude, or --nowhere.');
      }
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const found = await of.find(api, name);
      const place = isGiven ? { name: where, ...options.at! } : null;
      const placed = await of.set(api, found.id, place);
      output.document(placed);
      output.line(place === null ? `${placed.name} has no place.` : `${placed.name} is in ${place.name}.`);
    });
}

/** `47.37,8.54`; whether it is on earth the API says. */
function parseCoordinates(text: string): { latitude: number; longitude: number } {
  const match = /^\s*([+-]?\d{1,3}(?:\.\d{1,12})?)\s*,\s*([+-]?\d{1,3}(?:\.\d{1,12})?)\s*$/.exec(text);
  if (match === null) throw usageError(`${text} are no coordinates`, 'Write them as 47.37,8.54.');
  return { latitude: Number(match[1]), longitude: Number(match[2]) };
}
